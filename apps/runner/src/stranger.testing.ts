// What a stranger has who follows a document: the command on the path, a coordinator, and three nodes of three owners.
import { startTestPlane, type TestPlane } from '@trine/control-plane/testing';
import { createTrine } from '@trine/sdk';
import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { buildBundle, type Bundle } from './bundle.testing.ts';

export interface Stranger {
  readonly bundle: Bundle;
  readonly plane: TestPlane;
  /** Variables under which `trine` is the built command and speaks to the coordinator as its operator. */
  readonly env: Readonly<Record<string, string>>;
  /** Starts the nodes. They have left when `close` resolves. */
  join(): Promise<void>;
  close(): Promise<void>;
}

/** Builds the command and starts the coordinator. */
export async function createStranger(): Promise<Stranger> {
  const [bundle, plane] = await Promise.all([buildBundle(), startTestPlane()]);
  const bin = join(bundle.dir, 'bin');
  await mkdir(bin);
  await writeFile(join(bin, 'trine'), `#!/bin/sh\nexec "${process.execPath}" "${bundle.path}" "$@"\n`);
  await chmod(join(bin, 'trine'), 0o755);
  const nodes: ChildProcess[] = [];
  return {
    bundle,
    plane,
    env: {
      PATH: [bin, process.env['PATH'] ?? ''].join(delimiter),
      TRINE_URL: plane.url,
      TRINE_KEY: plane.operatorKey,
    },
    async join() {
      const trine = createTrine({ url: plane.url, key: plane.operatorKey });
      for (const owner of ['ada', 'bob', 'cy']) {
        const { token } = await trine.tokens.create({ ownerName: owner });
        nodes.push(startNode(bundle, plane.url, { owner, token }));
      }
    },
    async close() {
      await Promise.all(nodes.map(ended));
      await plane.close();
      await bundle.close();
    },
  };
}

function startNode(
  bundle: Bundle,
  url: string,
  { owner, token }: { readonly owner: string; readonly token: string },
): ChildProcess {
  const args = ['join', url, '--threads', '1', '--data-dir', join(bundle.dir, owner)];
  const env = { PATH: process.env['PATH'], HOME: bundle.dir, TRINE_TOKEN: token };
  return spawn(process.execPath, [bundle.path, ...args], { env, stdio: 'ignore' });
}

const ended = (node: ChildProcess): Promise<unknown> =>
  node.exitCode === null
    ? new Promise((resolve) => {
        node.once('exit', resolve);
        node.kill('SIGTERM');
      })
    : Promise.resolve();
