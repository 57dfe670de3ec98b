// A step task outlives its agent: the next one goes on from the checkpoint that was kept, and nothing else is kept.
import { digestOf, type Grant } from '@trine/protocol';
import { buildGuestThread } from '@trine/sandbox/build-thread';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import wabt from 'wabt';
import { type Agent, createAgent } from './agent.ts';
import { ORIGIN, TestCoordinator } from './coordinator.testing.ts';
import { KeptLeases } from './kept-leases.ts';
import { KEPT_CHECKPOINT_BYTES_MAX, KEPT_LEASES_MAX } from './limits.ts';
import { createMemoryStore } from './memory-stores.ts';
import { testPorts } from './ports.testing.ts';
import type { AgentPorts, ByteStore } from './ports.ts';

const STEPS = 500_000;

/** A step guest in the shape the rewriter gives: counts its steps, spends 1 in each, and answers the input's first byte. */
const GUEST = `(module
  (memory (export "memory") 1)
  (global $fuel (export "trine:fuel") (mut i64) (i64.const 0))
  (global $aborted (export "trine:aborted") (mut i32) (i32.const 0))
  (global $steps (mut i64) (i64.const 0))
  (global (export "trine:words") i32 (i32.const 1))
  (func (export "trine:read") (param i32) (result i64) (global.get $steps))
  (func (export "trine:write") (param i32 i64) (global.set $steps (local.get 1)))
  (func (export "alloc") (param i32) (result i32) (i32.const 8))
  (func (export "start") (param i32 i32))
  (func (export "step") (result i32)
    (global.set $fuel (i64.sub (global.get $fuel) (i64.const 1)))
    (global.set $steps (i64.add (global.get $steps) (i64.const 1)))
    (i64.lt_u (global.get $steps) (i64.const ${STEPS})))
  (func (export "output") (result i64) (i64.const ${(8n << 32n) | 1n})))`;

const KEY = `kept-${digestOf(new TextEncoder().encode(ORIGIN)).slice(0, 16)}`;

let outdir = '';
let entry = '';
let module = new Uint8Array(0);
let coordinator: TestCoordinator;
let vault: ByteStore;
let ports: AgentPorts;
const open: Agent[] = [];

beforeAll(async () => {
  outdir = await mkdtemp(join(tmpdir(), 'trine-kept-'));
  entry = await buildGuestThread({ platform: 'node', outdir });
  const parsed = (await wabt()).parseWat('guest.wat', GUEST);
  module = new Uint8Array(parsed.toBinary({}).buffer);
  parsed.destroy();
});

afterAll(() => rm(outdir, { recursive: true }));

beforeEach(() => {
  coordinator = new TestCoordinator(module);
  vault = createMemoryStore();
  ports = { ...testPorts(() => coordinator, entry), vault };
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((agent) => agent.close()));
  await coordinator.close();
});

async function joined(change: Partial<AgentPorts> = {}): Promise<Agent> {
  const settings = { origin: ORIGIN, threads: 1, checkpointEveryMs: 1 };
  const agent = createAgent({ ports: { ...ports, ...change }, settings });
  open.push(agent);
  coordinator.capacity = undefined;
  await agent.start();
  await coordinator.until(() => coordinator.capacity !== undefined);
  return agent;
}

/** A lease whose input can be fetched once: whoever has no checkpoint of it cannot begin again. */
function leaseOnce(): Grant {
  const input = new Uint8Array(5_000).fill(77);
  const artifact = coordinator.artifactOf(input);
  coordinator.artifacts.set(artifact.digest, input);
  const limits = { fuel: 1_000_000n, memoryBytes: 1_048_576, outputBytes: 64 };
  return coordinator.grant(0, 0, {
    input: { type: 'artifact', artifact },
    inputDigest: artifact.digest,
    limits,
  });
}

/** Storage as a crash leaves it: from then on nothing more is written. */
function crashing(): { readonly store: ByteStore; readonly kept: Promise<void>; readonly crash: () => void } {
  let isDead = false;
  let tell: () => void = () => undefined;
  const kept = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const store: ByteStore = {
    get: (key) => vault.get(key),
    delete: async (key) => (isDead ? undefined : vault.delete(key)),
    async put(key, bytes) {
      if (!isDead) await vault.put(key, bytes);
      // The list is written last.
      if (/^kept-[0-9a-f]+$/.test(key)) tell();
    },
  };
  return { store, kept, crash: () => (isDead = true) };
}

