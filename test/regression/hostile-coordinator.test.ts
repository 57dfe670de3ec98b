/**
 * A real runner that joined a hostile coordinator: whatever it is granted, served or told, it stays up, small and
 * honest, sends back what it will not do, and still does the one task that is in order.
 */
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { createHash, randomBytes } from 'node:crypto';
import { createSessionHost, type HostSession, type SessionHost } from '@trine/mesh';
import { createNodeIdentity } from '@trine/mesh/identity-node';
import { webSocketLink } from '@trine/mesh/websocket';
import {
  type AgentMessage,
  type Digest,
  digestOf,
  type Grant,
  type LeaseId,
  nodeIdOf,
  parseJobId,
  type ReportedResult,
} from '@trine/protocol';
import { prepare } from '@trine/rewriter';
import { loadGuest } from '@trine/wasm';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { type Running, startRunner, until } from '../support/processes.ts';

const ANSWER_MS = 120_000;
/** What a runner may grow by beside what it held when it had joined. */
const GROWTH_MEGABYTES = 300;

let dataDir: string;
let http: Server;
let host: SessionHost;
let session: HostSession | undefined;
let runner: Running;
let module: Uint8Array;
let calmMegabytes: number;
let leases: number;
const heard: AgentMessage[] = [];
const served = new Map<string, (req: IncomingMessage, res: ServerResponse) => void>();

const rssMegabytes = async (): Promise<number> =>
  Number(
    /VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${runner.process.pid ?? 0}/status`, 'utf8'))?.[1] ?? Infinity,
  ) / 1_024;

beforeEach(async () => {
  const prepared = prepare((await loadGuest('mersenne')).module);
  if (prepared.type === 'refused') throw new Error(prepared.message);
  module = prepared.bytes;
  dataDir = await mkdtemp(`${tmpdir()}/trine-hostile-`);
  heard.length = 0;
  served.clear();
  session = undefined;
  leases = 0;
  await openCoordinator();
  serve(digestOf(module), (res) => res.end(module));
  const { port } = http.address() as AddressInfo;
  runner = startRunner(`http://127.0.0.1:${port}`, 'runner', { dataDir, args: ['--no-webrtc'] });
  await until(
    'the runner to ask for work',
    async () => heard.some(({ type }) => type === 'capacity'),
    ANSWER_MS,
  );
  calmMegabytes = await rssMegabytes();
});

afterEach(async () => {
  await runner.stop();
  await host.close();
  http.closeAllConnections();
  await new Promise((resolve) => http.close(resolve));
  await rm(dataDir, { recursive: true, force: true });
});

async function openCoordinator(): Promise<void> {
  http = createServer((req, res) => {
    const answer = served.get(req.url?.split('/').at(-1) ?? '');
    if (answer === undefined) res.writeHead(404).end();
    else answer(req, res);
  });
  const sockets = new WebSocketServer({ server: http, path: '/session', perMessageDeflate: false });
  let sessions = 0;
  host = createSessionHost({
    identity: createNodeIdentity(randomBytes(32)),
    originsAllowed: () => true,
    coordinators: () => [],
    admit: async (hello) => {
      sessions += 1;
      return { type: 'admitted', node: nodeIdOf(hello.key), owner: 'nobody', session: sessions };
    },
    on: {
      opened: (opened) => {
        session = opened;
      },
      messages: (_session, messages) => void heard.push(...messages),
      suspended: () => undefined,
      resumed: () => undefined,
      ended: () => undefined,
    },
  });
  sockets.on('connection', (socket) =>
    host.accept(webSocketLink(socket, 'runner'), { remoteAddress: '127.0.0.1' }),
  );
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
}

const serve = (digest: string, answer: (res: ServerResponse) => void): void =>
  void served.set(digest, (_req, res) => answer(res));

const job = parseJobId(`j${'a'.repeat(20)}`);

/** A grant that is in order: the test of the exponent 127, which takes a moment. */
function grant(change: Partial<Grant> = {}): Grant {
  if (job === undefined) throw new Error('The test job has a wrong id.');
  const input = new Uint8Array([127, 0, 0, 0]);
  leases += 64;
  return {
    lease: leases as LeaseId,
    job,
    index: 0,
    code: { module: digestOf(module), edition: 'test' },
    abi: 'trine-1',
    module: artifact(module),
    input: { type: 'inline', bytes: input },
    inputDigest: digestOf(input),
    limits: { fuel: 1_000_000_000n, memoryBytes: 16_777_216, outputBytes: 4_096 },
    deadlineMs: 60_000,
    jobName: 'a job',
    ...change,
  };
}

