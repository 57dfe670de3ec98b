// The loop against a real session host over memory links, with real threads: what it owes a coordinator and a person.
import { systemClock } from '@trine/mesh';
import { digestOf, grantDigest } from '@trine/protocol';
import { buildGuestThread } from '@trine/sandbox/build-thread';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Agent, createAgent } from './agent.ts';
import { guestBytes, ORIGIN, TestCoordinator } from './coordinator.testing.ts';
import { testPorts } from './ports.testing.ts';
import type { AgentPorts } from './ports.ts';
import type { AgentView } from './view.ts';

let outdir = '';
let entry = '';
let module = new Uint8Array(0);
let coordinator: TestCoordinator;
let ports: AgentPorts;
const open: Agent[] = [];

beforeAll(async () => {
  outdir = await mkdtemp(join(tmpdir(), 'trine-agent-'));
  entry = await buildGuestThread({ platform: 'node', outdir });
  module = new Uint8Array(await guestBytes());
});

afterAll(() => rm(outdir, { recursive: true }));

beforeEach(() => {
  coordinator = new TestCoordinator(module);
  ports = testPorts(() => coordinator, entry);
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((agent) => agent.close()));
  await coordinator.close();
});

async function joined(threads = 2, change: Partial<AgentPorts> = {}): Promise<Agent> {
  const agent = createAgent({ ports: { ...ports, ...change }, settings: { origin: ORIGIN, threads } });
  open.push(agent);
  await agent.start();
  await coordinator.until(() => (coordinator.capacity ?? 0) > 0);
  return agent;
}

/** Resolves with the first view that satisfies the condition. */
function seen(agent: Agent, condition: (view: AgentView) => boolean): Promise<AgentView> {
  return new Promise((resolve) => {
    const end = agent.onView((view) => {
      if (!condition(view)) return;
      queueMicrotask(() => end());
      resolve(view);
    });
  });
}

test('leases are run and reported under a signature that holds', async () => {
  const agent = await joined();
  const grants = [1, 2, 3, 4, 5].map((value) => coordinator.grant(0, value));
  coordinator.offer(...grants);
  await coordinator.until(() => coordinator.results.size === 5);
  for (const [position, grant] of grants.entries()) {
    expect(coordinator.results.get(grant.lease)).toMatchObject({
      grant: grantDigest(grant),
      outcome: 'completed',
      output: Uint8Array.of(position + 2),
      outputDigest: digestOf(Uint8Array.of(position + 2)),
      fuel: 1_000n,
    });
  }
  const view = await seen(agent, ({ unrecorded, reported }) => unrecorded === 0 && reported === 5);
  expect(view).toMatchObject({ phase: 'idle', fuelSpent: '5000', link: 'memory', owner: 'itself' });
  expect(coordinator.fetches).toHaveLength(1);
});

test('a trap and an empty tank are results like any other', async () => {
  await joined();
  const [trap, spent] = [coordinator.grant(3), coordinator.grant(4)];
  coordinator.offer(trap, spent);
  await coordinator.until(() => coordinator.results.size === 2);
  expect(coordinator.results.get(trap.lease)).toMatchObject({ outcome: 'trapped', fuel: 1_000n });
  expect(coordinator.results.get(spent.lease)).toMatchObject({ outcome: 'out-of-fuel', fuel: 1_000_000n });
});

test('an output over 4 KiB is uploaded before it is reported', async () => {
  await joined();
  const grant = coordinator.grant(2);
  coordinator.offer(grant);
  await coordinator.until(() => coordinator.results.size === 1);
  const result = coordinator.results.get(grant.lease);
  expect(result).toMatchObject({ outcome: 'completed', outputBytes: 8_192 });
  expect(result?.output).toBeUndefined();
  expect(coordinator.artifacts.get(digestOf(new Uint8Array(8_192)))).toHaveLength(8_192);
});

test('range inputs and input artifacts reach the guest', async () => {
  await joined();
  const shared = Uint8Array.of(0, 40);
  const range = Uint8Array.of(0, 40, 7, 0, 0, 0, 0, 0, 0, 0);
  const big = new Uint8Array(5_000).fill(9);
  big[0] = 0;
  coordinator.artifacts.set(digestOf(big), big);
  const grants = [
    coordinator.grant(0, 7, { input: { type: 'range', shared }, inputDigest: digestOf(range) }),
    coordinator.grant(0, 1, {
      input: { type: 'artifact', artifact: coordinator.artifactOf(big) },
      inputDigest: digestOf(big),
    }),
  ];
  coordinator.offer(...grants);
  await coordinator.until(() => coordinator.results.size === 2);
  expect(grants.map(({ lease }) => coordinator.results.get(lease)?.output)).toEqual([
    Uint8Array.of(41),
    Uint8Array.of(10),
  ]);
});

