/**
 * A program of the simulated world, coordinator or agent: a clock of its own that may run fast or slow, and a life
 * that an operator's `SIGSTOP`, a closed lid or a pulled plug can interrupt.
 *
 *   running ──freeze──▶ frozen ──thaw──▶ running      (what was due or arrived meanwhile happens at the thaw)
 *   running, frozen ──kill──▶ dead                    (nothing of it happens any more)
 */
import type { Clock } from '@trine/mesh';
import type { Timeline } from '../timeline.ts';

export interface ProcessOptions {
  readonly timeline: Timeline;
  readonly name: string;
  /** How fast its clocks run: 1.01 gains 36 s an hour. */
  readonly rate?: number;
  /** What its wall clock shows when the simulation's is at zero. */
  readonly wallMs?: number;
}

export class SimProcess implements Clock {
  readonly name: string;
  readonly #timeline: Timeline;
  readonly #rate: number;
  #wallMs: number;
  readonly #bornMs: number;
  #state: 'running' | 'frozen' | 'dead' = 'running';
  #backlog: (() => void)[] = [];

  constructor({ timeline, name, rate = 1, wallMs = 0 }: ProcessOptions) {
    this.name = name;
    this.#timeline = timeline;
    this.#rate = rate;
    this.#wallMs = wallMs;
    this.#bornMs = timeline.nowMs();
  }

  get isDead(): boolean {
    return this.#state === 'dead';
  }

  get isFrozen(): boolean {
    return this.#state === 'frozen';
  }

  nowMs(): number {
    return (this.#timeline.nowMs() - this.#bornMs) * this.#rate;
  }

  /** Its wall clock, whole milliseconds. */
  wallMs(): number {
    return Math.floor(this.#wallMs + this.#timeline.nowMs() * this.#rate);
  }

  /** Somebody, or a time server, sets the wall clock; what runs by it must not follow. */
  setWall(wallMs: number): void {
    this.#wallMs = wallMs;
  }

  setTimer(delayMs: number, run: () => void): () => void {
    let isSet = true;
    this.#timeline.after(Math.max(0, delayMs) / this.#rate, () => {
      if (isSet) {
        this.enter(() => {
          if (!isSet) return;
          isSet = false;
          run();
        });
      }
    });
    return () => {
      isSet = false;
    };
  }

  defer(run: () => void): void {
    queueMicrotask(() => this.enter(run));
  }

  /** A later turn of this program, at the same instant. */
  nextTurn(run: () => void): void {
    this.#timeline.after(0, () => this.enter(run));
  }

  /** Something happens in this program: now, at its thaw, or never. */
  enter(run: () => void): void {
    if (this.#state === 'frozen') this.#backlog.push(run);
    else if (this.#state === 'running') run();
  }

  freeze(): void {
    if (this.#state === 'running') this.#state = 'frozen';
  }

  thaw(): void {
    if (this.#state !== 'frozen') return;
    this.#state = 'running';
    for (const run of this.#backlog) this.nextTurn(run);
    this.#backlog = [];
  }

  kill(): void {
    this.#state = 'dead';
    this.#backlog = [];
  }
}
