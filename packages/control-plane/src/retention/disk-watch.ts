/**
 * Watches how much room the disk of the data directory has, and stops what would fill it before Postgres does: first
 * new jobs and uploads, then new leases. Running work is recorded all the while. Room that returns opens both again.
 */
import { statfs } from 'node:fs/promises';
import type { Clock } from '@trine/mesh';
import { TrineError } from '@trine/protocol';
import type { Logger } from 'pino';
import { RETENTION_LIMITS } from './limits.ts';

export interface DiskSpace {
  readonly freeBytes: number;
  readonly sizeBytes: number;
}

export type DiskState = 'enough' | 'intake-stopped' | 'leases-stopped';

export interface DiskWatchOptions {
  readonly directory: string;
  /** Free bytes below which intake stops; a quarter of it stops leases. From the named limits unless told. */
  readonly floorBytes?: number | undefined;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  /** Leases stop, or may be granted again. */
  readonly onLeases: (areStopped: boolean) => void;
  /** The disk's figures; from the system unless told. */
  readonly read?: (directory: string) => Promise<DiskSpace>;
}

export interface DiskWatch {
  state(): DiskState;
  freeBytes(): number;
  /** What is stopped, why, and what to do; empty when nothing is. */
  message(): string;
  /** Throws `disk-full` with that sentence while intake is stopped. */
  assertIntake(): void;
  /** Looks now; the timer looks by itself. */
  look(): Promise<void>;
  /** Safe to call twice. */
  close(): void;
}

/** Looks once before it answers. A disk that cannot be asked counts as having room: writing says what is wrong. */
export async function openDiskWatch(options: DiskWatchOptions): Promise<DiskWatch> {
  const { directory, clock, log, onLeases, read = readSpace } = options;
  let space: DiskSpace = { freeBytes: Number.POSITIVE_INFINITY, sizeBytes: 0 };
  let state: DiskState = 'enough';
  let isClosed = false;
  let stopTimer: (() => void) | undefined;

  const floor = (): number => options.floorBytes ?? defaultFloor(space.sizeBytes);
  const message = (): string => (state === 'enough' ? '' : sentence(state, space.freeBytes, floor()));
  const look = async (): Promise<void> => {
    space = await read(directory).catch(() => space);
    const before = state;
    state = diskState(before, space.freeBytes, floor());
    if (state === before) return;
    if ((state === 'leases-stopped') !== (before === 'leases-stopped')) onLeases(state === 'leases-stopped');
    if (state === 'enough')
      log.info({ freeBytes: space.freeBytes }, 'the disk has room again; intake is open');
    else log.warn({ freeBytes: space.freeBytes, floorBytes: floor() }, message());
  };
  const again = (): void => {
    if (isClosed) return;
    stopTimer = clock.setTimer(RETENTION_LIMITS.diskLookMs.value, () => void look().then(again));
  };
  await look();
  again();
  return {
    state: () => state,
    freeBytes: () => space.freeBytes,
    message,
    assertIntake() {
      if (state !== 'enough') throw new TrineError('disk-full', message());
    },
    look,
    close() {
      isClosed = true;
      stopTimer?.();
    },
  };
}

async function readSpace(directory: string): Promise<DiskSpace> {
  const { bavail, bsize, blocks } = await statfs(directory);
  return { freeBytes: bavail * bsize, sizeBytes: blocks * bsize };
}

const defaultFloor = (sizeBytes: number): number =>
  Math.min(
    RETENTION_LIMITS.diskFloorBytes.value,
    Math.floor((sizeBytes * RETENTION_LIMITS.diskFloorPercent.value) / 100),
  );

/** A quarter of the floor is left for results of work that runs already. */
const LEASES_PART = 0.25;
/** What is stopped opens again only a tenth above its floor, so that it does not flap. */
const RETURN_PART = 1.1;

/** `enough` above the floor, `intake-stopped` below it, `leases-stopped` below a quarter of it. */
export function diskState(before: DiskState, freeBytes: number, floorBytes: number): DiskState {
  const leasesBelow = floorBytes * LEASES_PART * (before === 'leases-stopped' ? RETURN_PART : 1);
  if (freeBytes < leasesBelow) return 'leases-stopped';
  const intakeBelow = floorBytes * (before === 'enough' ? 1 : RETURN_PART);
  return freeBytes < intakeBelow ? 'intake-stopped' : 'enough';
}

const megabytes = (bytes: number): string => `${Math.floor(bytes / 1_048_576)} MiB`;

function sentence(state: Exclude<DiskState, 'enough'>, freeBytes: number, floorBytes: number): string {
  const stopped =
    state === 'intake-stopped'
      ? 'new jobs and uploads are refused; running work goes on'
      : 'new jobs, uploads and leases wait; results of running work are still recorded';
  return (
    `The disk of TRINE_DATA_DIR has ${megabytes(freeBytes)} free and needs ${megabytes(floorBytes)}: ${stopped}. ` +
    'Make room, or lower TRINE_DISK_FLOOR_MIB; it goes on by itself.'
  );
}
