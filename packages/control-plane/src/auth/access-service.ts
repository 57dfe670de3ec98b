/** Making, listing and revoking keys, join tokens and sign-in links. Secrets leave here once and are kept as hashes. */
import { type KeyId, TrineError } from '@trine/protocol';
import { CONTROL_PLANE_LIMITS } from '../limits.ts';
import type { AccessService } from '../services.ts';
import type { ApiKeyRow, JoinTokenRow, RegistryStore } from '../store/store.ts';
import type { KeyView, TokenView } from '../views.ts';
import {
  hashOfSecret,
  JOIN_PREFIX,
  KEY_PREFIX,
  newApiKey,
  newJoinToken,
  newKeyId,
  newOwnerId,
  newSignInSecret,
  newTokenId,
  sha256,
} from './secrets.ts';

export interface AccessOptions {
  readonly registry: RegistryStore;
  readonly nowMs: () => number;
  /** Called after a token is revoked, so that its nodes leave at once. */
  readonly onTokenRevoked: (token: string) => void;
}

export function createAccessService(options: AccessOptions): AccessService {
  const { registry, nowMs } = options;
  return {
    createKey: ({ name, role }) => createKey(registry, { name, role, atMs: nowMs() }),
    listKeys: async () => (await registry.listKeys()).map(keyView),
    revokeKey: (key) => revokeKey(registry, key, nowMs()),
    createToken: (request) => createToken(options, request),
    listTokens: async () => (await registry.listTokens()).map(tokenView),
    revokeToken: async (token) => {
      const revoked = await registry.revokeToken(token, nowMs());
      if (revoked) options.onTokenRevoked(token);
      return revoked;
    },
    createLink: async (key) => {
      const secret = newSignInSecret();
      const expiresAtMs = nowMs() + CONTROL_PLANE_LIMITS.linkMs.value;
      await registry.createSignIn({ hash: sha256(secret), kind: 'link', key, expiresAtMs });
      return { path: `/auth/link/${secret}`, expiresAtMs };
    },
  };
}

async function createKey(
  registry: RegistryStore,
  request: { readonly name: string; readonly role: ApiKeyRow['role']; readonly atMs: number },
): Promise<{ readonly key: string; readonly view: KeyView }> {
  const secret = newApiKey();
  const hash = hashOfSecret(secret, KEY_PREFIX);
  if (hash === undefined) throw new Error('A new key has the form of a key.');
  const { name, role, atMs } = request;
  const key = newKeyId();
  await registry.createKey({ key, name, role, hash, atMs });
  return {
    key: secret,
    view: { id: key, name, role, createdAtMs: atMs, revokedAtMs: undefined, lastUsedAtMs: undefined },
  };
}

/** The last operator key stays: without one nobody could make another. */
async function revokeKey(registry: RegistryStore, key: KeyId, atMs: number): Promise<boolean> {
  const rows = await registry.listKeys();
  const others = rows.filter(
    (row) => row.key !== key && row.role === 'operator' && row.revokedAtMs === undefined,
  );
  if (rows.some((row) => row.key === key && row.role === 'operator') && others.length === 0) {
    throw new TrineError('wrong-state', 'This is the last operator key. Make another before revoking it.');
  }
  return registry.revokeKey(key, atMs);
}

async function createToken(
  { registry, nowMs }: AccessOptions,
  request: Parameters<AccessService['createToken']>[0],
): Promise<{ readonly token: string; readonly view: TokenView }> {
  const secret = newJoinToken();
  const hash = hashOfSecret(secret, JOIN_PREFIX);
  if (hash === undefined) throw new Error('A new token has the form of a token.');
  const atMs = nowMs();
  const { ownerName, label, expiresInMs } = request;
  const row = {
    token: newTokenId(),
    owner: await registry.ownerByName(ownerName, newOwnerId),
    ownerName,
    expiresAtMs: expiresInMs === undefined ? undefined : atMs + expiresInMs,
  };
  await registry.createToken({ ...row, hash, atMs, label });
  return { token: secret, view: tokenView({ ...row, createdAtMs: atMs, revokedAtMs: undefined, uses: 0 }) };
}

const keyView = (row: ApiKeyRow): KeyView => ({
  id: row.key,
  name: row.name,
  role: row.role,
  createdAtMs: row.createdAtMs,
  revokedAtMs: row.revokedAtMs,
  lastUsedAtMs: row.lastUsedAtMs,
});

const tokenView = (row: JoinTokenRow): TokenView => ({
  id: row.token,
  ownerName: row.ownerName,
  createdAtMs: row.createdAtMs,
  expiresAtMs: row.expiresAtMs,
  revokedAtMs: row.revokedAtMs,
  uses: row.uses,
});
