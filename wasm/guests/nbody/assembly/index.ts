// Bodies that attract one another, in f64: every pair each step, velocities first, then places (symplectic Euler).
//
// Input:  u32 bodies (2 … 64), u32 steps, f64 step length, f64 nudge, then each body as 7 f64 (x, y, z, vx, vy, vz,
//         mass), u64 task; little-endian, G = 1. Task i moves the first body by i · nudge along x, so that a range of tasks
//         shows how far nearly equal beginnings part.
// Output: f64 energy before, f64 energy after, then each body as 6 f64 (x, y, z, vx, vy, vz).
//
// Only + − × ÷ and square roots: IEEE 754 defines these to the last bit, so every machine lands on the same bits. Vectors
// hold two lanes that never meet: x and y of a difference; and, where it counts, the distances of two pairs, so that one
// square root and one division serve both. The order of all sums is that of the pairs (0,1), (0,2), …, (n − 2, n − 1).

import { progress } from './trine';

const BODIES_MAX: u32 = 64;
const PAIRS_MAX: u32 = (BODIES_MAX * (BODIES_MAX - 1)) / 2;
const HEAD_BYTES: u32 = 24;
const INPUT_BODY_BYTES: u32 = 56;
const OUTPUT_BODY_BYTES: u32 = 48;
const PROGRESS_EVERY: u32 = 4_096;

/** Of a body in memory: (x, y), (z, mass), (vx, vy), (vz, 0). */
const BODY_BYTES: u32 = 64;
const Z: usize = 16;
const MASS: usize = 24;
const VX_VY: usize = 32;
const VZ: usize = 48;
/** Of a pair: (dx, dy), (dz, 0), and what its pull is multiplied by. */
const PAIR_BYTES: u32 = 48;
const DZ: usize = 16;
const PULL: usize = 32;

const BODIES: usize = memory.data(BODIES_MAX * BODY_BYTES, 16);
const PAIRS: usize = memory.data((PAIRS_MAX + 1) * PAIR_BYTES, 16);
const OUTPUT: usize = memory.data(16 + BODIES_MAX * OUTPUT_BODY_BYTES, 16);

/** One past the last body, and one past the last pair. */
let bodiesEnd: usize = 0;
let pairsEnd: usize = 0;

/** Makes room for an input. */
export function alloc(size: i32): usize {
  return heap.alloc(<usize>size);
}

/** Moves the bodies through all steps; the answer is the output's pointer (high 32 bits) and length. */
export function run(pointer: usize, length: i32): u64 {
  if (length < <i32>HEAD_BYTES) unreachable();
  const bodies = load<u32>(pointer);
  const steps = load<u32>(pointer, 4);
  if (bodies < 2 || bodies > BODIES_MAX || u32(length) != HEAD_BYTES + bodies * INPUT_BODY_BYTES + 8) unreachable();
  readBodies(pointer, bodies);
  store<f64>(OUTPUT, energy());
  const stepLength = load<f64>(pointer, 8);
  for (let step: u32 = 0; step < steps; step++) {
    if (step % PROGRESS_EVERY == 0) progress(step, steps);
    measure();
    weigh(stepLength);
    pull();
    move(stepLength);
  }
  store<f64>(OUTPUT, energy(), 8);
  return (u64(OUTPUT) << 32) | writeBodies();
}

function readBodies(pointer: usize, bodies: u32): void {
  bodiesEnd = BODIES + bodies * BODY_BYTES;
  pairsEnd = PAIRS + ((bodies * (bodies - 1)) / 2) * PAIR_BYTES;
  // An odd count of pairs is filled up with one that harms nobody.
  v128.store(pairsEnd, f64x2.splat(1));
  v128.store(pairsEnd, f64x2.splat(1), DZ);
  let from = pointer + HEAD_BYTES;
  for (let body = BODIES; body < bodiesEnd; body += BODY_BYTES, from += INPUT_BODY_BYTES) {
    v128.store(body, v128.load(from));
    store<f64>(body, load<f64>(from, 16), Z);
    store<f64>(body, load<f64>(from, 48), MASS);
    v128.store(body, v128.load(from, 24), VX_VY);
    store<f64>(body, load<f64>(from, 40), VZ);
    store<f64>(body, 0, VZ + 8);
  }
  store<f64>(BODIES, load<f64>(BODIES) + f64(load<u64>(from)) * load<f64>(pointer, 16));
}

