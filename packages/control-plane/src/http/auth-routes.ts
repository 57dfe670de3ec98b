/** Signing in and out with a cookie: by key, or by a link that works once. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Digest, type KeyId, TrineError } from '@trine/protocol';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { isSecure, networkPrefix, remoteAddress } from '../auth/addresses.ts';
import { callerOfKey, COOKIE_NAME, cookieOf } from '../auth/identify.ts';
import { hashOfSecret, KEY_PREFIX, newSignInSecret, sha256 } from '../auth/secrets.ts';
import { whoAmI } from '../caller.ts';
import { CONTROL_PLANE_LIMITS } from '../limits.ts';
import type { RegistryStore } from '../store/store.ts';
import { assertMethod, readBody, sendJson } from './respond.ts';

export interface AuthRoutesOptions {
  readonly registry: RegistryStore;
  readonly trustProxy: boolean;
  readonly nowMs: () => number;
}

export type AuthRoutes = (req: IncomingMessage, res: ServerResponse, path: string) => Promise<void>;

/** A key and its field name in JSON or a form. */
const SIGN_IN_BYTES = 4_096;
const LINK_PATH = '/auth/link/';

export function createAuthRoutes(options: AuthRoutesOptions): AuthRoutes {
  const limiter = new RateLimiterMemory({
    points: CONTROL_PLANE_LIMITS.signInAttempts.value,
    duration: CONTROL_PLANE_LIMITS.signInWindowMs.value / 1_000,
  });
  return async (req, res, path) => {
    res.setHeader('cache-control', 'no-store');
    if (path === '/auth/sign-in') return signIn(options, limiter, req, res);
    if (path === '/auth/sign-out') return signOut(options, req, res);
    if (path.startsWith(LINK_PATH)) {
      assertMethod(req, 'GET');
      await countAttempt(options, limiter, req);
      await followLink(options, req, res, path.slice(LINK_PATH.length));
      return forgiveAttempt(options, limiter, req);
    }
    throw new TrineError('not-found', 'Nothing is here. Sign in at /sign-in.');
  };
}

async function signIn(
  options: AuthRoutesOptions,
  limiter: RateLimiterMemory,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  assertMethod(req, 'POST');
  await countAttempt(options, limiter, req);
  const hash = hashOfSecret(keyIn(await readBody(req, SIGN_IN_BYTES)), KEY_PREFIX);
  const key = hash === undefined ? undefined : await options.registry.findKey(hash, options.nowMs());
  if (key === undefined || key.revokedAtMs !== undefined) {
    throw new TrineError('unauthorized', 'This key is unknown or revoked.');
  }
  await setCookie(options, { req, res }, key.key);
  await forgiveAttempt(options, limiter, req);
  sendJson(res, 200, whoAmI(callerOfKey(key)));
}

async function countAttempt(
  { trustProxy }: AuthRoutesOptions,
  limiter: RateLimiterMemory,
  req: IncomingMessage,
): Promise<void> {
  try {
    await limiter.consume(networkPrefix(remoteAddress(req, trustProxy)));
  } catch (cause) {
    if (!(cause instanceof RateLimiterRes)) throw cause;
    const seconds = Math.ceil(cause.msBeforeNext / 1_000);
    throw new TrineError('rate-limited', `Too many attempts from this network. Try again in ${seconds} s.`, {
      cause,
    });
  }
}

/** Who had a right to come in was not guessing. */
async function forgiveAttempt(
  { trustProxy }: AuthRoutesOptions,
  limiter: RateLimiterMemory,
  req: IncomingMessage,
): Promise<void> {
  await limiter.reward(networkPrefix(remoteAddress(req, trustProxy)));
}

/** The key out of `{"key":"…"}` or a form's `key=…`. */
function keyIn(body: Buffer): string {
  const text = body.toString('utf8');
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null && 'key' in parsed) return String(parsed.key).trim();
  } catch {
    return (new URLSearchParams(text).get('key') ?? '').trim();
  }
  throw new TrineError('bad-request', 'Send the key as JSON: {"key": "trine_key_…"}');
}

interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
}

async function setCookie(options: AuthRoutesOptions, { req, res }: Exchange, key: KeyId): Promise<void> {
  const secret = newSignInSecret();
  const lifeMs = CONTROL_PLANE_LIMITS.cookieMs.value;
  const expiresAtMs = options.nowMs() + lifeMs;
  await options.registry.createSignIn({ hash: sha256(secret), kind: 'cookie', key, expiresAtMs });
  res.setHeader('set-cookie', cookie(secret, lifeMs / 1_000, isSecure(req, options.trustProxy)));
}

const cookie = (value: string, seconds: number, secure: boolean): string =>
  `${COOKIE_NAME}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`;

async function followLink(
  options: AuthRoutesOptions,
  req: IncomingMessage,
  res: ServerResponse,
  secret: string,
): Promise<void> {
  const hash = hashOfSecret(secret, '');
  const signIn =
    hash === undefined ? undefined : await options.registry.takeSignIn(hash, 'link', options.nowMs());
  if (signIn === undefined) {
    throw new TrineError(
      'unauthorized',
      'This sign-in link was used already or is too old. Make a new one, or sign in with the key.',
    );
  }
  await setCookie(options, { req, res }, signIn.key);
  res.statusCode = 303;
  res.setHeader('location', '/dashboard');
  res.end();
}

async function signOut(options: AuthRoutesOptions, req: IncomingMessage, res: ServerResponse): Promise<void> {
  assertMethod(req, 'POST');
  const hash: Digest | undefined = hashOfSecret(cookieOf(req) ?? '', '');
  if (hash !== undefined) await options.registry.deleteSignIn(hash);
  res.setHeader('set-cookie', cookie('', 0, isSecure(req, options.trustProxy)));
  sendJson(res, 200, { signedOut: true });
}
