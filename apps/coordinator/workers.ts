/**
 * Serves the prebuilt thread programs of the donate page. Threads do not inherit a page's policy, so each
 * response carries its own: the agent may talk to this origin and start threads, a guest gets an opaque origin
 * with nothing to call.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';

const AGENT_POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; worker-src 'self'";
const GUEST_POLICY = "default-src 'none'; script-src 'wasm-unsafe-eval'; sandbox allow-scripts";
const NAME = /^\/workers\/((agent|guest)\.[0-9A-Za-z_-]+\.js)$/;

/** Answers `/workers/…`; false when the path is not one of ours. */
export async function serveWorker(dir: string, req: IncomingMessage, res: ServerResponse): Promise<boolean> {
  const path = (req.url ?? '').split('?')[0] ?? '';
  if (!path.startsWith('/workers/')) return false;
  const [, file, role] = NAME.exec(path) ?? [];
  const size = file === undefined ? undefined : await sizeOf(join(dir, file));
  if (file === undefined || size === undefined || (req.method !== 'GET' && req.method !== 'HEAD')) {
    res.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end('No such thread program.\n');
    return true;
  }
  res.writeHead(200, {
    'content-type': 'text/javascript; charset=utf-8',
    'content-length': size,
    'cache-control': 'public, max-age=31536000, immutable',
    'content-security-policy': role === 'guest' ? GUEST_POLICY : AGENT_POLICY,
    'cross-origin-resource-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
  });
  if (req.method === 'HEAD') res.end();
  else createReadStream(join(dir, file)).pipe(res);
  return true;
}

const sizeOf = async (path: string): Promise<number | undefined> =>
  stat(path).then(
    (found) => found.size,
    () => undefined,
  );
