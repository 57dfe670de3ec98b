/** tRPC's base: errors through the one table, and procedures by who may call them. */
import { ERRORS, type ErrorCode, LIMITS, TrineError } from '@trine/protocol';
import { initTRPC, TRPCError } from '@trpc/server';
import { CONTROL_PLANE_LIMITS } from './limits.ts';
import type { RequestContext } from './services.ts';

/** Codes of errors that tRPC itself raises before any of ours can. */
const OWN_CODES: Partial<Record<TRPCError['code'], ErrorCode>> = {
  BAD_REQUEST: 'bad-request',
  PARSE_ERROR: 'bad-request',
  METHOD_NOT_SUPPORTED: 'bad-request',
  UNSUPPORTED_MEDIA_TYPE: 'bad-request',
  NOT_FOUND: 'not-found',
  PAYLOAD_TOO_LARGE: 'limit-exceeded',
  UNAUTHORIZED: 'unauthorized',
  FORBIDDEN: 'forbidden',
};

/** The code a program acts on, whatever was thrown. */
export const trineCodeOf = (error: TRPCError): ErrorCode =>
  error.cause instanceof TrineError ? error.cause.code : (OWN_CODES[error.code] ?? 'internal');

/** A `TrineError` as tRPC wants it; anything else is a fault of ours whose words stay in the log. */
export function toTrpcError(cause: unknown): TRPCError {
  if (cause instanceof TRPCError && !(cause.cause instanceof TrineError)) return cause;
  const error = cause instanceof TRPCError ? cause.cause : cause;
  if (error instanceof TrineError) {
    return new TRPCError({ code: ERRORS[error.code].trpc, message: error.message, cause: error });
  }
  return new TRPCError({
    code: 'INTERNAL_SERVER_ERROR',
    message: 'The coordinator failed to answer; its log says why. Try again.',
    cause: error,
  });
}

const trpc = initTRPC.context<RequestContext>().create({
  isDev: false,
  errorFormatter: ({ shape, error }) => ({
    ...shape,
    message: sentenceOf(error, shape.message),
    data: { ...shape.data, trineCode: trineCodeOf(error) },
  }),
  sse: {
    // Proxies and phones drop streams that say nothing; a ping keeps them and tells both ends of a loss.
    ping: { enabled: true, intervalMs: 5_000 },
    client: { reconnectAfterInactivityMs: 20_000 },
  },
});

const TOO_LARGE =
  `The request is too large: ${LIMITS.submitBytes.value} bytes with an API key, ` +
  `${CONTROL_PLANE_LIMITS.anonymousBodyBytes.value} without. Upload inputs as artifacts, or submit a range.`;

/** tRPC's own words for it name neither the limit nor the way out. */
const TRPC_BATCH_REFUSAL = 'Batch call exceeds maximum size';
const TOO_MANY_CALLS =
  `Too many calls in one request: ${CONTROL_PLANE_LIMITS.batchCalls.value} with an API key, ` +
  `${CONTROL_PLANE_LIMITS.anonymousBatchCalls.value} without. Send them in several requests.`;

/** Validation faults arrive as a JSON list of issues: the first one, as a sentence. */
function sentenceOf(error: TRPCError, message: string): string {
  const issue = firstIssue(error.cause);
  if (issue !== undefined) return `${issue.path.join('.') || 'input'}: ${issue.message}`.slice(0, 500);
  if (error.code === 'PAYLOAD_TOO_LARGE' && error.cause === undefined) return TOO_LARGE;
  if (error.code === 'BAD_REQUEST' && message === TRPC_BATCH_REFUSAL) return TOO_MANY_CALLS;
  if (error.code !== 'INTERNAL_SERVER_ERROR' || error.cause instanceof TrineError) return message;
  return 'The coordinator failed to answer; its log says why. Try again.';
}

function firstIssue(
  cause: unknown,
): { readonly path: readonly PropertyKey[]; readonly message: string } | undefined {
  if (!(cause instanceof Error) || !('issues' in cause) || !Array.isArray(cause.issues)) return undefined;
  return cause.issues[0] as { readonly path: readonly PropertyKey[]; readonly message: string } | undefined;
}

const mapErrors = trpc.middleware(async ({ next }) => {
  const result = await next();
  if (!result.ok && result.error.cause instanceof TrineError) throw toTrpcError(result.error);
  return result;
});

export const { router, createCallerFactory } = trpc;

/** Anyone may call it. */
export const openProcedure = trpc.procedure.use(mapErrors);

/** An API key or a sign-in is needed. */
export const keyProcedure = openProcedure.use(({ ctx, next }) => {
  if (ctx.caller.type !== 'key') {
    throw toTrpcError(
      new TrineError(
        'unauthorized',
        'This needs an API key: send it as `Authorization: Bearer <key>`, or sign in.',
      ),
    );
  }
  return next({ ctx: { ...ctx, caller: ctx.caller } });
});

/** The operator's key is needed. */
export const operatorProcedure = keyProcedure.use(({ ctx, next }) => {
  if (ctx.caller.role !== 'operator') {
    throw toTrpcError(
      new TrineError(
        'forbidden',
        `The key “${ctx.caller.name}” is a submitter’s; this needs the operator’s.`,
      ),
    );
  }
  return next({ ctx });
});

/** Errors inside a stream take the same table as errors before it. */
export async function* withMappedErrors<T>(source: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  try {
    yield* source;
  } catch (cause) {
    throw toTrpcError(cause);
  }
}
