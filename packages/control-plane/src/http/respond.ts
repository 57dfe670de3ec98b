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
  if (!req.complete) closeSoon(req, res);
  sendJson(res, ERRORS[error.code].http, { error: { code: error.code, message: error.message } });
}

/** The rest of a body nobody wants is let run out for a moment, then cut. */
function closeSoon(req: IncomingMessage, res: ServerResponse): void {
  res.setHeader('connection', 'close');
  req.resume();
  const timer = setTimeout(() => req.destroy(), LINGER_MS);
  req.once('close', () => clearTimeout(timer));
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
