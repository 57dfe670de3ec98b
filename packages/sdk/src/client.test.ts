// The SDK's way to a coordinator, against a real HTTP server that answers as told: codes, retries, patience.
import { createServer, type Server } from 'node:http';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { digestBytes, fromBase64, toBase64 } from './bytes.ts';
import { createTrine, TrineError } from './index.ts';

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

let server: Server;
let url = '';
let answers: Answer[] = [];
let asked: { readonly path: string; readonly key: string | undefined }[] = [];

beforeEach(async () => {
  answers = [];
  asked = [];
  server = createServer((request, response) => {
    asked.push({ path: request.url ?? '', key: request.headers.authorization });
    const { status, body } = answers.shift() ?? { status: 404, body: {} };
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
});

afterEach(() => new Promise<void>((resolve) => server.close(() => resolve())));

const failure = (status: number, trineCode: string): Answer => ({
  status,
  body: { error: { message: 'told so', code: -32_000, data: { code: 'X', httpStatus: status, trineCode } } },
});
const success = (data: unknown): Answer => ({ status: 200, body: { result: { data } } });

test('an answer carries the key, and comes back as it is', async () => {
  answers = [success({ role: 'submitter' })];
  expect(await createTrine({ url: `${url}/`, key: 'trine_key_x' }).whoAmI()).toEqual({ role: 'submitter' });
  expect(asked).toEqual([{ path: '/trpc/auth.whoAmI', key: 'Bearer trine_key_x' }]);
});

test('what may succeed later is tried again, what may not is not', async () => {
  answers = [failure(503, 'store-unavailable'), failure(503, 'shutting-down'), success([])];
  expect(await createTrine({ url }).nodes()).toEqual([]);
  expect(asked).toHaveLength(3);
  answers = [failure(403, 'forbidden'), success([])];
  await expect(createTrine({ url }).nodes()).rejects.toMatchObject({ code: 'forbidden', message: 'told so' });
  expect(asked).toHaveLength(4);
});

test('a coordinator that is not there is said to be unreachable, with its address', async () => {
  const error: unknown = await createTrine({ url: 'http://127.0.0.1:9' })
    .nodes()
    .catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(TrineError);
  expect(error).toMatchObject({ code: 'coordinator-unreachable' });
  expect(String(error)).toContain('http://127.0.0.1:9');
});

test('a coordinator that takes a request and never answers is asked again', async () => {
  let silent = 1;
  const starting: typeof fetch = (input, init) => {
    if (silent === 0) return fetch(input, init);
    silent -= 1;
    return new Promise((_, reject) => {
      init?.signal?.addEventListener('abort', () => reject(new Error('aborted')));
    });
  };
  answers = [success([])];
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const asking = createTrine({ url, fetch: starting }).nodes();
  await vi.advanceTimersByTimeAsync(10_000);
  vi.advanceTimersByTime(1_000);
  vi.useRealTimers();
  expect(await asking).toEqual([]);
});

test('artifacts are named by their digest, and refusals keep their code', async () => {
  const bytes = Uint8Array.of(1, 2, 3);
  answers = [
    { status: 201, body: {} },
    { status: 413, body: { error: { code: 'artifact-too-large', message: 'too large' } } },
  ];
  const trine = createTrine({ url });
  const digest = await trine.upload(bytes);
  expect(asked[0]?.path).toBe(`/artifacts/${digest}`);
  await expect(trine.upload(bytes)).rejects.toMatchObject({
    code: 'artifact-too-large',
    message: 'too large',
  });
  await expect(trine.download(digest)).rejects.toMatchObject({ code: 'not-found' });
});

test('base64 and digests', async () => {
  const bytes = Uint8Array.from({ length: 20_000 }, (_, index) => index % 251);
  expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'));
  expect(fromBase64(toBase64(bytes))).toEqual(bytes);
  expect(await digestBytes(new Uint8Array(0))).toBe(
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  );
});
