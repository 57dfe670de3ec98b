/**
 * The one table of error codes. Everything else is derived from it: HTTP status, tRPC code, exit code
 * of the command line, and whether trying again can help. A message to a person names the thing, the
 * limit and the next step; the code is for programs.
 */
export interface ErrorRow {
  readonly http: number;
  /** tRPC's name for the same. */
  readonly trpc:
    | 'BAD_REQUEST'
    | 'UNAUTHORIZED'
    | 'FORBIDDEN'
    | 'NOT_FOUND'
    | 'CONFLICT'
    | 'PAYLOAD_TOO_LARGE'
    | 'PRECONDITION_FAILED'
    | 'TOO_MANY_REQUESTS'
    | 'SERVICE_UNAVAILABLE'
    | 'UNPROCESSABLE_CONTENT'
    | 'INTERNAL_SERVER_ERROR';
  /** Exit code of the `trine` command. */
  readonly exit: number;
  readonly retry: boolean;
}

const row = (http: number, trpc: ErrorRow['trpc'], exit: number, retry = false): ErrorRow => ({
  http,
  trpc,
  exit,
  retry,
});

export const ERRORS = {
  // What was asked is wrong.
  'bad-request': row(400, 'BAD_REQUEST', 2),
  'no-inputs': row(400, 'BAD_REQUEST', 2),
  'limit-exceeded': row(400, 'BAD_REQUEST', 2),
  'module-refused': row(422, 'UNPROCESSABLE_CONTENT', 3),
  'module-too-large': row(413, 'PAYLOAD_TOO_LARGE', 3),
  'artifact-too-large': row(413, 'PAYLOAD_TOO_LARGE', 3),
  'input-too-large': row(413, 'PAYLOAD_TOO_LARGE', 3),
  'digest-mismatch': row(422, 'UNPROCESSABLE_CONTENT', 3),
  'idempotency-conflict': row(409, 'CONFLICT', 2),
  'wrong-state': row(409, 'CONFLICT', 2),
  // Who asked may not.
  unauthorized: row(401, 'UNAUTHORIZED', 4),
  forbidden: row(403, 'FORBIDDEN', 4),
  'origin-refused': row(403, 'FORBIDDEN', 4),
  'not-found': row(404, 'NOT_FOUND', 5),
  // The node socket.
  'malformed-frame': row(400, 'BAD_REQUEST', 6),
  'frame-too-large': row(413, 'PAYLOAD_TOO_LARGE', 6),
  'frame-out-of-order': row(400, 'BAD_REQUEST', 6),
  'handshake-failed': row(401, 'UNAUTHORIZED', 6),
  'handshake-timeout': row(401, 'UNAUTHORIZED', 6, true),
  'version-unsupported': row(400, 'BAD_REQUEST', 6),
  'token-refused': row(403, 'FORBIDDEN', 4),
  'session-unknown': row(404, 'NOT_FOUND', 6, true),
  displaced: row(409, 'CONFLICT', 7),
  'not-your-lease': row(403, 'FORBIDDEN', 6),
  'bad-signature': row(401, 'UNAUTHORIZED', 6),
  'peer-too-slow': row(503, 'SERVICE_UNAVAILABLE', 6, true),
  'rate-limited': row(429, 'TOO_MANY_REQUESTS', 6, true),
  // The environment.
  'shutting-down': row(503, 'SERVICE_UNAVAILABLE', 8, true),
  'store-unavailable': row(503, 'SERVICE_UNAVAILABLE', 8, true),
  'disk-full': row(503, 'SERVICE_UNAVAILABLE', 8, true),
  'coordinator-unreachable': row(503, 'SERVICE_UNAVAILABLE', 8, true),
  'port-in-use': row(503, 'SERVICE_UNAVAILABLE', 9),
  'permission-missing': row(503, 'SERVICE_UNAVAILABLE', 9),
  'postgres-failed': row(503, 'SERVICE_UNAVAILABLE', 9),
  internal: row(500, 'INTERNAL_SERVER_ERROR', 1, true),
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;

export const isErrorCode = (text: string): text is ErrorCode => Object.hasOwn(ERRORS, text);

/** A broken contract or environment. Expected outcomes are values in return types, never this. */
export class TrineError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'TrineError';
    this.code = code;
  }
}

/** Says that a branch cannot be reached; the compiler agrees or the program stops. */
export function assertNever(value: never): never {
  throw new Error(`A value that no branch handles: ${JSON.stringify(value)}`);
}

/** A bug if it fails: says in a sentence what should have held. */
export function assert(condition: boolean, sentence: string): asserts condition {
  if (!condition) throw new Error(`Assertion failed: ${sentence}`);
}