test('an abandoned lease ends at once, and nothing of it is reported', async () => {
  const agent = await joined(1);
  const spinning = coordinator.grant(5);
  coordinator.offer(spinning);
  const busy = await seen(agent, ({ threads }) => threads[0]?.progress === 0.25);
  expect(busy).toMatchObject({ phase: 'working', threads: [{ state: 'running', jobName: 'test job' }] });
  coordinator.abandon(spinning.lease);
  const next = coordinator.grant(0, 1);
  coordinator.offer(next);
  await coordinator.until(() => coordinator.results.has(next.lease));
  expect([...coordinator.results.keys()]).toEqual([next.lease]);
});

test('stopping gives leases back, ends threads and says goodbye', async () => {
  const agent = await joined(1);
  const grants = [coordinator.grant(5), coordinator.grant(0, 1)];
  coordinator.offer(...grants);
  await seen(agent, ({ threads }) => threads[0]?.state === 'running');
  await agent.stop('the volunteer pressed stop');
  expect(agent.view()).toMatchObject({
    phase: 'stopped',
    reason: 'the volunteer pressed stop',
    threads: [],
    link: undefined,
  });
  await coordinator.until(() => coordinator.ended !== undefined);
  expect([...coordinator.returned]).toEqual(grants.map(({ lease }) => [lease, 'the volunteer pressed stop']));
  expect(coordinator.ended).toBe('bye');
  expect(coordinator.capacity).toBe(0);
});

test('a stopped agent starts again with its counters', async () => {
  const agent = await joined();
  coordinator.offer(coordinator.grant(0, 1));
  await coordinator.until(() => coordinator.results.size === 1);
  await agent.stop('a break');
  await agent.start();
  await coordinator.until(() => coordinator.hellos.length === 2 && (coordinator.capacity ?? 0) > 0);
  coordinator.offer(coordinator.grant(0, 2));
  await coordinator.until(() => coordinator.results.size === 2);
  const reborn = createAgent({ ports, settings: { origin: ORIGIN, threads: 1 } });
  await agent.close();
  open.push(reborn);
  await reborn.start();
  expect(reborn.view().reported).toBe(2);
});

test('whatever is pressed in a hurry, the last word counts and one session is open', async () => {
  const agent = createAgent({ ports, settings: { origin: ORIGIN, threads: 1 } });
  open.push(agent);
  await Promise.all([agent.start(), agent.start(), agent.stop('no'), agent.start(), agent.start()]);
  await seen(agent, ({ phase }) => phase === 'idle');
  await Promise.all([agent.stop('a'), agent.start(), agent.stop('b')]);
  expect(agent.view().phase).toBe('stopped');
  await Promise.all([agent.stop('c'), agent.start()]);
  const { length } = coordinator.hellos;
  await seen(agent, ({ phase }) => phase === 'idle');
  expect(coordinator.hellos.length - length).toBeLessThanOrEqual(1);
  expect(agent.refusal()).toBeUndefined();
});

test('pausing gives leases back and takes none; resuming takes work again', async () => {
  const agent = await joined(1);
  const first = coordinator.grant(5);
  coordinator.offer(first);
  await seen(agent, ({ threads }) => threads[0]?.state === 'running');
  agent.pause('on battery');
  await coordinator.until(() => coordinator.returned.has(first.lease) && coordinator.capacity === 0);
  expect(agent.view()).toMatchObject({ phase: 'paused', reason: 'on battery' });
  const refused = coordinator.grant(0);
  coordinator.offer(refused);
  await coordinator.until(() => coordinator.returned.get(refused.lease) === 'on battery');
  agent.resume();
  await coordinator.until(() => (coordinator.capacity ?? 0) > 0);
  const second = coordinator.grant(0);
  coordinator.offer(second);
  await coordinator.until(() => coordinator.results.has(second.lease));
});

