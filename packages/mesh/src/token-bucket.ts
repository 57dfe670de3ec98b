/** A rate averaged over a window: a burst of the whole window is allowed, a lasting excess is not. */
import { RATE_WINDOW_MS } from './limits.ts';

export class TokenBucket {
  readonly #perSecond: number;
  readonly #capacity: number;
  #tokens: number;
  #atMs: number;

  constructor(perSecond: number, nowMs: number) {
    this.#perSecond = perSecond;
    this.#capacity = (perSecond * RATE_WINDOW_MS) / 1_000;
    this.#tokens = this.#capacity;
    this.#atMs = nowMs;
  }

  /** Takes `amount`; false when the rate is exceeded. */
  take(amount: number, nowMs: number): boolean {
    const grown = this.#tokens + ((nowMs - this.#atMs) * this.#perSecond) / 1_000;
    this.#tokens = Math.min(this.#capacity, grown) - amount;
    this.#atMs = nowMs;
    return this.#tokens >= 0;
  }
}
