/** The runner's key: a seed in one file, made once. Whoever reads it can be this node. */
import type { NodeIdentity } from '@trine/mesh';
import { createNodeIdentity } from '@trine/mesh/identity-node';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { TrineError } from '@trine/protocol';
import { readIfThere, replaceFile } from './state-dir.ts';

const SEED_BYTES = 32;

/** Reads the key of this folder or makes one. A damaged key is never replaced: it would be another node. */
export async function createNodeKey(dir: string): Promise<NodeIdentity> {
  const path = join(dir, 'node.key');
  const bytes = await readIfThere(path);
  if (bytes === undefined) {
    const seed = randomBytes(SEED_BYTES);
    await replaceFile(path, new TextEncoder().encode(`${seed.toString('hex')}\n`));
    return createNodeIdentity(seed);
  }
  const seed = Buffer.from(new TextDecoder().decode(bytes).trim(), 'hex');
  if (seed.length === SEED_BYTES) return createNodeIdentity(seed);
  throw new TrineError(
    'permission-missing',
    `The key file ${path} is damaged. Restore it, or delete it to join as a new node.`,
  );
}
