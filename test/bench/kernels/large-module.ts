// A large module out of a small one: its function bodies again and again, behind the ones that are used.

import { unsigned } from '../../fuzz/module-writer.ts';

const SECTION_FUNCTION = 3;
const SECTION_CODE = 10;

/** `module` with `times` copies of its functions. It must be valid. */
export function repeatFunctions(module: Uint8Array, times: number): Uint8Array {
  const parts: Uint8Array[] = [module.subarray(0, 8)];
  for (let at = 8; at < module.length; ) {
    const [size, start] = readUnsigned(module, at + 1);
    const id = module[at] ?? 0;
    const content = module.subarray(start, start + size);
    const repeated = id === SECTION_FUNCTION || id === SECTION_CODE ? repeatEntries(content, times) : content;
    parts.push(Uint8Array.from([id, ...unsigned(repeated.length)]), repeated);
    at = start + size;
  }
  return concatenate(parts);
}

function repeatEntries(content: Uint8Array, times: number): Uint8Array {
  const [count, start] = readUnsigned(content, 0);
  const entries = Array.from({ length: times }, () => content.subarray(start));
  return concatenate([Uint8Array.from(unsigned(count * times)), ...entries]);
}

/** A number and where it ends. */
function readUnsigned(bytes: Uint8Array, from: number): readonly [number, number] {
  let value = 0;
  for (let at = from; ; at++) {
    const byte = bytes[at] ?? 0;
    value += (byte & 0x7f) * 2 ** (7 * (at - from));
    if (byte < 0x80) return [value, at + 1];
  }
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