/** How far the bodies of each pair are apart, by axis. */
function measure(): void {
  let pair = PAIRS;
  for (let one = BODIES; one < bodiesEnd; one += BODY_BYTES) {
    const xy = v128.load(one);
    const z = load<f64>(one, Z);
    for (let other = one + BODY_BYTES; other < bodiesEnd; other += BODY_BYTES, pair += PAIR_BYTES) {
      v128.store(pair, f64x2.sub(xy, v128.load(other)));
      store<f64>(pair, z - load<f64>(other, Z), DZ);
    }
  }
}

/** The step's length over the third power of the distance, for two pairs at a time. */
function weigh(stepLength: f64): void {
  const length = f64x2.splat(stepLength);
  for (let pair = PAIRS; pair < pairsEnd; pair += 2 * PAIR_BYTES) {
    const one = v128.load(pair);
    const other = v128.load(pair, PAIR_BYTES);
    const x = v128.shuffle<f64>(one, other, 0, 2);
    const y = v128.shuffle<f64>(one, other, 1, 3);
    const z = f64x2.replace_lane(v128.load_splat<f64>(pair, DZ), 1, load<f64>(pair, DZ + PAIR_BYTES));
    const squared = f64x2.add(f64x2.add(f64x2.mul(x, x), f64x2.mul(y, y)), f64x2.mul(z, z));
    const pulls = f64x2.div(length, f64x2.mul(squared, f64x2.sqrt(squared)));
    store<f64>(pair, f64x2.extract_lane(pulls, 0), PULL);
    store<f64>(pair, f64x2.extract_lane(pulls, 1), PULL + PAIR_BYTES);
  }
}

/** Each pair changes the velocities of its two bodies. */
function pull(): void {
  let pair = PAIRS;
  for (let one = BODIES; one < bodiesEnd; one += BODY_BYTES) {
    const mass = load<f64>(one, MASS);
    let velocity = v128.load(one, VX_VY);
    let vz = load<f64>(one, VZ);
    for (let other = one + BODY_BYTES; other < bodiesEnd; other += BODY_BYTES, pair += PAIR_BYTES) {
      const strength = load<f64>(pair, PULL);
      const apart = v128.load(pair);
      const dz = load<f64>(pair, DZ);
      const there = strength * load<f64>(other, MASS);
      const here = strength * mass;
      velocity = f64x2.sub(velocity, f64x2.mul(apart, f64x2.splat(there)));
      vz -= dz * there;
      v128.store(other, f64x2.add(v128.load(other, VX_VY), f64x2.mul(apart, f64x2.splat(here))), VX_VY);
      store<f64>(other, load<f64>(other, VZ) + dz * here, VZ);
    }
    v128.store(one, velocity, VX_VY);
    store<f64>(one, vz, VZ);
  }
}

function move(stepLength: f64): void {
  const length = f64x2.splat(stepLength);
  for (let body = BODIES; body < bodiesEnd; body += BODY_BYTES) {
    v128.store(body, f64x2.add(v128.load(body), f64x2.mul(v128.load(body, VX_VY), length)));
    store<f64>(body, load<f64>(body, Z) + load<f64>(body, VZ) * stepLength, Z);
  }
}

/** Of motion and of place together, body by body, pair by pair. */
function energy(): f64 {
  let sum: f64 = 0;
  for (let one = BODIES; one < bodiesEnd; one += BODY_BYTES) {
    const vx = load<f64>(one, VX_VY);
    const vy = load<f64>(one, VX_VY + 8);
    const vz = load<f64>(one, VZ);
    sum += 0.5 * load<f64>(one, MASS) * (vx * vx + vy * vy + vz * vz);
    for (let other = one + BODY_BYTES; other < bodiesEnd; other += BODY_BYTES) {
      const x = load<f64>(one) - load<f64>(other);
      const y = load<f64>(one, 8) - load<f64>(other, 8);
      const z = load<f64>(one, Z) - load<f64>(other, Z);
      sum -= (load<f64>(one, MASS) * load<f64>(other, MASS)) / Math.sqrt(x * x + y * y + z * z);
    }
  }
  return sum;
}

/** Answers the output's length. */
function writeBodies(): u64 {
  let to = OUTPUT + 16;
  for (let body = BODIES; body < bodiesEnd; body += BODY_BYTES, to += OUTPUT_BODY_BYTES) {
    v128.store(to, v128.load(body));
    store<f64>(to, load<f64>(body, Z), 16);
    v128.store(to, v128.load(body, VX_VY), 24);
    store<f64>(to, load<f64>(body, VZ), 40);
  }
  return to - OUTPUT;
}
