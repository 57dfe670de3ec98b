// Every engine that runs these tests has the features that AssemblyScript emits; the probes must see them.
import { expect, test } from 'vitest';
import { wasmFeatures } from './wasm-features.ts';

test('finds what Node 20 has', () => {
  expect(wasmFeatures()).toEqual(
    expect.arrayContaining([
      'sign-extension',
      'saturating-conversion',
      'bulk-memory',
      'simd',
      'tail-call',
      'reference-types',
    ]),
  );
});
