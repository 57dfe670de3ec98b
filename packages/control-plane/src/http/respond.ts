/** Answers of our own: JSON or a sentence, always with headers that give a browser nothing to misread. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ERRORS, TrineError } from '@trine/protocol';

/** Nothing we serve is a document; should a browser take it for one, it may do nothing. */
const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy':
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
} as const;

/** How long a refused upload may go on being sent, so that its sender can read the refusal. */
const LINGER_MS = 1_000;

export function secure(res: ServerResponse): void {
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) res.setHeader(name, value);
}

export function sendJson(res: ServerResponse, status: number, body: unknown): void {
  res.statusCode = status;
  res.setHeader('content-type', 'application/json; charset=utf-8');
  res.setHeader('cache-control', 'no-store');
  res.end(`${JSON.stringify(body)}\n`);
}

/** What was thrown, as `{ error: { code, message } }`. Only `TrineError` speaks for itself. */
export function sendError(req: IncomingMessage, res: ServerResponse, cause: unknown): void {
  const error =
    cause instanceof TrineError
      ? cause
      : new TrineError('internal', 'The coordinator failed to answer; its log says why. Try again.', {
          cause,
        });
  if (res.headersSent) return void res.destroy();
  if (error.code === 'unauthorized') res.setHeader('www-authenticate', 'Bearer realm="trine"');
  const body = { error: { code: error.code, message: error.message } };
  if (req.complete) sendJson(res, ERRORS[error.code].http, body);
  else sendAhead(req, res, { status: ERRORS[error.code].http, body });
}

/**
 * Answers while a body nobody wants is still being sent. What is left of it runs out for a moment before the connection
 * is cut: one that is cut at once takes the answer with it.
 */
function sendAhead(
  req: IncomingMessage,
  res: ServerResponse,
  answer: { readonly status: number; readonly body: unknown },
): void {
  const text = `${JSON.stringify(answer.body)}\n`;
  res.writeHead(answer.status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    connection: 'close',
  });
  res.write(text);
  req.resume();
  const end = (): void => {
    clearTimeout(timer);
    res.end();
  };
  const timer = setTimeout(end, LINGER_MS);
  req.once('end', end);
  req.once('close', end);
}

export function assertMethod(req: IncomingMessage, ...methods: readonly string[]): void {
  if (methods.includes(req.method ?? '')) return;
  throw new TrineError(
    'bad-request',
    `${req.method ?? 'This method'} is not for this address; use ${methods.join(' or ')}.`,
  );
}

/** A request's body, up to `maxBytes`. */
export async function readBody(req: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of req as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > maxBytes) throw new TrineError('limit-exceeded', `At most ${maxBytes} bytes are read here.`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
