// Writes hostile modules byte by byte, for tricks whose size is the trick: no assembler, no object per instruction.

/** A module too large to keep as a file: what it tries, how it ends, and how to make it. */
export interface HostileModule {
  /** What it tries and what stops it, in sentences. */
  readonly about: string;
  /** As the header of a text module says it: `refused <code>` or an outcome. */
  readonly expect: string;
  /** The size at which it ends so. What a size counts is the trick's own. */
  readonly size: number;
  /** A size that is accepted, from which preparing is measured as the module doubles; absent if none is. */
  readonly scaleFrom?: number;
  readonly build: (size: number) => Uint8Array;
}

// Types that every guest of `guestModule` has: of `alloc`, of `run`, and `() -> ()`.
const ALLOC_TYPE = 0;
const RUN_TYPE = 1;
export const NOTHING_TYPE = 2;
/** The first type and the first function of the trick itself. */
export const OWN_TYPE = 3;
export const OWN_FUNCTION = 2;

const I32 = 0x7f;
const I64 = 0x7e;

/** What a trick adds to the smallest guest there is. Entries are whole, without their count. */
export interface GuestParts {
  readonly types?: readonly Uint8Array[];
  /** Type indices of further functions. */
  readonly functions?: ArrayLike<number>;
  /** Their bodies: local declarations, instructions, `end`. */
  readonly bodies?: readonly Uint8Array[];
  readonly tables?: readonly Uint8Array[];
  readonly globals?: readonly Uint8Array[];
  readonly exports?: readonly Uint8Array[];
  readonly start?: number;
  readonly elements?: readonly Uint8Array[];
  readonly data?: readonly Uint8Array[];
  /** Names of empty custom sections in front of all else. */
  readonly customs?: readonly string[];
  /** Instructions of `run` before it answers nothing. */
  readonly run?: Uint8Array;
}

/** A guest with the parts of a trick. */
export function guestModule(parts: GuestParts): Uint8Array {
  const functions = [ALLOC_TYPE, RUN_TYPE, ...Array.from(parts.functions ?? [])];
  const run = joined([bytes(0), parts.run ?? bytes(), bytes(0x42, 0, 0x0b)]);
  const bodies = [bytes(0, 0x41, 16, 0x0b), run, ...(parts.bodies ?? [])];
  return joined([
    bytes(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0),
    ...(parts.customs ?? []).map((text) => section(0, [name(text)])),
    counted(1, [
      functionType([I32], [I32]),
      functionType([I32, I32], [I64]),
      functionType([], []),
      ...(parts.types ?? []),
    ]),
    counted(3, functions.map(unsigned)),
    counted(4, parts.tables ?? []),
    counted(5, [bytes(0, 1)]),
    counted(6, parts.globals ?? []),
    counted(7, [
      exported('memory', 2, 0),
      exported('alloc', 0, 0),
      exported('run', 0, 1),
      ...(parts.exports ?? []),
    ]),
    parts.start === undefined ? bytes() : section(8, [unsigned(parts.start)]),
    counted(9, parts.elements ?? []),
    counted(
      10,
      bodies.flatMap((body) => [unsigned(body.length), body]),
      bodies.length,
    ),
    counted(11, parts.data ?? []),
  ]);
}

export const bytes = (...values: readonly number[]): Uint8Array => Uint8Array.from(values);

/** An unsigned LEB128. */
export function unsigned(value: number): Uint8Array {
  const out: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) out.push((rest & 0x7f) | 0x80);
  return bytes(...out, rest);
}

export const functionType = (parameters: readonly number[], results: readonly number[]): Uint8Array =>
  joined([
    bytes(0x60),
    unsigned(parameters.length),
    bytes(...parameters),
    unsigned(results.length),
    bytes(...results),
  ]);

export const exported = (text: string, kind: number, index: number): Uint8Array =>
  joined([name(text), bytes(kind), unsigned(index)]);

/** `part` so often, in one piece. */
export function repeated(part: Uint8Array, count: number): Uint8Array {
  const whole = new Uint8Array(part.length * count);
  if (part.length > 0 && count > 0) whole.set(part);
  for (let done = part.length; done > 0 && done < whole.length; done *= 2) whole.copyWithin(done, 0, done);
  return whole;
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A body without locals around `code`. */
export const body = (...code: readonly Uint8Array[]): Uint8Array => joined([bytes(0), ...code, bytes(0x0b)]);

/** So many equal functions of type `() -> ()`. */
export const manyFunctions = (code: Uint8Array, count: number): Pick<GuestParts, 'functions' | 'bodies'> => ({
  functions: new Uint8Array(count).fill(NOTHING_TYPE),
  bodies: Array.from<Uint8Array>({ length: count }).fill(code),
});

function name(text: string): Uint8Array {
  const encoded = new TextEncoder().encode(text);
  return joined([unsigned(encoded.length), encoded]);
}

function section(id: number, content: readonly Uint8Array[]): Uint8Array {
  const size = content.reduce((sum, part) => sum + part.length, 0);
  return joined([bytes(id), unsigned(size), ...content]);
}

const counted = (id: number, entries: readonly Uint8Array[], count = entries.length): Uint8Array =>
  count === 0 ? bytes() : section(id, [unsigned(count), ...entries]);
