/** `trine token …` and `trine key …`: who may join and who may submit. For the operator. */
import type { KeyView, TokenView, Trine } from '@trine/sdk';
import { ago, type Output } from '../output.ts';

export async function createTokenCommand(
  trine: Trine,
  output: Output,
  options: {
    readonly owner: string;
    readonly expiresInMs: number | undefined;
    readonly label: string | undefined;
  },
): Promise<void> {
  const made = await trine.tokens.create({
    ownerName: options.owner,
    ...(options.expiresInMs === undefined ? {} : { expiresInMs: options.expiresInMs }),
    ...(options.label === undefined ? {} : { label: options.label }),
  });
  if (output.json) return output.value({ token: made.token, ...made.view });
  output.line(`Join token for ${made.view.ownerName}, shown this once:`);
  output.line();
  output.line(`  ${output.paint('bold', made.token)}`);
  output.line();
  output.line(`On another machine:  trine join ${trine.url} --token ${made.token}`);
  output.line(`In a browser:        ${trine.url}/#join=${made.token}`);
  output.line(`It ${expiryOf(made.view)}. Revoke it with \`trine token revoke ${made.view.id}\`.`);
}

const expiryOf = ({ expiresAtMs }: TokenView): string =>
  expiresAtMs === undefined ? 'does not expire' : `expires ${new Date(expiresAtMs).toISOString()}`;

export async function listTokensCommand(trine: Trine, output: Output): Promise<void> {
  const tokens = await trine.tokens.list();
  if (output.json) return output.value(tokens);
  if (tokens.length === 0)
    return output.line('No join tokens. Make one: `trine token create --owner <name>`.');
  output.table(
    tokens.map((token) => [
      token.id,
      token.ownerName,
      token.revokedAtMs === undefined ? expiryOf(token) : 'revoked',
      `${token.uses} uses`,
      ago(token.createdAtMs, Date.now()),
    ]),
    ['token', 'owner', 'life', 'used', 'made'],
  );
}

export async function revokeTokenCommand(trine: Trine, output: Output, token: string): Promise<void> {
  said(output, await trine.tokens.revoke(token), token);
}

export async function createKeyCommand(
  trine: Trine,
  output: Output,
  options: { readonly name: string; readonly role: KeyView['role'] },
): Promise<void> {
  const made = await trine.keys.create(options);
  if (output.json) return output.value({ key: made.key, ...made.view });
  output.line(`API key for ${made.view.name} (${made.view.role}), shown this once:`);
  output.line();
  output.line(`  ${output.paint('bold', made.key)}`);
  output.line();
  output.line(`Use it:  TRINE_URL=${trine.url} TRINE_KEY=<key> trine submit <module> --input <file>`);
}

export async function listKeysCommand(trine: Trine, output: Output): Promise<void> {
  const keys = await trine.keys.list();
  if (output.json) return output.value(keys);
  output.table(
    keys.map((key) => [
      key.id,
      key.name,
      key.role,
      key.revokedAtMs === undefined ? 'live' : 'revoked',
      key.lastUsedAtMs === undefined ? 'never used' : `used ${ago(key.lastUsedAtMs, Date.now())}`,
    ]),
    ['key', 'name', 'role', 'state', 'use'],
  );
}

export async function revokeKeyCommand(trine: Trine, output: Output, key: string): Promise<void> {
  said(output, await trine.keys.revoke(key), key);
}

function said(output: Output, revoked: boolean, id: string): void {
  if (output.json) return output.value({ id, revoked });
  output.line(revoked ? `${id} is revoked.` : `There was no live ${id} to revoke.`);
}
