/**
 * A step task on three nodes of three owners, one of which dies in the middle of it. Started again on the same data it
 * says in its hello that it still holds the lease, goes on from the checkpoint it kept, and answers that very lease.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Agent, createAgent, createNodePorts } from '@trine/agent/node';
import { startTestPlane, type TestPlane } from '@trine/control-plane/testing';
import type { Link } from '@trine/mesh';
import { parseCheckpoint, type RunRequest } from '@trine/sandbox';
import { buildGuestThread } from '@trine/sandbox/build-thread';
import { createTrine, type Trine } from '@trine/sdk';
import { loadGuest } from '@trine/wasm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { allTasks, faultsOf } from '../support/audit.ts';
import { LONG_EXPONENT } from '../support/jobs.ts';
import { createApi, until } from '../support/processes.ts';

let plane: TestPlane;
let trine: Trine;
let dataDir: string;
let threadEntry: string;
const agents: Agent[] = [];

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'trine-step-tasks-'));
  [plane, threadEntry] = await Promise.all([
    startTestPlane(),
    buildGuestThread({ platform: 'node', outdir: dataDir }),
  ]);
  trine = createTrine({ url: plane.url, key: plane.operatorKey });
});

afterAll(async () => {
  await Promise.all(agents.map((agent) => agent.close()));
  await plane.close();
  await rm(dataDir, { recursive: true, force: true });
});

interface TestNode {
  readonly agent: Agent;
  /** Resolves when a checkpoint is in storage. */
  readonly kept: Promise<void>;
  /** What its threads were given to run. */
  readonly requests: readonly RunRequest[];
  /** Ends it as a kill does: no goodbye, nothing more written. */
  crash(): Promise<void>;
}

async function startNode(name: string, token: string): Promise<TestNode> {
  const log = { debug: () => undefined, info: () => undefined, warn: () => undefined };
  const options = { dataDir: join(dataDir, name), threadEntry, version: '0.1.0', log, webrtc: false };
  const ports = await createNodePorts(options);
  const { vault } = ports;
  const requests: RunRequest[] = [];
  const links: Link[] = [];
  let isDead = false;
  let tell: () => void = () => undefined;
  const kept = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const agent = createAgent({
    ports: {
      ...ports,
      vault: {
        get: (key) => vault.get(key),
        delete: async (key) => (isDead ? undefined : vault.delete(key)),
        async put(key, bytes) {
          if (!isDead) await vault.put(key, bytes);
          if (/^kept-[0-9a-f]+$/.test(key)) tell();
        },
      },
      async dial(origin) {
        if (isDead) throw new Error('dead');
        const link = await ports.dial(origin);
        links.push(link);
        return { ...mute(link, () => isDead), kind: link.kind, remote: link.remote };
      },
      threads: () => {
        const thread = ports.threads();
        return {
          run: (request, runOptions) => {
            requests.push(request);
            return thread.run(request, runOptions);
          },
          runPart: (request, partOptions) => thread.runPart(request, partOptions),
          released: () => thread.released(),
          close: () => thread.close(),
        };
      },
    },
    settings: { origin: plane.url, threads: 1, token, checkpointEveryMs: 50 },
  });
  agents.push(agent);
  await agent.start();
  return {
    agent,
    kept,
    requests,
    async crash() {
      isDead = true;
      for (const link of links) link.close('closed', 'killed');
      await agent.close();
    },
  };
}

/** A link that says nothing any more once its node is dead. */
const mute = (link: Link, isDead: () => boolean): Omit<Link, 'kind' | 'remote'> => ({
  send: (frame) => {
    if (!isDead()) link.send(frame);
  },
  bufferedBytes: () => link.bufferedBytes(),
  close: (code, reason) => link.close(code, reason),
  listen: (listener) => link.listen(listener),
});

test('a node that dies in the middle of a step task goes on with it', async () => {
  const tokens = await Promise.all(
    ['ada', 'bob', 'cy'].map(async (ownerName) => (await trine.tokens.create({ ownerName })).token),
  );
  const [first] = await Promise.all(tokens.map((token, index) => startNode(`node-${index}`, token)));
  const [token] = tokens;
  if (first === undefined || token === undefined) throw new Error('three nodes');
  const { module } = await loadGuest('mersenne');
  const job = await trine.submit({
    name: 'a long one',
    module,
    inputs: [new Uint8Array(Uint32Array.of(LONG_EXPONENT).buffer)],
    limits: { fuel: 1_000_000_000_000n, outputBytes: 16 },
  });
  await first.kept;
  await first.crash();
  const second = await startNode('node-0', token);
  const resumed = await until('the lease to go on', async () => second.requests[0], 10_000);
  const parsed = parseCheckpoint(resumed.resume ?? new Uint8Array(0));
  if (parsed.type === 'refused') throw new Error(parsed.message);
  expect(parsed.checkpoint.state.steps).toBeGreaterThan(0);

  const results = [];
  for await (const result of job.results()) results.push(result);
  expect(results).toMatchObject([{ kind: 'verified', outcome: 'completed' }]);
  const api = createApi(plane.url, plane.operatorKey);
  const tasks = await until(
    'every replica to be answered',
    async () => {
      const all = await allTasks(api, job.id);
      return all.every(({ replicas }) => replicas.every(({ outcome }) => outcome !== undefined)) && all;
    },
    60_000,
  );
  expect(faultsOf(tasks)).toEqual([]);
  // No replica was replaced: the dead node's lease was answered, and its result is one of the three.
  expect(tasks[0]?.replicas).toHaveLength(3);
  expect(tasks[0]?.replicas.map(({ verdict }) => verdict)).toEqual(['valid', 'valid', 'valid']);
});
