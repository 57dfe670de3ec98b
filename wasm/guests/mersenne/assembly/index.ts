// The Lucas–Lehmer test: M(p) = 2^p − 1 is prime exactly if s(p−2) ≡ 0 (mod M(p)), where s(0) = 4 and
// s(k+1) = s(k)² − 2. p = 2 is outside the theorem (M(2) = 3 is prime).
//
// Input:  u32 exponent, little-endian, 2 ≤ p ≤ EXPONENT_MAX; anything else traps.
// Output: u32 exponent, u32 isPrime (0 or 1), u64 residue: the low 64 bits of s(p−2) mod M(p); 0 for p = 2.
//
// It works in steps of about the same size, whatever the exponent: what it is made of between two of them is S, the exponent
// and the rounds done, so a task may rest there and go on elsewhere.
//
// Numbers are 32-bit limbs, least significant first. Squaring goes column by column: every cross product a[i]·a[j],
// i < j, is formed once and doubled with its column, so half the multiplications of a product suffice. A column's
// low and high halves are summed apart in two u64, which cannot overflow below 2^31 limbs, so the inner loop has no
// carry and no store. Reduction is a shift and an addition: x ≡ (x mod 2^p) + ⌊x / 2^p⌋ (mod M(p)).

import { progress } from './trine';

/** Far beyond the demonstration's 2,300; a task of this size takes minutes. */
const EXPONENT_MAX: u32 = 65_536;
const LIMBS_MAX: u32 = EXPONENT_MAX / 32 + 2;
/** Products of limbs in one step: some thirty million instructions, a few milliseconds. */
const STEP_PRODUCTS: u32 = 1 << 21;
const LOW: u64 = 0xffff_ffff;

/** s, and its square of twice the length, each with a limb to spare. */
const S: usize = memory.data(LIMBS_MAX * 4, 16);
const SQUARE: usize = memory.data(LIMBS_MAX * 8, 16);
const OUTPUT: usize = memory.data(16, 16);

/** The exponent, and how many of its p − 2 rounds are done. */
let exponent: u32 = 0;
let done: u32 = 0;

/** Makes room for an input. */
export function alloc(size: i32): usize {
  return heap.alloc(<usize>size);
}

/** Begins the test of one exponent: S = s(0). */
export function start(pointer: usize, length: i32): void {
  if (length != 4) unreachable();
  exponent = load<u32>(pointer);
  if (exponent < 2 || exponent > EXPONENT_MAX) unreachable();
  done = 0;
  store<u32>(S, 4);
}

/** Some rounds of the test; 1 while more are left. */
export function step(): i32 {
  const p = exponent;
  const limbs = (p + 31) >> 5;
  const rounds = p - 2;
  const few = STEP_PRODUCTS / (limbs * limbs) + 1;
  const end = rounds - done < few ? rounds : done + few;
  for (let round = done; round < end; round++) {
    square(limbs);
    reduce(p, limbs);
    subtractTwo(p, limbs);
  }
  done = end;
  if (end == rounds) return 0;
  progress(end, rounds);
  return 1;
}

/** The answer: the output's pointer (high 32 bits) and length. */
export function output(): u64 {
  const p = exponent;
  store<u32>(OUTPUT, p);
  store<u32>(OUTPUT, u32(p == 2 || isZero((p + 31) >> 5)), 4);
  store<u64>(OUTPUT, p == 2 ? 0 : load<u64>(S), 8);
  return (u64(OUTPUT) << 32) | 16;
}

