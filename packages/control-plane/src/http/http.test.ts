// HTTP from outside: keys, cookies, links, origins, artifacts, health and metrics, on a real port.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freshBytes, startTestPlane, type TestPlane } from '../control-plane.testing.ts';
import { CONTROL_PLANE_LIMITS } from '../limits.ts';
import { rangeOf } from './artifact-routes.ts';

let plane: TestPlane;

beforeEach(async () => {
  plane = await startTestPlane();
});
afterEach(() => plane.close());

const bearer = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` });
const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${plane.url}${path}`, { headers, redirect: 'manual' });
const post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${plane.url}${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  });

async function errorOf(answer: Response): Promise<{ readonly status: number; readonly code: string }> {
  const body = (await answer.json()) as {
    readonly error: { readonly code?: string | number; readonly data?: { readonly trineCode: string } };
  };
  return { status: answer.status, code: String(body.error.data?.trineCode ?? body.error.code) };
}

async function newKey(name = 'submitter'): Promise<string> {
  return (await plane.plane.access.createKey({ name, role: 'submitter' })).key;
}

const cookieFrom = (answer: Response): string => (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';

test('what is not ours is left to the pages', async () => {
  for (const path of ['/', '/dashboard', '/trpc', '/artifactsx', '/sessions']) {
    expect(await (await get(path)).text()).toBe('a page');
  }
});

test('pages are only read: a body for them is refused before anyone takes it', async () => {
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
    const answer = await fetch(`${plane.url}/`, { method, body: new Uint8Array(10_000_000) });
    expect(await errorOf(answer)).toEqual({ status: 400, code: 'bad-request' });
  }
});

test('who is refused in the middle of a body is not cut off while sending the rest', async () => {
  const piece = Buffer.alloc(100_000);
  const { hostname, port } = new URL(plane.url);
  const socket = connect(Number(port), hostname);
  let answer = '';
  socket.on('data', (bytes) => {
    answer += bytes.toString();
  });
  const closed = once(socket, 'close');
  socket.write(
    `PUT /artifacts/${digestOf(piece)} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Length: ${piece.length * 10}\r\n\r\n`,
  );
  socket.write(piece);
  await once(socket, 'data');
  const failures: (Error | null | undefined)[] = [];
  for (let sent = 1; sent < 10; sent += 1) {
    failures.push(await new Promise((resolve) => socket.write(piece, resolve)));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await closed;
  expect(failures.filter(Boolean)).toEqual([]);
  expect(answer).toContain('unauthorized');
});

type Streamed = 'open' | 'refused by all' | 'refused by network';

/** What a stream begins with: its refusal has the status of a stream, so the words count. */
async function beginningOf(answer: Response): Promise<Streamed> {
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { value, done } = (await reader?.read()) ?? { value: undefined, done: true };
    text += value ?? '';
    if (text.includes('nodesChanged')) return 'open';
    if (!done) continue;
    expect(text).toContain('rate-limited');
    return text.includes('from this network') ? 'refused by network' : 'refused by all';
  }
}

/** Asks for streams, accepting anything, from the networks `10.0.<network>.0/24`. */
function streams() {
  const readers = new AbortController();
  const paths = ['/trpc/cluster.live', '/trpc/cluster%2Elive'];
  const ask = async (network: number, index: number): Promise<Streamed> => {
    const headers = { accept: '*/*', 'x-forwarded-for': `10.0.${network}.${index}` };
    return beginningOf(await fetch(`${plane.url}${paths[index % 2]}`, { headers, signal: readers.signal }));
  };
  return {
    ask: (network: number, count: number): Promise<readonly Streamed[]> =>
      Promise.all(Array.from({ length: count }, (_, index) => ask(network, index))),
    close: () => readers.abort(),
  };
}

const PREFIX_STREAMS = CONTROL_PLANE_LIMITS.streamsPerPrefix.value;

test('a stream is counted by what is called, not by what its caller accepts', async () => {
  await plane.close();
  plane = await startTestPlane({ trustProxy: true });
  const { ask, close } = streams();
  const networks = CONTROL_PLANE_LIMITS.streams.value / PREFIX_STREAMS;
  for (let network = 0; network < networks; network += 1) {
    expect(new Set(await ask(network, PREFIX_STREAMS))).toEqual(new Set(['open']));
  }
  expect(await ask(networks, 1)).toEqual(['refused by all']);
  expect((await get('/trpc/auth.whoAmI')).status).toBe(200);
  close();
});