test('fewer threads: what ran on them goes back, what runs elsewhere goes on', async () => {
  const agent = await joined(2);
  const grants = [coordinator.grant(5), coordinator.grant(5)];
  coordinator.offer(...grants);
  await seen(
    agent,
    ({ threads }) => threads.every(({ state }) => state === 'running') && threads.length === 2,
  );
  agent.setThreads(1);
  await coordinator.until(() => coordinator.returned.size === 1);
  const view = await seen(agent, ({ threads }) => threads.length === 1);
  expect(view).toMatchObject({ threadsAllowed: 1, threads: [{ state: 'running' }] });
  agent.setThreads(0);
  await coordinator.until(() => coordinator.returned.size === 2 && coordinator.capacity === 0);
});

test('a lost link is not a lost lease: the session resumes and the result arrives', async () => {
  await joined();
  coordinator.cut();
  const grant = coordinator.grant(0, 3);
  coordinator.offer(grant);
  await coordinator.until(() => coordinator.results.has(grant.lease));
  expect(coordinator.hellos).toHaveLength(1);
});

test('unrecorded results outlive the program and are reported again', async () => {
  coordinator.records = false;
  const agent = await joined();
  const grant = coordinator.grant(0, 3);
  coordinator.offer(grant);
  await coordinator.until(() => coordinator.results.has(grant.lease));
  await agent.close();
  coordinator.results.clear();
  coordinator.records = true;
  const later = await joined();
  expect(coordinator.hellos[1]?.held).toEqual([grant.lease]);
  await coordinator.until(() => coordinator.results.has(grant.lease));
  await seen(later, ({ unrecorded }) => unrecorded === 0);
});

test('held leases and unrecorded results survive a coordinator that forgot the session', async () => {
  coordinator.records = false;
  await joined(2);
  const [done, spinning] = [coordinator.grant(0, 1), coordinator.grant(5)];
  coordinator.offer(done, spinning);
  await coordinator.until(
    () => coordinator.results.has(done.lease) && coordinator.heard.some(({ type }) => type === 'progress'),
  );
  const first = coordinator;
  coordinator = new TestCoordinator(module);
  await first.close();
  await coordinator.until(() => coordinator.results.has(done.lease));
  expect(new Set(coordinator.hellos[0]?.held)).toEqual(new Set([spinning.lease, done.lease]));
});

test('a failed transfer is tried again; one that goes on failing sends the lease back and cools down', async () => {
  const agent = await joined(1);
  coordinator.failures = 2;
  const first = coordinator.grant(0, 1);
  coordinator.offer(first);
  await coordinator.until(() => coordinator.results.has(first.lease));
  const bytes = new Uint8Array(5_000);
  const input = { type: 'artifact', artifact: coordinator.artifactOf(bytes) } as const;
  const missing = coordinator.grant(0, 1, { input, inputDigest: digestOf(bytes) });
  coordinator.offer(missing);
  await coordinator.until(() => coordinator.returned.has(missing.lease));
  expect(coordinator.returned.get(missing.lease)).toContain('404');
  expect(agent.view().reason).toContain('404');
  await coordinator.until(() => coordinator.capacity === 0);
  await coordinator.until(() => (coordinator.capacity ?? 0) > 0);
});

test('bytes that do not match their digest are never run', async () => {
  await joined(1);
  const grant = coordinator.grant(0, 1);
  coordinator.artifacts.set(grant.module.digest, new Uint8Array(grant.module.sizeBytes));
  coordinator.offer(grant);
  await coordinator.until(() => coordinator.returned.has(grant.lease));
  expect(coordinator.returned.get(grant.lease)).toContain('does not match its digest');
});

test('a damaged module in the cache is fetched again', async () => {
  await ports.modules.put(digestOf(module), new Uint8Array(10));
  await joined(1);
  const grant = coordinator.grant(0, 1);
  coordinator.offer(grant);
  await coordinator.until(() => coordinator.results.has(grant.lease));
  expect(coordinator.fetches).toEqual([digestOf(module)]);
  expect(await ports.modules.get(digestOf(module))).toEqual(module);
});

