import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import SimplePeer from 'simple-peer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildLinkChild } from '../build-link-child.mjs';
import { linkConformance, type LinkRig, sessionConformance } from './conformance.ts';
import type { Link } from './link.ts';
import { type LinkProcess, startLinkProcess } from './link-process.ts';
import { isLoopback, wrtc } from './loopback.testing.ts';
import { openPeer } from './peer-link.ts';
import type { PeerHandle, PeerHandlers } from './peer-source.ts';

const entry = fileURLToPath(new URL('../dist/link-child.test.cjs', import.meta.url));
let links: LinkProcess;

beforeAll(async () => {
  await buildLinkChild({ outfile: entry });
  links = startLinkProcess({ entry, loopbackOnly: true });
  await links.started;
  expect(links.reason).toBe('');
});
afterAll(() => links.close());

/** A data channel from a peer of this process to one of the link process. */
async function connect(to: LinkProcess): Promise<{ near: Link; far: Link; sever: () => void }> {
  const made: SimplePeer.Instance[] = [];
  class SeenPeer extends SimplePeer {
    constructor(options?: SimplePeer.Options) {
      super(options);
      made.push(this);
    }
  }
  const common = { SimplePeer: SeenPeer, wrtc, iceServers: [], keepCandidate: isLoopback };
  const attempt = openPeer({ ...common, initiator: true, onSignal: (data) => handle.signal(data) });
  const { handle, opened } = accept(to, (data) => attempt.signal(data));
  const [near, far] = await Promise.all([attempt.opened, opened]);
  return { near, far, sever: () => made[0]?.destroy() };
}

function accept(
  to: LinkProcess,
  onSignal: PeerHandlers['onSignal'],
): { readonly handle: PeerHandle; readonly opened: Promise<Link> } {
  const { promise, resolve, reject } = deferred<Link>();
  const onFailed = (reason: string): void => reject(new Error(reason));
  return { handle: to.accept({ iceServers: [], onSignal, onLink: resolve, onFailed }), opened: promise };
}

function deferred<T>() {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<T>((resolved, rejected) => {
    resolve = resolved;
    reject = rejected;
  });
  return { promise, resolve, reject };
}

async function makeRig(): Promise<LinkRig> {
  return {
    connect: async () => {
      const { near, far, sever } = await connect(links);
      return { near, far, cut: sever };
    },
    close: async () => undefined,
  };
}

linkConformance('link process', { makeRig, carriesCodes: false });
sessionConformance('link process', { makeRig, carriesCodes: false, seed: 3 });

describe('the link process', () => {
  test('closes its links when it dies, and starts again', async () => {
    const changes: string[] = [];
    const restarted = deferred<void>();
    const mortal = startLinkProcess({
      entry,
      loopbackOnly: true,
      onChanged: (available, reason) => {
        changes.push(reason);
        if (available && changes.length > 3) restarted.resolve();
      },
    });
    await mortal.started;
    const { far } = await connect(mortal);
    const closed = new Promise<string>((resolve) => {
      far.listen({ onFrame: () => undefined, onClose: (_code, reason) => resolve(reason) });
    });
    process.kill(mortal.pid ?? 0, 'SIGKILL');
    expect(await closed).toBe('the link process ended');
    expect(mortal.available).toBe(false);
    expect(mortal.reason).toContain('SIGKILL');
    await restarted.promise;
    const again = await connect(mortal);
    expect(again.far.kind).toBe('webrtc');
    const pid = mortal.pid ?? 0;
    await mortal.close();
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  test('takes no more peers than it has places, and frees them', async () => {
    const small = startLinkProcess({ entry, loopbackOnly: true, maxLinks: 1 });
    await small.started;
    const freed = deferred<void>();
    expect(small.available).toBe(true);
    const handle = small.accept({
      iceServers: [],
      onSignal: () => undefined,
      onLink: () => undefined,
      onFailed: () => undefined,
      onEnded: freed.resolve,
    });
    expect(small.available).toBe(false);
    expect(small.reason).toBe('all 1 data channels are taken');
    handle.close('the test changed its mind');
    await freed.promise;
    expect(small.available).toBe(true);
    await small.close();
  });

  test('says so where the native package is missing', async () => {
    const elsewhere = await mkdtemp(join(tmpdir(), 'trine-mesh-'));
    const copy = join(elsewhere, 'link-child.cjs');
    await copyFile(entry, copy);
    const missing = startLinkProcess({ entry: copy });
    await missing.started;
    expect(missing.available).toBe(false);
    expect(missing.reason).toContain('@roamhq/wrtc does not load');
    await missing.close();
    await rm(elsewhere, { recursive: true });
  });
});
