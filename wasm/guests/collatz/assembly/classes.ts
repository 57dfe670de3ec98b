// The classes of residues modulo 2^16: those r with the same c and d in T^16(q·2^16 + r) = q·3^c + d.
//
// Level by level: a class of level j holds numbers q·2^j + r, now at q·3^c + d. With q = 2p + b they are at
// p·2·3^c + (b·3^c + d), so the parity of b·3^c + d decides for all of them, and gives two classes of level j + 1. Equal
// ones are found through a hash table and joined: their counts are added, the smaller r stays.

export const BLOCK_BITS: u32 = 16;

/** u32 d, u32 c, u32 smallest r, u32 count. */
export const CLASS_BYTES: i32 = 16;
const CLASSES_MAX: i32 = 19_275;
/** Places of the hash table: a class's number + 1, or 0. */
const PLACE_BITS: u32 = 15;
const PLACES: i32 = 1 << PLACE_BITS;

export const CLASSES: usize = memory.data(CLASSES_MAX * CLASS_BYTES, 16);
const EARLIER: usize = memory.data(CLASSES_MAX * CLASS_BYTES, 16);
const TABLE: usize = memory.data(PLACES << 2, 16);
const POWERS: usize = memory.data((BLOCK_BITS + 1) << 2, 16);

export let classCount: usize = 0;

/** Leaves the classes of a whole block in CLASSES. */
export function buildClasses(): void {
  for (let c: u32 = 0, power: u32 = 1; c <= BLOCK_BITS; c++, power *= 3) store<u32>(POWERS + (c << 2), power);
  store<u32>(CLASSES, 0);
  store<u32>(CLASSES, 0, 4);
  store<u32>(CLASSES, 0, 8);
  store<u32>(CLASSES, 1, 12);
  classCount = 1;
  for (let level: u32 = 0; level < BLOCK_BITS; level++) refine(level);
}

function refine(level: u32): void {
  const count = classCount;
  memory.copy(EARLIER, CLASSES, count * CLASS_BYTES);
  memory.fill(TABLE, 0, PLACES << 2);
  classCount = 0;
  const end = EARLIER + count * CLASS_BYTES;
  for (let at = EARLIER; at < end; at += CLASS_BYTES) {
    const d = load<u32>(at);
    const c = load<u32>(at, 4);
    const r = load<u32>(at, 8);
    const members = load<u32>(at, 12);
    halve(d, c, r, members);
    halve(d + load<u32>(POWERS + (c << 2)), c, r + (1 << level), members);
  }
}

function halve(e: u32, c: u32, r: u32, members: u32): void {
  if (e & 1) put(e + (e >> 1) + 1, c + 1, r, members);
  else put(e >> 1, c, r, members);
}

function put(d: u32, c: u32, r: u32, members: u32): void {
  let place = ((d * 0x9e37_79b1) ^ (c * 0x85eb_ca6b)) >> (32 - PLACE_BITS);
  for (;;) {
    const found = load<u32>(TABLE + (place << 2));
    if (found == 0) break;
    const at = CLASSES + <usize>(found - 1) * CLASS_BYTES;
    if (load<u32>(at) == d && load<u32>(at, 4) == c) {
      store<u32>(at, min(load<u32>(at, 8), r), 8);
      store<u32>(at, load<u32>(at, 12) + members, 12);
      return;
    }
    place = (place + 1) & (PLACES - 1);
  }
  const at = CLASSES + classCount * CLASS_BYTES;
  store<u32>(at, d);
  store<u32>(at, c, 4);
  store<u32>(at, r, 8);
  store<u32>(at, members, 12);
  classCount++;
  store<u32>(TABLE + (place << 2), classCount);
}