test('one network cannot take the live views of all, and asking all at once gains it nothing', async () => {
  await plane.close();
  plane = await startTestPlane({ trustProxy: true });
  const { ask, close } = streams();
  const asked = await ask(1, PREFIX_STREAMS + 20);
  expect(asked.filter((streamed) => streamed === 'open')).toHaveLength(PREFIX_STREAMS);
  expect(await ask(1, 1)).toEqual(['refused by network']);
  expect(await ask(2, 1)).toEqual(['open']);
  close();
});

test('a stream that ends gives its place back', async () => {
  const first = streams();
  expect(new Set(await first.ask(0, PREFIX_STREAMS))).toEqual(new Set(['open']));
  first.close();
  const next = streams();
  // That its readers are gone reaches the coordinator a moment later, so a refusal is followed by asking again.
  let streamed: readonly Streamed[];
  do streamed = await next.ask(0, 1);
  while (streamed[0] !== 'open');
  next.close();
});

test('an upgrade that is refused keeps no socket, though the stranger keeps its half', async () => {
  const { hostname, port } = new URL(plane.url);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  let answer = '';
  socket.on('data', (bytes) => {
    answer += bytes.toString();
  });
  // Written to after the other side has gone: that it is gone shows as a reset.
  const reset = once(socket, 'error');
  socket.write(
    `GET /session HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nOrigin: http://evil.example\r\n\r\n',
  );
  await once(socket, 'end');
  expect(answer).toContain('403');
  const prod = setInterval(() => socket.write('still here'), 10);
  const [error] = (await reset) as [NodeJS.ErrnoException];
  clearInterval(prod);
  expect(['ECONNRESET', 'EPIPE']).toContain(error.code);
});

test('a key says who asks; a wrong or revoked one is refused', async () => {
  const whoAmI = async (headers: Record<string, string> = {}): Promise<unknown> =>
    ((await (await get('/trpc/auth.whoAmI', headers)).json()) as { result: { data: unknown } }).result.data;
  expect(await whoAmI()).toEqual({ role: 'anonymous' });
  expect(await whoAmI(bearer(plane.operatorKey))).toMatchObject({ role: 'operator', name: 'operator' });
  const { key, view } = await plane.plane.access.createKey({ name: 'sue', role: 'submitter' });
  expect(await whoAmI(bearer(key))).toMatchObject({ role: 'submitter', name: 'sue' });
  expect(await errorOf(await get('/trpc/auth.whoAmI', bearer('trine_key_wrong')))).toEqual({
    status: 401,
    code: 'unauthorized',
  });
  await plane.plane.access.revokeKey(view.id as never);
  expect(await errorOf(await get('/trpc/auth.whoAmI', bearer(key)))).toMatchObject({ code: 'unauthorized' });
});

test.each([
  ['a stranger', CONTROL_PLANE_LIMITS.anonymousBatchCalls.value, false],
  ['a key', CONTROL_PLANE_LIMITS.batchCalls.value, true],
])('%s may make %d calls in one request, and no more', async (_who, count, withKey) => {
  const batch = (calls: number): Promise<Response> =>
    get(
      `/trpc/${Array(calls).fill('auth.whoAmI').join(',')}?batch=1`,
      withKey ? bearer(plane.operatorKey) : {},
    );
  expect((await batch(count)).status).toBe(200);
  const refused = await batch(count + 1);
  expect(await refused.clone().text()).toContain('Too many calls in one request');
  expect(await errorOf(refused)).toEqual({ status: 400, code: 'bad-request' });
});

test('all calls of a request share one number of task states they may ask for', async () => {
  const job = `j${'a'.repeat(20)}`;
  const codes = async (...counts: readonly number[]): Promise<readonly (string | undefined)[]> => {
    const input = Object.fromEntries(counts.map((rows, index) => [index, { job, count: rows }]));
    const names = counts.map(() => 'jobs.taskStates').join(',');
    const path = `/trpc/${names}?batch=1&input=${encodeURIComponent(JSON.stringify(input))}`;
    const answers = (await (await get(path)).json()) as readonly {
      readonly error?: { readonly data: { readonly trineCode: string } };
    }[];
    return answers.map(({ error }) => error?.data.trineCode);
  };
  const most = CONTROL_PLANE_LIMITS.requestStates.value;
  // The job is none: what is refused before it is looked for says `limit-exceeded` instead.
  expect(await codes(most)).toEqual(['not-found']);
  expect(await codes(most, most, 1)).toEqual(['not-found', 'limit-exceeded', 'limit-exceeded']);
  expect(await codes(most / 2, most / 2, 1)).toEqual(['not-found', 'not-found', 'limit-exceeded']);
});

test('the operator’s procedures are closed to strangers with 401 and to submitters with 403', async () => {
  const input = { ownerName: 'ada' };
  expect(await errorOf(await post('/trpc/tokens.create', input))).toEqual({
    status: 401,
    code: 'unauthorized',
  });
  expect(await errorOf(await post('/trpc/tokens.create', input, bearer(await newKey())))).toEqual({
    status: 403,
    code: 'forbidden',
  });
  expect((await post('/trpc/tokens.create', input, bearer(plane.operatorKey))).status).toBe(200);
});

test('the last operator key cannot be revoked', async () => {
  const [row] = await plane.plane.access.listKeys();
  await expect(plane.plane.access.revokeKey(row?.id as never)).rejects.toThrow('last operator key');
});

test('signing in sets a cookie that scripts and other sites never get, until signing out', async () => {
  const signedIn = await post('/auth/sign-in', { key: plane.operatorKey });
  expect(signedIn.status).toBe(200);
  const header = signedIn.headers.get('set-cookie') ?? '';
  expect(header).toContain('HttpOnly');
  expect(header).toContain('SameSite=Strict');
  expect(header).not.toContain('Secure');
  expect(header).not.toContain(plane.operatorKey);
  const cookie = cookieFrom(signedIn);
  expect(await (await get('/trpc/auth.whoAmI', { cookie })).text()).toContain('operator');
  expect((await post('/auth/sign-out', {}, { cookie })).status).toBe(200);
  expect(await (await get('/trpc/auth.whoAmI', { cookie })).text()).toContain('anonymous');
});

test('behind https the cookie is marked secure', async () => {
  await plane.close();
  plane = await startTestPlane({ trustProxy: true });
  const answer = await post('/auth/sign-in', { key: plane.operatorKey }, { 'x-forwarded-proto': 'https' });
  expect(answer.headers.get('set-cookie')).toContain('; Secure');
});

test('guessing keys is slowed down', async () => {
  const codes: string[] = [];
  for (let attempt = 0; attempt < 12; attempt += 1) {
    codes.push((await errorOf(await post('/auth/sign-in', { key: 'trine_key_guess' }))).code);
  }
  expect(codes.slice(0, 10)).toEqual(Array(10).fill('unauthorized'));
  expect(codes.slice(10)).toEqual(['rate-limited', 'rate-limited']);
});

test('signing in rightly, however often, is no guessing', async () => {
  const statuses: number[] = [];
  for (let attempt = 0; attempt < 15; attempt += 1) {
    statuses.push((await post('/auth/sign-in', { key: plane.operatorKey })).status);
  }
  expect(new Set(statuses)).toEqual(new Set([200]));
});

test('a sign-in link works once', async () => {
  const link = await plane.plane.createSignInUrl('');
  const first = await get(link);
  expect(first.status).toBe(303);
  expect(first.headers.get('location')).toBe('/dashboard');
  expect(await (await get('/trpc/auth.whoAmI', { cookie: cookieFrom(first) })).text()).toContain('operator');
  expect(await errorOf(await get(link))).toEqual({ status: 401, code: 'unauthorized' });
});

test('a page of another origin changes nothing, and is told which setting would let it', async () => {
  const foreign = { origin: 'http://evil.example' };
  const refused = await post('/auth/sign-in', { key: plane.operatorKey }, foreign);
  expect(refused.status).toBe(403);
  expect(await refused.text()).toContain('TRINE_ORIGINS');
  const call = await post(
    '/trpc/tokens.create',
    { ownerName: 'x' },
    { ...foreign, ...bearer(plane.operatorKey) },
  );
  expect(await errorOf(call)).toEqual({ status: 403, code: 'origin-refused' });
  const own = await post(
    '/trpc/tokens.create',
    { ownerName: 'x' },
    { origin: plane.url, ...bearer(plane.operatorKey) },
  );
  expect(own.status).toBe(200);
});

test('an artifact is read by who uploaded it and by the operator; to others it is not there', async () => {
  const [mine, other] = [await newKey('mine'), await newKey('other')];
  const bytes = freshBytes(100_000);
  const digest = await plane.upload(bytes, mine);
  const path = `/artifacts/${digest}`;
  const answer = await get(path, bearer(mine));
  expect(answer.status).toBe(200);
  expect(answer.headers.get('cache-control')).toBe('private, max-age=31536000, immutable');
  expect(digestOf(new Uint8Array(await answer.arrayBuffer()))).toBe(digest);
  expect((await get(path, bearer(plane.operatorKey))).status).toBe(200);
  const hidden = await errorOf(await get(path, bearer(other)));
  const missing = await errorOf(await get(`/artifacts/${'0'.repeat(64)}`, bearer(other)));
  expect(hidden).toEqual({ status: 404, code: 'not-found' });
  expect(missing).toEqual(hidden);
  expect(await errorOf(await get(path))).toEqual({ status: 401, code: 'unauthorized' });
  expect((await get(path, { ...bearer(mine), 'if-none-match': `"${digest}"` })).status).toBe(304);
});

test('ranges are served, and absurd ones are refused', async () => {
  const bytes = freshBytes(1_000);
  const path = `/artifacts/${await plane.upload(bytes)}`;
  const part = await get(path, { ...bearer(plane.operatorKey), range: 'bytes=10-19' });
  expect(part.status).toBe(206);
  expect(part.headers.get('content-range')).toBe('bytes 10-19/1000');
  expect(new Uint8Array(await part.arrayBuffer())).toEqual(bytes.slice(10, 20));
  expect((await get(path, { ...bearer(plane.operatorKey), range: 'bytes=1000-' })).status).toBe(416);
});

test.each([
  ['bytes=0-0', 10, { first: 0, last: 0 }],
  ['bytes=5-', 10, { first: 5, last: 9 }],
  ['bytes=-3', 10, { first: 7, last: 9 }],
  ['bytes=-30', 10, { first: 0, last: 9 }],
  ['bytes=2-100', 10, { first: 2, last: 9 }],
  ['bytes=9-2', 10, 'unsatisfiable'],
  ['bytes=10-', 10, 'unsatisfiable'],
  ['bytes=-', 10, undefined],
  ['bytes=0-1,3-4', 10, undefined],
  ['lines=0-1', 10, undefined],
  [undefined, 10, undefined],
] as const)('the range %s of %d bytes', (header, size, range) => {
  expect(rangeOf(header, size)).toEqual(range);
});

test('an upload needs a key, must be what it claims, and may not be endless', async () => {
  const put = (digest: string, body: Uint8Array, headers: Record<string, string>): Promise<Response> =>
    fetch(`${plane.url}/artifacts/${digest}`, { method: 'PUT', headers, body: Buffer.from(body) });
  const bytes = freshBytes(10);
  expect(await errorOf(await put(digestOf(bytes), bytes, {}))).toEqual({ status: 401, code: 'unauthorized' });
  expect(await errorOf(await put('0'.repeat(64), bytes, bearer(plane.operatorKey)))).toEqual({
    status: 422,
    code: 'digest-mismatch',
  });
  expect(await errorOf(await put('not-a-digest', bytes, bearer(plane.operatorKey)))).toMatchObject({
    status: 400,
  });
});

test('a submission over its limit is refused before it is held', async () => {
  const items = [Buffer.alloc(13 * 1_048_576).toString('base64')];
  const body = { name: 'x', module: '0'.repeat(64), inputs: { type: 'inline', items }, idempotencyKey: 'x' };
  const answer = await post('/trpc/jobs.submit', body, bearer(plane.operatorKey));
  expect(await answer.clone().text()).toContain('The request is too large: 16777216 bytes with an API key');
  expect(await errorOf(answer)).toEqual({ status: 413, code: 'limit-exceeded' });
});

test('health names each dependency and metrics carry the prefix', async () => {
  const health = await get('/health');
  expect(health.status).toBe(200);
  expect(await health.json()).toMatchObject({
    alive: true,
    ready: true,
    dependencies: { store: { ok: true }, shards: { ok: true }, webrtc: { ok: false } },
  });
  expect(health.headers.get('x-content-type-options')).toBe('nosniff');
  const metrics = await (await get('/metrics')).text();
  expect(metrics).toContain('trine_nodes_online 0');
  expect(metrics).toContain('trine_http_seconds_bucket');
});

test('the runner is served where it was built, and missed with a sentence where not', async () => {
  const missing = await get('/runner.mjs');
  expect(missing.status).toBe(404);
  expect(await missing.text()).toContain('npm run build');
});

test('a session is opened by WebSocket alone', async () => {
  expect((await get('/session')).status).toBe(426);
});
