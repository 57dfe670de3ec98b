// Host calls without a guest: a memory and a fuel global of our own, and every call by its name.
import { encodeWasiInput, parseWasiInput, type WasiInput } from '@trine/protocol';
import { wasiImports } from './wasi-calls.ts';
import { WasiRun } from './wasi-run.ts';

export const PAGE = 65_536;
export const FUEL = 1_000_000_000n;

export interface Host {
  readonly memory: WebAssembly.Memory;
  readonly fuel: WebAssembly.Global<'i64'>;
  readonly run: WasiRun;
  /** Calls a host function as a guest would: numbers arrive signed. */
  call(name: string, ...given: (number | bigint)[]): number;
  view(): DataView;
  /** Writes a text and answers its length in bytes. */
  put(pointer: number, text: string): number;
  text(pointer: number, size: number): string;
  /** Writes pairs of pointer and length. */
  vectors(pointer: number, ...parts: readonly (readonly [number, number])[]): void;
  stdout(): string;
}

export function createHost(input: WasiInput | Uint8Array = {}, outputBytes = 10_000): Host {
  const bytes = input instanceof Uint8Array ? input : encodeWasiInput(input);
  const parsed = parseWasiInput(bytes);
  if (parsed.type === 'invalid') throw new Error(parsed.message);
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 4 });
  const fuel = new WebAssembly.Global<'i64'>({ value: 'i64', mutable: true }, FUEL);
  const limits = { fuel: FUEL, memoryBytes: 4 * PAGE, outputBytes };
  // An empty module: host calls look at nothing of the request but its input and limits.
  const module = new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
  const guest = { exports: {}, memory, fuel, aborted: undefined, start: undefined };
  const run = new WasiRun({ module, abi: 'wasi-1', input: bytes, limits }, guest, parsed.task);
  const calls = wasiImports(() => run);
  const view = (): DataView => new DataView(memory.buffer);
  return {
    memory,
    fuel,
    run,
    view,
    call(name, ...given) {
      const call = calls[name];
      if (typeof call !== 'function') throw new Error(`no call ${name}`);
      return Number((call as (...values: (number | bigint)[]) => unknown)(...given));
    },
    put(pointer, text) {
      const encoded = new TextEncoder().encode(text);
      new Uint8Array(memory.buffer).set(encoded, pointer);
      return encoded.length;
    },
    text: (pointer, size) => new TextDecoder().decode(new Uint8Array(memory.buffer, pointer, size)),
    vectors(pointer, ...parts) {
      for (const [index, [at, size]] of parts.entries()) {
        view().setUint32(pointer + index * 8, at, true);
        view().setUint32(pointer + index * 8 + 4, size, true);
      }
    },
    stdout: () => new TextDecoder().decode(run.output.bytes('stdout')),
  };
}
