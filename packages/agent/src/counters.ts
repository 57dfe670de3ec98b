/** What a node has done since its identity was made, and what the coordinator last said of it. */
import { PERSIST_DELAY_MS } from './limits.ts';
import type { AgentPorts } from './ports.ts';

export interface CounterValues {
  readonly reported: number;
  readonly fuelSpent: bigint;
  readonly valid: number;
  readonly invalid: number;
  readonly credit: bigint;
  /** Instructions a second of one thread; 0 before it was measured. */
  readonly threadSpeed: number;
}

const KEY = 'counters';
const ZERO: CounterValues = {
  reported: 0,
  fuelSpent: 0n,
  valid: 0,
  invalid: 0,
  credit: 0n,
  threadSpeed: 0,
};

/** Counters in memory, written a moment after they change. */
export class Counters {
  readonly #ports: Pick<AgentPorts, 'vault' | 'clock' | 'log'>;
  #values = ZERO;
  #timer: (() => void) | undefined;
  #saving: Promise<void> = Promise.resolve();

  constructor(ports: Pick<AgentPorts, 'vault' | 'clock' | 'log'>) {
    this.#ports = ports;
  }

  get values(): CounterValues {
    return this.#values;
  }

  change(change: Partial<CounterValues>): void {
    this.#values = { ...this.#values, ...change };
    // Ten times the pause of results: a lost second of statistics costs nothing.
    this.#timer ??= this.#ports.clock.setTimer(PERSIST_DELAY_MS * 10, () => void this.save());
  }

  /** One more result reported. */
  ran(fuel: bigint, threadSpeed: number | undefined): void {
    const { reported, fuelSpent } = this.#values;
    this.change({ reported: reported + 1, fuelSpent: fuelSpent + fuel, threadSpeed: threadSpeed ?? 0 });
  }

  async load(): Promise<void> {
    const bytes = await this.#ports.vault.get(KEY).catch(() => undefined);
    if (bytes !== undefined) this.#values = parseCounters(new TextDecoder().decode(bytes));
  }

  /** Resolves when the counters are in storage. */
  save(): Promise<void> {
    this.#timer?.();
    this.#timer = undefined;
    const text = JSON.stringify(this.#values, (_, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    );
    this.#saving = this.#saving
      .then(() => this.#ports.vault.put(KEY, new TextEncoder().encode(text)))
      .catch((error: unknown) => this.#ports.log.warn({ error: String(error) }, 'counters were not stored'));
    return this.#saving;
  }
}

/** Damaged counters start again at zero: the coordinator's own are the ones that count. */
function parseCounters(text: string): CounterValues {
  try {
    const raw = JSON.parse(text) as Readonly<Record<string, unknown>>;
    return {
      reported: count(raw['reported']),
      fuelSpent: BigInt(String(raw['fuelSpent'])),
      valid: count(raw['valid']),
      invalid: count(raw['invalid']),
      credit: BigInt(String(raw['credit'])),
      threadSpeed: count(raw['threadSpeed']),
    };
  } catch {
    return ZERO;
  }
}

const count = (value: unknown): number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0;
