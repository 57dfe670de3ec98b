// The kernels compiled by clang: answers that depend on their argument alone, the same plain and prepared.
import { readFile } from 'node:fs/promises';
import { prepare } from '@trine/rewriter';
import { expect, test } from 'vitest';

type Kernel = (n: number) => number;
const SIZES = [1, 2, 17, 1];

const module = new Uint8Array(await readFile(new URL('kernels.wasm', import.meta.url)));
const prepared = prepare(module);
const names = WebAssembly.Module.exports(new WebAssembly.Module(module))
  .filter(({ kind, name }) => kind === 'function' && name !== 'alloc' && name !== 'run')
  .map(({ name }) => name);

function open(bytes: Uint8Array): (name: string) => Kernel {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(bytes)));
  const fuel = exports['trine:fuel'];
  if (fuel instanceof WebAssembly.Global) fuel.value = 1n << 62n;
  return (name) => exports[name] as Kernel;
}

test('there are fourteen', () => {
  expect(names).toHaveLength(14);
});

test.each(names)('%s answers the same plain, prepared, and whatever ran before', (name) => {
  if (prepared.type === 'refused') throw new Error(prepared.message);
  const answers = SIZES.map(open(module)(name));
  expect(answers[0]).toBe(answers[3]);
  expect(SIZES.map(open(prepared.bytes)(name))).toEqual(answers);
  for (const [place, n] of SIZES.entries()) expect(open(module)(name)(n)).toBe(answers[place]);
});

test('eight queens have 92 places, and transforms forth and back leave what was there', () => {
  const kernel = open(module);
  expect(kernel('queens')(1)).toBe(92);
  expect(kernel('fft')(2)).toBeCloseTo(kernel('fft')(20), 10);
  expect(kernel('fft')(1)).not.toBeCloseTo(kernel('fft')(2), 1);
});
