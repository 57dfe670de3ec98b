// The collatz guest's shared bytes and answers.

const SHARED_BYTES = 20;
const OUTPUT_BYTES = 32;
const LOW = (1n << 64n) - 1n;

/** Where the search that others published a speed for begins. */
export const COLLATZ_START = 3_179_389_980_591_125_407_167n;

/** What one task found among its numbers. */
export interface CollatzAnswer {
  /** The smallest number that takes the most steps. */
  readonly record: bigint;
  readonly mostSteps: number;
  readonly numbers: number;
  /** Of all numbers together. */
  readonly sumOfSteps: bigint;
}

/** The bytes that all tasks of a range job share: task *i* walks `numbers` numbers from start + i · numbers on. */
export function collatzShared(start: bigint, numbers: number): Uint8Array {
  const shared = new Uint8Array(SHARED_BYTES);
  const view = new DataView(shared.buffer);
  view.setBigUint64(0, start & LOW, true);
  view.setBigUint64(8, start >> 64n, true);
  view.setUint32(16, numbers, true);
  return shared;
}

/** The input of one task: the shared bytes and its number, as a range job makes it. */
export function collatzInput(start: bigint, numbers: number, task = 0n): Uint8Array {
  const input = new Uint8Array(SHARED_BYTES + 8);
  input.set(collatzShared(start, numbers));
  new DataView(input.buffer).setBigUint64(SHARED_BYTES, task, true);
  return input;
}

/** Reads an output of the collatz guest; `undefined` when it has another length. */
export function decodeCollatz(output: Uint8Array): CollatzAnswer | undefined {
  if (output.length !== OUTPUT_BYTES) return undefined;
  const view = new DataView(output.buffer, output.byteOffset, output.byteLength);
  return {
    record: view.getBigUint64(0, true) + (view.getBigUint64(8, true) << 64n),
    mostSteps: view.getUint32(16, true),
    numbers: view.getUint32(20, true),
    sumOfSteps: view.getBigUint64(24, true),
  };
}
