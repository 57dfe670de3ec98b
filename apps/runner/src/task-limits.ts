/** The limits of a task that is run locally: what a coordinator gives a job that names none, and what flags say. */
import { LIMITS, TrineError } from '@trine/protocol';
import { PAGE_BYTES } from '@trine/rewriter';
import { FUEL_MAX, type RunLimits } from '@trine/sandbox';
import { manifestOf } from './manifest-file.ts';

/** A coordinator's defaults; a test holds them equal to the control plane's. */
export const TASK_DEFAULTS = {
  fuel: 1_000_000_000_000n,
  memoryBytes: 268_435_456,
  outputBytes: 1_048_576,
} as const satisfies RunLimits;

export interface LimitFlags {
  /** Most instructions. */
  readonly fuel?: bigint | undefined;
  /** Most linear memory, in bytes. */
  readonly memory?: number | undefined;
  /** Longest output, in bytes. */
  readonly outputMax?: number | undefined;
  /** A manifest whose limits count where no flag says otherwise. */
  readonly manifest?: string | undefined;
}

/** The limits of one run: flags win over the manifest, that over the defaults. Refuses what a coordinator would. */
export async function taskLimits(flags: LimitFlags): Promise<RunLimits> {
  const manifest = flags.manifest === undefined ? {} : (await manifestOf(flags.manifest)).limits;
  const limits = {
    fuel: flags.fuel ?? manifest.fuel ?? TASK_DEFAULTS.fuel,
    memoryBytes: flags.memory ?? manifest.memoryBytes ?? TASK_DEFAULTS.memoryBytes,
    outputBytes: flags.outputMax ?? manifest.outputBytes ?? TASK_DEFAULTS.outputBytes,
  };
  if (limits.fuel > FUEL_MAX) throw tooMuch('fuel', limits.fuel, FUEL_MAX);
  if (limits.memoryBytes > LIMITS.memoryBytes.value) {
    throw tooMuch('memory', limits.memoryBytes, LIMITS.memoryBytes.value);
  }
  if (limits.outputBytes > LIMITS.outputBytes.value) {
    throw tooMuch('output', limits.outputBytes, LIMITS.outputBytes.value);
  }
  return limits;
}

/** Memory in whole pages, as a coordinator hands it to the rewriter. */
export const memoryPages = ({ memoryBytes }: RunLimits): number => Math.floor(memoryBytes / PAGE_BYTES);

const tooMuch = (what: string, value: number | bigint, most: number | bigint): TrineError =>
  new TrineError(
    'limit-exceeded',
    `A ${what} limit of ${value} is over the most that a task may have, ${most}.`,
  );
