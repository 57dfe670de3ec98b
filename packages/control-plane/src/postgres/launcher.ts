/**
 * How the binaries are run. Postgres refuses to run as root, so root needs another identity: first choice is a
 * user namespace, in which the same files belong to somebody else and nothing is copied or handed over; where
 * namespaces are forbidden, a copy of the binaries run as the system's user `postgres`.
 */
import { execFile } from 'node:child_process';
import { chmod, chown, cp, mkdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { TrineError } from '@trine/protocol';
import { binariesIn, type PostgresBinaries } from './binaries.ts';

export interface Launcher {
  readonly binaries: PostgresBinaries;
  /** Program and arguments to run `binary` with. */
  command(
    binary: string,
    args: readonly string[],
  ): { readonly file: string; readonly args: readonly string[] };
  /** Identity to spawn with, where it is not our own. */
  readonly identity: { readonly uid: number; readonly gid: number } | undefined;
  /** Hands files that we made to the one who runs Postgres. */
  own(path: string): Promise<void>;
}

const run = promisify(execFile);
/** Finds a way to run Postgres on this machine for data below `directory`. */
export async function findLauncher(binaries: PostgresBinaries, directory: string): Promise<Launcher> {
  if (process.getuid?.() !== 0) return directLauncher(binaries);
  const users = await systemUsers();
  return (
    (await namespaceLauncher(binaries, users)) ??
    (await userLauncher(binaries, users, directory)) ??
    fail(
      'Postgres does not run as root, and this system offers neither user namespaces nor a user `postgres`. Start Trine as an ordinary user, or create that user: useradd --system postgres',
    )
  );
}

const directLauncher = (binaries: PostgresBinaries): Launcher => ({
  binaries,
  command: (file, args) => ({ file, args }),
  identity: undefined,
  own: () => Promise.resolve(),
});

interface SystemUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Tried once with `--version`: containers often forbid it. Postgres wants a uid that has a name. */
async function namespaceLauncher(
  binaries: PostgresBinaries,
  users: readonly SystemUser[],
): Promise<Launcher | undefined> {
  const user = users.find(({ uid }) => uid === 1000) ?? users.find(({ uid }) => uid > 0);
  if (process.platform !== 'linux' || user === undefined) return undefined;
  const prefix = ['--user', `--map-user=${user.uid}`, `--map-group=${user.gid}`];
  try {
    await run('unshare', [...prefix, binaries.postgres, '--version'], { cwd: '/' });
  } catch {
    return undefined;
  }
  return {
    binaries,
    command: (file, args) => ({ file: 'unshare', args: [...prefix, file, ...args] }),
    identity: undefined,
    own: () => Promise.resolve(),
  };
}

async function userLauncher(
  binaries: PostgresBinaries,
  users: readonly SystemUser[],
  directory: string,
): Promise<Launcher | undefined> {
  const user = users.find(({ name }) => name === 'postgres');
  if (user === undefined) return undefined;
  await makeReachable(directory);
  const copy = await copyBinaries(binaries, join(directory, 'binaries'));
  return {
    binaries: copy,
    command: (file, args) => ({ file, args }),
    identity: { uid: user.uid, gid: user.gid },
    own: (path) => chown(path, user.uid, user.gid),
  };
}

/**
 * The user `postgres` must pass through every directory above its data. The coordinator's own directory is
 * opened for passing, not for listing; what lies in it has modes of its own. Others are not ours to open.
 */
async function makeReachable(directory: string): Promise<void> {
  const own = dirname(directory);
  for (let path = own; path !== dirname(path); path = dirname(path)) {
    const { mode } = await stat(path);
    if ((mode & 0o001) !== 0) continue;
    if (path === own) {
      await chmod(path, (mode & 0o777) | 0o001);
    } else {
      fail(
        `As root, Postgres runs as the user \`postgres\` here, who may not enter ${path}. Set TRINE_DATA_DIR to a directory below /var/lib, or start Trine as an ordinary user.`,
      );
    }
  }
}

/** The user `postgres` cannot read a clone below a private home, so the binaries (60 MB) lie beside its data. */
async function copyBinaries(
  { root, postgres }: PostgresBinaries,
  directory: string,
): Promise<PostgresBinaries> {
  const { size } = await stat(postgres);
  // The size tells one release from the next well enough: another release is another copy.
  const target = join(directory, String(size));
  await mkdir(directory, { recursive: true });
  await cp(root, target, { recursive: true, verbatimSymlinks: true });
  return binariesIn(target);
}

async function systemUsers(): Promise<readonly SystemUser[]> {
  const text = await readFile('/etc/passwd', 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => {
    const [name, , uid, gid] = line.split(':');
    return name === undefined || uid === undefined || gid === undefined
      ? []
      : [{ name, uid: Number(uid), gid: Number(gid) }];
  });
}

function fail(message: string): never {
  throw new TrineError('permission-missing', message);
}