test('grants of a hostile coordinator are sent back or ignored, and the loop goes on', async () => {
  await joined(1);
  const good = coordinator.grant(0, 1);
  const hostile = [
    coordinator.grant(0, 2, { inputDigest: digestOf(Uint8Array.of(1)) }),
    coordinator.grant(0, 3, { limits: { fuel: 1n, memoryBytes: 2 ** 40, outputBytes: 1 } }),
    coordinator.grant(0, 4, { module: { ...good.module, sizeBytes: 2 ** 50 } }),
    coordinator.grant(0, 5, { deadlineMs: 0 }),
  ];
  const junk = coordinator.grant(0, 6, { module: coordinator.artifactOf(Uint8Array.of(1, 2, 3)) });
  coordinator.artifacts.set(digestOf(Uint8Array.of(1, 2, 3)), Uint8Array.of(1, 2, 3));
  coordinator.offer(...hostile, junk, good, good);
  await coordinator.until(() => coordinator.returned.size === 4 && coordinator.results.size === 2);
  expect(new Set(coordinator.returned.keys())).toEqual(new Set(hostile.map(({ lease }) => lease)));
  expect(coordinator.results.get(junk.lease)).toMatchObject({ outcome: 'aborted' });
  expect(coordinator.results.get(good.lease)).toMatchObject({ outcome: 'completed' });
});

test('the wall bound of a lease ends a run that spends no fuel', async () => {
  await joined(1);
  const grant = coordinator.grant(1, 0, { deadlineMs: 1_500 });
  coordinator.offer(grant);
  await coordinator.until(() => coordinator.results.has(grant.lease));
  expect(coordinator.results.get(grant.lease)).toMatchObject({ outcome: 'aborted', fuel: 0n });
});

test('an agent that is displaced stops its threads, says why, and does not come back by itself', async () => {
  const agent = await joined(1);
  coordinator.offer(coordinator.grant(5));
  await seen(agent, ({ threads }) => threads[0]?.state === 'running');
  const other = createAgent({ ports, settings: { origin: ORIGIN, threads: 1 } });
  open.push(other);
  await other.start();
  const view = await seen(agent, ({ phase, threads }) => phase === 'refused' && threads.length === 0);
  expect(view.reason).toContain('another tab');
  await seen(other, ({ phase }) => phase === 'idle');
  expect(coordinator.hellos).toHaveLength(2);
  expect(agent.refusal()?.code).toBe('displaced');
  await agent.start();
  await seen(agent, ({ phase }) => phase === 'idle');
  await seen(other, ({ phase }) => phase === 'refused');
});

test('a flood of grants is not hoarded', async () => {
  const agent = await joined(1);
  const grants = Array.from({ length: 60 }, () => coordinator.grant(1));
  coordinator.offer(...grants);
  await coordinator.until(() => coordinator.returned.size > 0);
  const kept = grants.length - coordinator.returned.size;
  expect(kept).toBeLessThan(20);
  expect(agent.view().reason).toBe(`working on ${kept} tasks`);
});

test('after a freeze, leases whose time passed go back and others go on', async () => {
  let sleptMs = 0;
  const clock = { ...systemClock, nowMs: () => systemClock.nowMs() + sleptMs };
  const agent = await joined(2, { clock });
  const [short, long] = [coordinator.grant(5, 0, { deadlineMs: 90_000 }), coordinator.grant(5)];
  const lasting = { ...long, deadlineMs: 600_000 };
  coordinator.offer(short, lasting);
  await seen(agent, ({ threads }) => threads.every(({ state }) => state === 'running'));
  sleptMs = 120_000;
  await coordinator.until(() => coordinator.returned.has(short.lease));
  expect(coordinator.returned.get(short.lease)).toContain('slept');
  expect(coordinator.returned.has(lasting.lease)).toBe(false);
  await seen(agent, ({ threads }) => threads.filter(({ state }) => state === 'running').length === 1);
});

test('a heartbeat carries the figures and the state in words', async () => {
  await joined(1);
  await coordinator.until(() => coordinator.heard.some(({ type }) => type === 'heartbeat'));
  expect(coordinator.heard.find(({ type }) => type === 'heartbeat')).toMatchObject({
    cpuPercent: 12,
    state: 'idle: waiting for work',
  });
});

test('what the coordinator says of the node is shown', async () => {
  const agent = await joined(1);
  coordinator.session?.send({ type: 'idle-reason', reason: 'waiting: 2 of 3 owners are online' });
  coordinator.session?.send({
    type: 'standing',
    valid: 3,
    invalid: 1,
    inconclusive: 0,
    late: 0,
    credit: 3_000n,
  });
  const view = await seen(agent, ({ valid }) => valid === 3);
  expect(view).toMatchObject({ invalid: 1, credit: '3000', reason: 'waiting: 2 of 3 owners are online' });
});
