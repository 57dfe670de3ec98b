// The walk of one number to 1, by jumps: in 128 bits, below 2^56 in 64, and in limbs where it climbs above 2^120.

/** Applications of T that a jump takes. */
const JUMP_BITS: u32 = 12;
const RESIDUES: u32 = 1 << JUMP_BITS;
/** An entry of the table: 3^c in bits 0–19, d in bits 20–39, k + c above. */
const FIELD_BITS: u32 = 20;
const FIELD: u64 = (1 << FIELD_BITS) - 1;
/** A number below it stays within 64 bits in a jump, one whose high half is below it within 128. */
const NARROW_END: u64 = 1 << 56;
/** 32-bit limbs of a number that has outgrown 120 bits: 1,024 bits, and then it traps. */
const LIMBS_MAX: u32 = 32;

const JUMPS: usize = memory.data(RESIDUES << 3, 16);
/** Steps of numbers below RESIDUES, u16 each. */
const SMALL: usize = memory.data(RESIDUES << 1, 16);
const LIMBS: usize = memory.data((LIMBS_MAX + 1) << 2, 16);

let wideHigh: u64 = 0;
let wideLow: u64 = 0;

/** Fills the tables; once a task. */
export function buildTables(): void {
  for (let r: u32 = 0; r < RESIDUES; r++) {
    let d = r;
    let power: u64 = 1;
    let steps = JUMP_BITS;
    for (let k: u32 = 0; k < JUMP_BITS; k++) {
      if (d & 1) {
        d += (d >> 1) + 1;
        power *= 3;
        steps++;
      } else d >>= 1;
    }
    store<u64>(JUMPS + (r << 3), power | (u64(d) << FIELD_BITS) | (u64(steps) << (2 * FIELD_BITS)));
  }
  for (let n: u32 = 2; n < RESIDUES; n++) {
    let value = n;
    let steps: u32 = 0;
    while (value >= n) {
      value = value & 1 ? 3 * value + 1 : value >> 1;
      steps++;
    }
    store<u16>(SMALL + (n << 1), u16(steps + load<u16>(SMALL + (value << 1))));
  }
}

/** Steps from high · 2^64 + low to 1. */
export function stepsOf(high: u64, low: u64): u32 {
  let steps: u32 = 0;
  while (high != 0 || low >= RESIDUES) {
    while (high != 0 || low >= NARROW_END) {
      if (high >= NARROW_END) {
        steps += descend(high, low);
        high = wideHigh;
        low = wideLow;
      }
      const entry = entryOf(low);
      const power = entry & FIELD;
      const rest = (low >> JUMP_BITS) | (high << (64 - JUMP_BITS));
      const lower = (rest & 0xffff_ffff) * power + ((entry >> FIELD_BITS) & FIELD);
      const upper = (rest >> 32) * power + (lower >> 32);
      high = (high >> JUMP_BITS) * power + (upper >> 32);
      low = (upper << 32) | (lower & 0xffff_ffff);
      steps += u32(entry >> (2 * FIELD_BITS));
    }
    // RESIDUES ≤ low < NARROW_END in one comparison; a number that climbs out above goes round again.
    while (low - RESIDUES < NARROW_END - RESIDUES) {
      const entry = entryOf(low);
      low = (low >> JUMP_BITS) * (entry & FIELD) + ((entry >> FIELD_BITS) & FIELD);
      steps += u32(entry >> (2 * FIELD_BITS));
    }
  }
  return steps + load<u16>(SMALL + (<usize>low << 1));
}

function entryOf(low: u64): u64 {
  return load<u64>(JUMPS + ((<usize>low & (RESIDUES - 1)) << 3));
}

/** Jumps in limbs until the number is below 2^120 again: wideHigh, wideLow. Answers the steps that took. */
function descend(high: u64, low: u64): u32 {
  let steps: u32 = 0;
  store<u64>(LIMBS, low);
  store<u64>(LIMBS, high, 8);
  let limbs: u32 = 4;
  while (limbs > 4 || load<u64>(LIMBS, 8) >= NARROW_END) {
    const entry = entryOf(load<u32>(LIMBS));
    let carry = (entry >> FIELD_BITS) & FIELD;
    store<u32>(LIMBS + (limbs << 2), 0);
    for (let i: u32 = 0; i < limbs; i++) {
      const at = LIMBS + (i << 2);
      const limb = (load<u64>(at) >> JUMP_BITS) & 0xffff_ffff;
      carry += limb * (entry & FIELD);
      store<u32>(at, u32(carry));
      carry >>= 32;
    }
    if (carry != 0) {
      if (limbs == LIMBS_MAX) unreachable();
      store<u32>(LIMBS + (limbs++ << 2), u32(carry));
    }
    while (limbs > 4 && load<u32>(LIMBS + ((limbs - 1) << 2)) == 0) limbs--;
    steps += u32(entry >> (2 * FIELD_BITS));
  }
  wideHigh = load<u64>(LIMBS, 8);
  wideLow = load<u64>(LIMBS);
  return steps;
}
