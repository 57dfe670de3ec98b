/** Who a node belongs to: decided from its token and what was known of it, the same for every store. */
import { ownOwner, type OwnerId, type QuorumGroup } from '@trine/protocol';
import type { NodeHello } from './store.ts';

/** What the store knows of the token that counts for this hello. */
export interface KnownToken {
  readonly token: string;
  readonly owner: OwnerId;
  readonly ownerName: string;
  readonly label: string;
  readonly expiresAtMs: number | undefined;
  readonly revokedAtMs: number | undefined;
}

export type Ownership =
  | {
      readonly type: 'owned';
      readonly owner: OwnerId;
      readonly ownerName: string;
      readonly token: string | undefined;
      readonly group: QuorumGroup;
      readonly label: string;
      /** The token is used by this node for the first time. */
      readonly isNewUse: boolean;
    }
  | { readonly type: 'token-refused'; readonly message: string };

/**
 * A shown token decides; without one a node keeps the token it joined with; without either it is its own
 * owner, and shares its network prefix's group. An expired token lets nobody new in, but keeps who is in.
 */
export function ownershipOf(
  hello: NodeHello,
  token: KnownToken | undefined,
  joinedWith: string | undefined,
): Ownership {
  if (token === undefined) {
    return hello.tokenHash === undefined
      ? alone(hello)
      : refused('This coordinator does not know the join token. Ask its operator for a new one.');
  }
  if (token.revokedAtMs !== undefined) {
    return refused('The join token of this device was revoked. Ask the operator for a new one.');
  }
  const isNewUse = token.token !== joinedWith;
  if (isNewUse && token.expiresAtMs !== undefined && token.expiresAtMs <= hello.atMs) {
    return refused('The join token has expired. Ask the operator for a new one.');
  }
  return {
    type: 'owned',
    owner: token.owner,
    ownerName: token.ownerName,
    token: token.token,
    group: `owner:${token.owner}` as QuorumGroup,
    label: token.label,
    isNewUse,
  };
}

const alone = (hello: NodeHello): Ownership => ({
  type: 'owned',
  owner: ownOwner(hello.node),
  ownerName: '',
  token: undefined,
  group: `net:${hello.networkPrefix}` as QuorumGroup,
  label: '',
  isNewUse: false,
});

const refused = (message: string): Ownership => ({ type: 'token-refused', message });
