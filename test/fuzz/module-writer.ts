// Encodes generated modules. A few lines, so that the generator shares no encoder with what it tests.

export const I32 = 0x7f;
export const I64 = 0x7e;
export const F32 = 0x7d;
export const F64 = 0x7c;
export const V128 = 0x7b;

/** An unsigned LEB128. */
export function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...unsigned(Math.floor(value / 128))];
}

/** A signed LEB128. */
export function signed(value: bigint): number[] {
  const low = Number(value & 0x7fn);
  const rest = value >> 7n;
  const done = (rest === 0n && low < 64) || (rest === -1n && low >= 64);
  return done ? [low] : [low + 128, ...signed(rest)];
}

/** A vector: its length and its items. */
export function list(items: readonly (readonly number[])[]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

/** A length and that many bytes. */
export function sized(bytes: readonly number[]): number[] {
  return [...unsigned(bytes.length), ...bytes];
}

export function text(value: string): number[] {
  return sized(Array.from(value, (letter) => letter.charCodeAt(0)));
}

export interface Section {
  readonly id: number;
  readonly bytes: readonly number[];
}

/** A guest whose `run` has this body, locals and `end` included; sections with higher numbers may follow. */
export function guestWith(body: readonly number[], more: readonly Section[] = []): Uint8Array {
  return moduleOf([
    {
      id: 1,
      bytes: list([
        [0x60, 1, I32, 1, I32],
        [0x60, 2, I32, I32, 1, I64],
      ]),
    },
    { id: 3, bytes: list([[0], [1]]) },
    { id: 5, bytes: list([[0, 1]]) },
    {
      id: 7,
      bytes: list([
        [...text('memory'), 2, 0],
        [...text('alloc'), 0, 0],
        [...text('run'), 0, 1],
      ]),
    },
    { id: 10, bytes: list([sized([0, 0x41, ...signed(64n), 0x0b]), sized(body)]) },
    ...more,
  ]);
}

/** A module of these sections, empty ones left out. */
export function moduleOf(sections: readonly Section[]): Uint8Array {
  const filled = sections.filter(({ bytes }) => bytes.length > 1 || (bytes[0] ?? 0) > 0);
  return Uint8Array.from([
    0,
    97,
    115,
    109,
    1,
    0,
    0,
    0,
    ...filled.flatMap(({ id, bytes }) => [id, ...sized(bytes)]),
  ]);
}
