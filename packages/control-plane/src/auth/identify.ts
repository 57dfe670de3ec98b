/** From a request's headers to who is asking. */
import type { IncomingMessage } from 'node:http';
import { TrineError } from '@trine/protocol';
import { ANONYMOUS, type Caller } from '../caller.ts';
import type { ApiKeyRow, RegistryStore } from '../store/store.ts';
import { hashOfSecret, KEY_PREFIX } from './secrets.ts';

export const COOKIE_NAME = 'trine_sign_in';

export const bearerOf = (request: IncomingMessage): string | undefined => {
  const [scheme, value] = (request.headers.authorization ?? '').split(' ', 2);
  return scheme?.toLowerCase() === 'bearer' && value !== undefined && value !== '' ? value : undefined;
};

export function cookieOf(request: IncomingMessage): string | undefined {
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const [name, value] = part.trim().split('=', 2);
    if (name === COOKIE_NAME && value !== undefined) return value;
  }
  return undefined;
}

/**
 * The caller of a request. A bearer that is wrong or revoked is refused rather than taken for a stranger, so
 * that a program learns of it; a stale cookie simply counts for nothing.
 */
export async function identify(
  request: IncomingMessage,
  registry: RegistryStore,
  nowMs: number,
): Promise<Caller> {
  const bearer = bearerOf(request);
  if (bearer !== undefined) return callerOfKey(await keyOfBearer(bearer, registry, nowMs));
  const cookie = cookieOf(request);
  const hash = cookie === undefined ? undefined : hashOfSecret(cookie, '');
  if (hash === undefined) return ANONYMOUS;
  const signIn = await registry.findSignIn(hash, 'cookie', nowMs);
  if (signIn === undefined) return ANONYMOUS;
  const key = (await registry.listKeys()).find((row) => row.key === signIn.key);
  return key === undefined || key.revokedAtMs !== undefined ? ANONYMOUS : callerOfKey(key);
}

async function keyOfBearer(bearer: string, registry: RegistryStore, nowMs: number): Promise<ApiKeyRow> {
  const hash = hashOfSecret(bearer, KEY_PREFIX);
  const row = hash === undefined ? undefined : await registry.findKey(hash, nowMs);
  if (row === undefined || row.revokedAtMs !== undefined) {
    throw new TrineError('unauthorized', 'This API key is unknown or revoked. Ask the operator for another.');
  }
  return row;
}

export const callerOfKey = (row: ApiKeyRow): Caller => ({
  type: 'key',
  key: row.key,
  name: row.name,
  role: row.role,
});
