// Makes a module that fails a check smaller, while it fails the same one: bodies become `unreachable` one by one.

/** Where a body lies, its size in front of it included, and how far its section's size field reaches. */
interface Body {
  readonly start: number;
  readonly end: number;
}

const SECTION_CODE = 10;
const UNREACHABLE_BODY = [3, 0, 0x00, 0x0b];

/** The smallest module found for which `fails` still holds; the module itself if none is smaller. */
export function shrink(module: Uint8Array, fails: (candidate: Uint8Array) => boolean): Uint8Array {
  let best = module;
  for (let index = 0; ; index++) {
    const bodies = bodiesOf(best);
    const body = bodies[index];
    if (body === undefined) return best;
    const candidate = withoutBody(best, body);
    if (candidate.length < best.length && fails(candidate)) best = candidate;
  }
}

function withoutBody(module: Uint8Array, body: Body): Uint8Array {
  const section = codeSection(module);
  if (section === undefined) return module;
  const content = [
    ...module.subarray(section.start, body.start),
    ...UNREACHABLE_BODY,
    ...module.subarray(body.end, section.end),
  ];
  return Uint8Array.from([
    ...module.subarray(0, section.at + 1),
    ...unsigned(content.length),
    ...content,
    ...module.subarray(section.end),
  ]);
}

function bodiesOf(module: Uint8Array): readonly Body[] {
  const section = codeSection(module);
  if (section === undefined) return [];
  const [count, first] = readUnsigned(module, section.start);
  const bodies: Body[] = [];
  let start = first;
  for (let index = 0; index < count && start < section.end; index++) {
    const [size, from] = readUnsigned(module, start);
    bodies.push({ start, end: Math.min(from + size, section.end) });
    start = from + size;
  }
  return bodies;
}

interface Section extends Body {
  /** The byte of its id. */
  readonly at: number;
}

function codeSection(module: Uint8Array): Section | undefined {
  for (let at = 8; at < module.length; ) {
    const [size, start] = readUnsigned(module, at + 1);
    const end = Math.min(start + size, module.length);
    if (module[at] === SECTION_CODE) return { at, start, end };
    at = end;
  }
  return undefined;
}

/** The number, and where it ends. */
function readUnsigned(module: Uint8Array, at: number): readonly [number, number] {
  let value = 0;
  for (let length = 0; length < 5; length++) {
    const byte = module[at + length] ?? 0;
    value += (byte & 0x7f) * 2 ** (7 * length);
    if (byte < 0x80) return [value, at + length + 1];
  }
  return [value, at + 5];
}

function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}