const artifact = (bytes: Uint8Array, change: Partial<Grant['module']> = {}): Grant['module'] => ({
  digest: createHash('sha256').update(bytes).digest('hex') as Digest,
  sizeBytes: bytes.length,
  chunks: digestOf(new Uint8Array()),
  bearer: 'b',
  ...change,
});

const offer = (...grants: readonly Grant[]): void => session?.send({ type: 'grants', grants: [...grants] });

const returned = (): ReadonlyMap<LeaseId, string> =>
  new Map(
    heard.flatMap((message) =>
      message.type === 'return-leases' ? message.leases.map((lease) => [lease, message.reason] as const) : [],
    ),
  );
const results = (): readonly ReportedResult[] =>
  heard.flatMap((message) => (message.type === 'report' ? message.results : []));

const reasonFor = ({ lease }: Grant): Promise<string> =>
  until('the lease to come back', async () => returned().get(lease), ANSWER_MS);
const resultOf = ({ lease }: Grant): Promise<ReportedResult> =>
  until('a result', async () => results().find((result) => result.lease === lease), ANSWER_MS);

/** After an attack: the runner is there, no larger than its bound, and does what is in order. */
async function stillWorks(): Promise<void> {
  expect(runner.process.exitCode).toBeNull();
  expect(await rssMegabytes()).toBeLessThan(calmMegabytes + GROWTH_MEGABYTES);
  await until(
    'the runner to take work',
    async () => {
      const honest = grant();
      offer(honest);
      const answer = await until(
        'an answer',
        async () => returned().get(honest.lease) ?? results().find(({ lease }) => lease === honest.lease),
        ANSWER_MS,
      );
      return typeof answer !== 'string' && answer.outcome === 'completed';
    },
    ANSWER_MS,
  );
}

test('grants that break the protocol’s limits go back with a reason', async () => {
  const bad = [
    grant({ limits: { fuel: 1n, memoryBytes: Number.MAX_SAFE_INTEGER, outputBytes: 1 } }),
    grant({ limits: { fuel: 1n, memoryBytes: 65_536, outputBytes: Number.MAX_SAFE_INTEGER } }),
    grant({ module: artifact(module, { sizeBytes: Number.MAX_SAFE_INTEGER }) }),
    grant({ inputDigest: digestOf(new Uint8Array([1])) }),
  ];
  offer(...bad);
  for (const one of bad) expect((await reasonFor(one)).length).toBeGreaterThan(10);
  await stillWorks();
});

test.each<[string, (bytes: Uint8Array, res: ServerResponse) => void]>([
  ['other bytes of the same size', (bytes, res) => void res.end(bytes.map((byte) => byte ^ 1))],
  ['fewer bytes', (bytes, res) => void res.end(bytes.subarray(1))],
  ['bytes without end', (_bytes, res) => endless(res)],
  [
    'a way to somewhere else',
    (_bytes, res) => void res.writeHead(302, { location: 'http://127.0.0.1:9/' }).end(),
  ],
  ['a cut connection', (_bytes, res) => void res.destroy()],
])('a module served as %s is never run', async (_what, answer) => {
  const other = randomBytes(10_000);
  serve(artifact(other).digest, (res) => answer(other, res));
  const bad = grant({ module: artifact(other) });
  offer(bad);
  expect((await reasonFor(bad)).length).toBeGreaterThan(10);
  expect(results().map(({ lease }) => lease)).not.toContain(bad.lease);
  await stillWorks();
});

function endless(res: ServerResponse): void {
  const more = (): void => {
    while (!res.destroyed && res.write(Buffer.alloc(65_536)));
  };
  res.on('drain', more);
  more();
}

test('a module that is no WASM, whatever its digest, is aborted and nothing else', async () => {
  const other = randomBytes(10_000);
  serve(artifact(other).digest, (res) => res.end(other));
  const bad = grant({ module: artifact(other) });
  offer(bad);
  expect(await resultOf(bad)).toMatchObject({ outcome: 'aborted' });
  await stillWorks();
});

test('two thousand grants at once are not hoarded', async () => {
  const flood = Array.from({ length: 2_000 }, () => grant({ module: artifact(randomBytes(8)) }));
  for (let at = 0; at < flood.length; at += 64) {
    offer(...flood.slice(at, at + 64));
  }
  await until('nearly all to come back', async () => returned().size > 1_900, ANSWER_MS);
  await stillWorks();
});

test('nonsense in the session loses the session, never the runner', async () => {
  for (const code of ['internal', 'made-up', 'rate-limited'] as const) {
    const before = session;
    session?.send({ type: 'go-away', code, message: '\u001B]0;x\u0007'.repeat(50), retryAfterMs: 100 });
    session?.end('internal', 'gone', 100);
    await until('it to come back', async () => session !== before, ANSWER_MS);
  }
  expect(runner.output()).not.toContain('\u001B]0;');
  await stillWorks();
});
