/** Jobs for tests, made of the guests that come with Trine. */
import { createTrine, type Job } from '@trine/sdk';
import { fractalInputs, loadGuest } from '@trine/wasm';
import type { RunningCoordinator } from './processes.ts';

/** An exponent whose test takes some seconds of one thread. */
export const LONG_EXPONENT = 9_689;
/** An exponent whose test takes milliseconds. */
export const SHORT_EXPONENT = 2_281;

const exponentInput = (exponent: number): Uint8Array => {
  const input = new Uint8Array(4);
  new DataView(input.buffer).setUint32(0, exponent, true);
  return input;
};

/** `count` tasks, each the Lucas–Lehmer test of `exponent`. */
export async function submitMersenne(
  coordinator: RunningCoordinator,
  exponent: number,
  count: number,
): Promise<Job> {
  const { module } = await loadGuest('mersenne');
  return createTrine({ url: coordinator.url, key: coordinator.key }).submit({
    name: `exponent ${exponent}`,
    module,
    inputs: Array.from({ length: count }, () => exponentInput(exponent)),
    limits: { fuel: 1_000_000_000_000n, outputBytes: 16 },
    isPublic: true,
  });
}

/** The demonstration's picture. */
export async function submitFractal(coordinator: RunningCoordinator): Promise<Job> {
  const { module, manifest } = await loadGuest('fractal');
  return createTrine({ url: coordinator.url, key: coordinator.key }).submit({
    name: manifest.title,
    module,
    inputs: fractalInputs(),
    limits: { outputBytes: manifest.limits.outputBytes },
    manifest: { title: manifest.title, summary: manifest.summary, output: manifest.output },
    isPublic: true,
  });
}