test('the next agent goes on with a step task, and reports what a run in one go reports', async () => {
  const { store, kept, crash } = crashing();
  const first = await joined({ vault: store });
  const grant = leaseOnce();
  coordinator.offer(grant);
  await kept;
  crash();
  await first.close();
  coordinator.artifacts.delete(grant.inputDigest);
  coordinator.results.clear();
  await joined();
  expect(coordinator.hellos.at(-1)?.held).toEqual([grant.lease]);
  await coordinator.until(() => coordinator.results.size === 1);
  expect(coordinator.results.get(grant.lease)).toMatchObject({
    outcome: 'completed',
    output: Uint8Array.of(77),
    fuel: BigInt(STEPS),
  });
  await open.at(-1)?.stop('done');
  expect(await vault.get(KEY)).toBeUndefined();
  expect(await vault.get(`${KEY}-${grant.lease}`)).toBeUndefined();
  // Its fuel was spent in two runs, so it says nothing of how fast this machine is.
  await joined();
  expect(coordinator.hellos.at(-1)?.profile.fuelPerSecond).toBeUndefined();
});

test('a lease that was lost meanwhile is let go', async () => {
  const { store, kept, crash } = crashing();
  const first = await joined({ vault: store });
  const grant = leaseOnce();
  coordinator.offer(grant);
  await kept;
  crash();
  await first.close();
  const second = await joined();
  expect(coordinator.hellos.at(-1)?.held).toEqual([grant.lease]);
  coordinator.abandon(grant.lease);
  await new Promise<void>((resolve) => {
    const end = second.onView(({ phase }) => {
      if (phase !== 'idle') return;
      queueMicrotask(() => end());
      resolve();
    });
  });
  await second.stop('done');
  expect(await vault.get(KEY)).toBeUndefined();
});

test('damaged storage reads as nothing, and what is read is what was kept last', async () => {
  const keeper = new KeptLeases(ports, 'kept');
  const [one, two] = [coordinator.grant(0, 1), coordinator.grant(0, 2)];
  keeper.keep({ grant: one, checkpoint: Uint8Array.of(1) });
  keeper.keep({ grant: two, checkpoint: Uint8Array.of(2) });
  keeper.keep({ grant: one, checkpoint: Uint8Array.of(3, 3) });
  await keeper.save();
  const both = await new KeptLeases(ports, 'kept').load();
  expect(both).toEqual([
    { grant: one, checkpoint: Uint8Array.of(3, 3) },
    { grant: two, checkpoint: Uint8Array.of(2) },
  ]);
  const entry = `kept-${one.lease}`;
  const stored = (await vault.get(entry)) ?? new Uint8Array(0);
  const flipped = stored.map((byte, place) => (place === stored.length - 1 ? byte ^ 1 : byte));
  for (const damaged of [flipped, stored.subarray(1), Uint8Array.of(0xff), new Uint8Array(0)]) {
    await vault.put(entry, damaged);
    expect(await new KeptLeases(ports, 'kept').load()).toEqual([
      { grant: two, checkpoint: Uint8Array.of(2) },
    ]);
    await vault.put('kept', Uint8Array.of(0x82, 0x18, one.lease, 0x18, two.lease));
  }
  await vault.put('kept', Uint8Array.of(0x80, 0x00));
  expect(await new KeptLeases(ports, 'kept').load()).toEqual([]);
});

test('what is too large or too many is not kept', async () => {
  const keeper = new KeptLeases(ports, 'kept');
  keeper.keep({ grant: coordinator.grant(0), checkpoint: new Uint8Array(KEPT_CHECKPOINT_BYTES_MAX + 1) });
  for (let count = 0; count <= KEPT_LEASES_MAX; count += 1) {
    keeper.keep({ grant: coordinator.grant(0, count), checkpoint: Uint8Array.of(count) });
  }
  await keeper.save();
  expect(await new KeptLeases(ports, 'kept').load()).toHaveLength(KEPT_LEASES_MAX);
});

test('storage that fails costs a warning and no task', async () => {
  const warned: string[] = [];
  const refusing = { ...vault, put: () => Promise.reject(new Error('disk full')) };
  const log = { ...ports.log, warn: (_fields: object, message: string) => void warned.push(message) };
  const keeper = new KeptLeases({ ...ports, vault: refusing, log }, 'kept');
  keeper.keep({ grant: coordinator.grant(0), checkpoint: Uint8Array.of(1) });
  await keeper.save();
  expect(warned).toEqual([expect.stringContaining('checkpoint')]);
});
