/** Whatever a request can fail with becomes a `TrineError` with a code of the one table. */
import { ERRORS, isErrorCode, TrineError } from '@trine/protocol';
import { TRPCClientError } from '@trpc/client';

/** Anything without a code came from below HTTP: the coordinator was not reached. */
export function toTrineError(cause: unknown, url: string): TrineError {
  if (cause instanceof TrineError) return cause;
  const code = codeOf(cause);
  if (code !== undefined && cause instanceof Error) return new TrineError(code, cause.message, { cause });
  return new TrineError(
    'coordinator-unreachable',
    `No coordinator answered at ${url}. Check the address, and that it runs.`,
    { cause },
  );
}

/** True when the same request may succeed later. */
export const isRetryable = (error: TrineError): boolean => ERRORS[error.code].retry;

function codeOf(cause: unknown): TrineError['code'] | undefined {
  if (!(cause instanceof TRPCClientError)) return undefined;
  const data: unknown = cause.data;
  if (typeof data !== 'object' || data === null) return undefined;
  const code = 'trineCode' in data ? data.trineCode : undefined;
  return typeof code === 'string' && isErrorCode(code) ? code : 'internal';
}

/** The error of a plain HTTP answer, e.g. of an artifact: its JSON body carries code and message where it has one. */
export async function errorOfResponse(response: Response, what: string): Promise<TrineError> {
  const body: unknown = await response.json().catch(() => undefined);
  const { code, message } = fieldsOf(body);
  const fallback = CODES[response.status] ?? (response.status >= 500 ? 'internal' : 'bad-request');
  return new TrineError(
    code !== undefined && isErrorCode(code) ? code : fallback,
    message ?? `${what}: the coordinator answered ${response.status}.`,
  );
}

const CODES: Readonly<Record<number, TrineError['code']>> = {
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not-found',
  413: 'artifact-too-large',
  422: 'digest-mismatch',
  429: 'rate-limited',
  503: 'store-unavailable',
  507: 'disk-full',
};

function fieldsOf(body: unknown): { readonly code?: string; readonly message?: string } {
  if (typeof body !== 'object' || body === null) return {};
  const source: unknown = 'error' in body && typeof body.error === 'object' ? body.error : body;
  if (typeof source !== 'object' || source === null) return {};
  return {
    ...('code' in source && typeof source.code === 'string' ? { code: source.code } : {}),
    ...('message' in source && typeof source.message === 'string' ? { message: source.message } : {}),
  };
}