/** SQUARE = S². */
function square(limbs: u32): void {
  const last = limbs - 1;
  let carry: u64 = 0;
  for (let column: u32 = 0; column <= last << 1; column++) {
    const first = column > last ? column - last : 0;
    let left = S + (first << 2);
    let right = S + ((column - first) << 2);
    let low: u64 = 0;
    let high: u64 = 0;
    while (left + 8 < right) {
      const one = u64(load<u32>(left)) * u64(load<u32>(right));
      const two = u64(load<u32>(left, 4)) * u64(load<u32>(right - 4));
      low += (one & LOW) + (two & LOW);
      high += (one >> 32) + (two >> 32);
      left += 8;
      right -= 8;
    }
    while (left < right) {
      const one = u64(load<u32>(left)) * u64(load<u32>(right));
      low += one & LOW;
      high += one >> 32;
      left += 4;
      right -= 4;
    }
    low <<= 1;
    high <<= 1;
    if (left == right) {
      const middle = u64(load<u32>(left));
      const one = middle * middle;
      low += one & LOW;
      high += one >> 32;
    }
    // This column's sum is low + high·2^32, on top of what the columns before left over.
    low += carry;
    store<u32>(SQUARE + (column << 2), u32(low));
    carry = (low >> 32) + high;
  }
  const end = SQUARE + (((last << 1) + 1) << 2);
  store<u32>(end, u32(carry));
  store<u32>(end, 0, 4);
}

/** S = SQUARE mod M(p), in [0, M(p)). */
function reduce(p: u32, limbs: u32): void {
  const bits = p & 31;
  const topMask: u32 = bits == 0 ? u32.MAX_VALUE : (1 << bits) - 1;
  // ⌊SQUARE / 2^p⌋ begins in the limb that holds bit p.
  let high = SQUARE + ((p >> 5) << 2);
  const top = SQUARE + ((limbs - 1) << 2);
  let to = S;
  let carry: u64 = 0;
  for (let own = SQUARE; own < top; own += 4) {
    carry += u64(load<u32>(own)) + u64(u32(load<u64>(high) >> bits));
    store<u32>(to, u32(carry));
    carry >>= 32;
    high += 4;
    to += 4;
  }
  // SQUARE < 2^2p, so only the low part's top limb has bits that are not its own.
  carry += u64(load<u32>(top) & topMask) + u64(u32(load<u64>(high) >> bits));
  store<u32>(to, u32(carry));
  fold(bits, limbs, topMask, u32(carry >> 32));
}

/** Adds what went past bit p back at bit 0, and turns M(p) itself into 0. */
function fold(bits: u32, limbs: u32, topMask: u32, overflow: u32): void {
  const topAt = S + ((limbs - 1) << 2);
  const topLimb = load<u32>(topAt);
  let past: u64 = bits == 0 ? overflow : topLimb >> bits;
  store<u32>(topAt, topLimb & topMask);
  for (let at = S; past != 0 && at <= topAt; at += 4) {
    past += u64(load<u32>(at));
    store<u32>(at, u32(past));
    past >>= 32;
  }
  if (load<u32>(topAt) == topMask && isFull(limbs)) memory.fill(S, 0, limbs << 2);
}

/** Whether every limb below the top one is full; the caller has looked at that. */
function isFull(limbs: u32): bool {
  for (let index: u32 = 0; index < limbs - 1; index++) {
    if (load<u32>(S + (index << 2)) != u32.MAX_VALUE) return false;
  }
  return true;
}

/** S = S − 2 mod M(p). */
function subtractTwo(p: u32, limbs: u32): void {
  const lowest = load<u32>(S);
  if (lowest >= 2) {
    store<u32>(S, lowest - 2);
    return;
  }
  // 0 and 1 wrap to M(p) − 2 and M(p) − 1: every bit of M(p) set, less what is missing.
  if (isSmall(limbs)) {
    memory.fill(S, 0xff, limbs << 2);
    store<u32>(S, u32.MAX_VALUE - 2 + lowest);
    const topAt = S + ((limbs - 1) << 2);
    const bits = p & 31;
    if (bits != 0) store<u32>(topAt, load<u32>(topAt) & ((1 << bits) - 1));
    return;
  }
  store<u32>(S, lowest - 2);
  let at = S + 4;
  while (load<u32>(at) == 0) {
    store<u32>(at, u32.MAX_VALUE);
    at += 4;
  }
  store<u32>(at, load<u32>(at) - 1);
}

/** Whether all limbs but the lowest are 0. */
function isSmall(limbs: u32): bool {
  for (let index: u32 = 1; index < limbs; index++) {
    if (load<u32>(S + (index << 2)) != 0) return false;
  }
  return true;
}

function isZero(limbs: u32): bool {
  return load<u32>(S) == 0 && isSmall(limbs);
}
