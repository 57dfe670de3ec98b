/** For the kill test: one slice of artifacts that stops for good at a named moment and says so. */
import type { Digest } from '@trine/protocol';
import { openArtifactFiles } from '../artifacts/artifact-files.ts';
import { createPrismaStore } from '../store/prisma-store.ts';

const [, , url = '', directory = '', stopAt = ''] = process.argv;
const files = await openArtifactFiles(directory);
const store = createPrismaStore({ url });

/** Says that the moment has come, and waits for the kill. */
async function moment(name: string): Promise<void> {
  if (name !== stopAt) return;
  process.stdout.write('reached\n');
  await new Promise((resolve) => setTimeout(resolve, 600_000));
}

await store.retention.removeArtifacts(
  1_000,
  { count: 15, after: undefined },
  async (digests: readonly Digest[]) => {
    await moment('before-aside');
    await files.setAside(digests.slice(0, 7));
    await moment('half-aside');
    await files.setAside(digests.slice(7));
    await moment('after-aside');
  },
);
await moment('after-commit');
