/** Time and chance as ports, so that a simulator can drive sessions and a seed repeats a run. */

export interface Clock {
  /** Milliseconds that never run backwards; only differences mean something. */
  nowMs(): number;
  /** Runs `run` once after `delayMs`. The answer cancels it; calling that late or twice is harmless. */
  setTimer(delayMs: number, run: () => void): () => void;
  /** Runs `run` when the current turn's work is done: what was queued until then shares a frame. */
  defer(run: () => void): void;
}

/** `sizeBytes` unpredictable bytes: nonces and jitter are made of them. */
export type Entropy = (sizeBytes: number) => Uint8Array;

/** The platform's own clock. */
export const systemClock: Clock = {
  nowMs: () => performance.now(),
  setTimer(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
  defer: (run) => queueMicrotask(run),
};

/** The platform's own randomness; browsers offer it on plain http as well. */
export const systemEntropy: Entropy = (sizeBytes) => crypto.getRandomValues(new Uint8Array(sizeBytes));

/** A number in [0, 1) from four bytes of entropy. */
export function unitFrom(entropy: Entropy): number {
  const bytes = entropy(4);
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0) / 2 ** 32;
}
