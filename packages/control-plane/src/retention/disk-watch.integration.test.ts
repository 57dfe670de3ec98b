/** A disk that fills, for real: a small tmpfs under the data directory of a whole control plane. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { buildPrepareThread } from '../../build-prepare-thread.mjs';
import { startTestPlane, type TestPlane } from '../control-plane.testing.ts';
import { ECHO_MODULE, inputOf, resultFor, startTestNode, type TestNode } from '../test-node.testing.ts';

const MEBI = 1_048_576;
const isRoot = process.getuid?.() === 0;
let disk: string;
let scratch: string;
let plane: TestPlane;
const nodes: TestNode[] = [];

beforeEach(async () => {
  disk = await mkdtemp(join(tmpdir(), 'trine-small-disk-'));
  scratch = await mkdtemp(join(tmpdir(), 'trine-scratch-'));
});
afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.leave()));
  await plane.close();
  spawnSync('umount', ['--lazy', disk]);
  for (const path of [disk, scratch]) await rm(path, { recursive: true, force: true });
});

/** A plane on a disk of 32 MiB: intake stops below 16 free, leases below 4. */
async function startOnSmallDisk(): Promise<void> {
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=32m', 'tmpfs', disk]);
  expect(mounted.status, mounted.stderr.toString()).toBe(0);
  plane = await startTestPlane({
    dataDir: disk,
    diskFloorBytes: 16 * MEBI,
    prepareThreadEntry: await buildPrepareThread({ outdir: scratch }),
  });
}

const fill = (mebi: number): Promise<void> =>
  writeFile(join(disk, `filler-${mebi}`), new Uint8Array(mebi * MEBI));
const empty = (mebi: number): Promise<void> => rm(join(disk, `filler-${mebi}`));

/** Waits until `/health` says of the disk what is expected. */
async function untilHealth(fits: (disk: { readonly ok: boolean; readonly message: string }) => boolean) {
  for (;;) {
    const health = (await (await fetch(`${plane.url}/health`)).json()) as {
      readonly ready: boolean;
      readonly dependencies: { readonly disk: { readonly ok: boolean; readonly message: string } };
    };
    if (fits(health.dependencies.disk)) return health;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const submit = (module: string, key: string) =>
  plane.plane.caller({ type: 'key', key: 'kmine' as never, name: 'mine', role: 'operator' }).jobs.submit({
    name: 'echo',
    module,
    inputs: { type: 'inline', items: ['YQ==', 'Yg=='] },
    idempotencyKey: key,
  });

function join3(): readonly TestNode[] {
  for (const n of [1, 2, 3]) {
    const node = startTestNode({ url: plane.url, token: tokens[n - 1] ?? '', capacity: 1 });
    nodes.push(node);
  }
  return nodes;
}
let tokens: readonly string[] = [];

test.skipIf(!isRoot)(
  'a disk that fills stops intake, then leases, records what runs, and goes on by itself',
  async () => {
    await startOnSmallDisk();
    const made = await Promise.all(
      ['ada', 'bob', 'eve'].map((ownerName) =>
        plane.plane.access.createToken({ ownerName, expiresInMs: undefined, label: '' }),
      ),
    );
    tokens = made.map(({ token }) => token);
    const module = await plane.upload(ECHO_MODULE);
    const job = await submit(module, 'first');
    const all = join3();
    const grants = await Promise.all(
      all.map(async (node) => {
        await node.wait('grants');
        const [grant] = [...node.grants.values()];
        if (grant === undefined) throw new Error('The node heard of a grant and holds none.');
        return { node, grant };
      }),
    );

    await fill(18);
    const health = await untilHealth(({ ok }) => !ok);
    expect(health.ready).toBe(true);
    expect(health.dependencies.disk.message).toMatch(/needs 16 MiB: new jobs and uploads are refused/);
    await expect(submit(module, 'second')).rejects.toMatchObject({ cause: { code: 'disk-full' } });
    await expect(plane.upload(new Uint8Array(1_000))).rejects.toThrow();
    const overview = () => plane.plane.caller({ type: 'anonymous' }).cluster.overview();
    expect((await overview()).notice).toMatch(/Make room/);

    await fill(11);
    await untilHealth(({ message }) => message.includes('leases wait'));
    for (const { node, grant } of grants) await node.report([resultFor(grant, { output: inputOf(grant) })]);
    await Promise.all(all.map((node) => node.wait('results-recorded')));
    expect((await overview()).leases).toBe(0);

    await empty(18);
    await empty(11);
    await untilHealth(({ ok }) => ok);
    const isNew = (lease: number) => grants.every(({ grant }) => grant.lease !== lease);
    await Promise.all(
      all.map((node) => node.wait('grants', ({ grants: later }) => later.some(({ lease }) => isNew(lease)))),
    );
    expect((await submit(module, 'second')).id).not.toBe(job.id);
    expect((await overview()).notice).toBeUndefined();
  },
);
