// How many steps does each number of a range take to 1, when an even n becomes n / 2 and an odd one 3n + 1?
//
// Input:  u128 start, u32 numbers, u64 task, little-endian: the range is `numbers` consecutive numbers from
//         start + task · numbers on. It lies between 1 and 2^112; anything else traps.
// Output: u128 record (the smallest number that takes the most steps), u32 most steps, u32 numbers, u64 sum of steps.
//
// The sum leaves no number out. Two ideas make it fast; T(n) is n / 2, or (3n + 1) / 2, which is two steps:
//
// 1. Jumps. What n = q·2^k + r does in its next k applications of T depends on r alone: T^k(n) = q·3^c + d, where c
//    of them were odd and d = T^k(r). So a table over r takes k applications (and k + c steps) with one multiplication.
// 2. Classes. Of the 2^16 numbers of a block q·2^16 + r, those whose r have the same (c, d) are at the same number
//    after the same steps. There are 19,275 such classes, the same in every block, so one walk serves 3.4 numbers.

import { progress } from './trine';
import { BLOCK_BITS, buildClasses, classCount, CLASS_BYTES, CLASSES } from './classes';
import { buildTables, stepsOf } from './walk';

const NUMBERS_MAX: u32 = 1 << 28;
/** Of the high half: ranges begin below 2^112. On their way numbers may grow far beyond. */
const HIGH_END: u64 = 1 << 48;
const BLOCK: u64 = 1 << BLOCK_BITS;
const INPUT_BYTES: i32 = 28;
const OUTPUT_BYTES: i32 = 32;
const OUTPUT: usize = memory.data(OUTPUT_BYTES, 16);

/** 3^c times the number of a block, for each c: 128 bits each. */
const BASES: usize = memory.data((BLOCK_BITS + 1) << 4, 16);

let recordHigh: u64 = 0;
let recordLow: u64 = 0;
let mostSteps: u32 = 0;
let sum: u64 = 0;

/** Makes room for an input. */
export function alloc(size: i32): usize {
  return heap.alloc(<usize>size);
}

/** Walks one range; the answer is the output's pointer (high 32 bits) and length. */
export function run(pointer: usize, length: i32): u64 {
  if (length != INPUT_BYTES) unreachable();
  const numbers = load<u32>(pointer, 16);
  if (numbers == 0 || numbers > NUMBERS_MAX) unreachable();
  begin(pointer, numbers);
  buildTables();
  if (numbers >= BLOCK) buildClasses();
  walkRange(numbers);
  store<u64>(OUTPUT, recordLow);
  store<u64>(OUTPUT, recordHigh, 8);
  store<u32>(OUTPUT, mostSteps, 16);
  store<u32>(OUTPUT, numbers, 20);
  store<u64>(OUTPUT, sum, 24);
  return (u64(OUTPUT) << 32) | OUTPUT_BYTES;
}

/** Whole blocks by classes, what is left at both ends one by one. */
function walkRange(numbers: u32): void {
  let high = recordHigh;
  let low = recordLow;
  let left: u64 = numbers;
  while (left > 0) {
    let walked: u64 = 1;
    if ((low & (BLOCK - 1)) == 0 && left >= BLOCK) {
      walked = BLOCK;
      walkBlock(high, low);
      progress(i32(numbers - left), i32(numbers));
    } else {
      const steps = stepsOf(high, low);
      sum += steps;
      note(steps, high, low);
    }
    left -= walked;
    low += walked;
    if (low == 0) high++;
  }
}

/** The record's first holder is the range's first number: start + task · numbers. */
function begin(pointer: usize, numbers: u32): void {
  const task = load<u64>(pointer, 20);
  const lower = (task & 0xffff_ffff) * numbers;
  const upper = (task >> 32) * numbers + (lower >> 32);
  const offset = (upper << 32) | (lower & 0xffff_ffff);
  recordLow = load<u64>(pointer) + offset;
  const carry = (upper >> 32) + u64(recordLow < offset);
  recordHigh = load<u64>(pointer, 8) + carry;
  if (recordHigh < carry || recordHigh >= HIGH_END || (recordHigh | recordLow) == 0) unreachable();
}

/** The numbers high · 2^64 + low + r for all r below 2^16, class by class. */
function walkBlock(high: u64, low: u64): void {
  storeBases(high >> BLOCK_BITS, (low >> BLOCK_BITS) | (high << (64 - BLOCK_BITS)));
  const end = CLASSES + classCount * CLASS_BYTES;
  for (let at = CLASSES; at < end; at += CLASS_BYTES) {
    const c = load<u32>(at, 4);
    const base = BASES + (<usize>c << 4);
    const baseLow = load<u64>(base);
    const x = baseLow + load<u32>(at);
    const steps = BLOCK_BITS + c + stepsOf(load<u64>(base, 8) + u64(x < baseLow), x);
    sum += u64(steps) * load<u32>(at, 12);
    note(steps, high, low + load<u32>(at, 8));
  }
}

/** q · 3^c for every c. */
function storeBases(high: u64, low: u64): void {
  for (let c: u32 = 0; c <= BLOCK_BITS; c++) {
    store<u64>(BASES + (<usize>c << 4), low);
    store<u64>(BASES + (<usize>c << 4), high, 8);
    const doubled = low << 1;
    high = 3 * high + (low >> 63) + u64(doubled + low < doubled);
    low += doubled;
  }
}

/** Within a block numbers do not come in order, so the smaller of two equal ones is looked for. */
function note(steps: u32, high: u64, low: u64): void {
  if (steps < mostSteps) return;
  if (steps == mostSteps && (high > recordHigh || (high == recordHigh && low > recordLow))) return;
  mostSteps = steps;
  recordHigh = high;
  recordLow = low;
}
