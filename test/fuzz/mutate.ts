// Damages modules a little: most such bytes are still decoded a long way, some are valid.

// Bytes that mean something often: opcodes, types, LEB128 edges.
const TELLING = [
  0, 1, 2, 3, 4, 5, 0x0b, 0x0c, 0x0d, 0x0f, 0x10, 0x1a, 0x20, 0x40, 0x6a, 0x7c, 0x7d, 0x7e, 0x7f, 0x80, 0xfc,
  0xff,
];

/** A copy of `bytes` with a few bytes changed, removed, doubled or inserted. */
export function mutate(bytes: Uint8Array, random: (below: number) => number): Uint8Array {
  const copy = [...bytes];
  for (let count = 1 + random(3); count > 0; count--) {
    const at = 8 + random(copy.length - 8);
    const byte = random(2) === 0 ? random(256) : (TELLING[random(TELLING.length)] ?? 0);
    switch (random(10)) {
      case 0:
        copy.splice(at, 1);
        break;
      case 1:
        copy.splice(at, 0, byte);
        break;
      case 2:
        copy.splice(at, 0, ...copy.slice(at, at + random(8)));
        break;
      case 3:
        copy.length = random(20) === 0 ? at : copy.length;
        break;
      default:
        copy[at] = byte;
    }
  }
  return Uint8Array.from(copy);
}
