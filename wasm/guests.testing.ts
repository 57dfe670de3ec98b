// Runs a guest's module as it was built, without the rewriter: its arithmetic tested by itself.
import { type GuestName, loadGuest } from './src/index.ts';

/** A function that runs one input in a fresh instance and answers a copy of the output. */
export async function plainGuest(name: GuestName): Promise<(input: Uint8Array) => Uint8Array> {
  const { module } = await loadGuest(name);
  const compiled = new WebAssembly.Module(Uint8Array.from(module));
  return (input) => {
    const imports = { trine: { progress: () => undefined, log: () => undefined } };
    const exports = new WebAssembly.Instance(compiled, imports).exports as unknown as GuestExports;
    const pointer = exports.alloc(input.length);
    new Uint8Array(exports.memory.buffer).set(input, pointer);
    const answer = BigInt.asUintN(64, answerOf(exports, pointer, input.length));
    const length = Number(answer & 0xffff_ffffn);
    return new Uint8Array(exports.memory.buffer, Number(answer >> 32n), length).slice();
  };
}

function answerOf(exports: GuestExports, pointer: number, length: number): bigint {
  if ('run' in exports) return exports.run(pointer, length);
  exports.start(pointer, length);
  while (exports.step() === 1);
  return exports.output();
}

type GuestExports = {
  readonly memory: WebAssembly.Memory;
  readonly alloc: (size: number) => number;
} & (
  | { readonly run: (pointer: number, length: number) => bigint }
  | {
      readonly start: (pointer: number, length: number) => void;
      readonly step: () => number;
      readonly output: () => bigint;
    }
);
