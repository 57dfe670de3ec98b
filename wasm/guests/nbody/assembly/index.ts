// Bodies that attract one another, in f64: every pair each step, velocities first, then places (symplectic Euler).
//
// Input:  u32 bodies (2 … 64), u32 steps, f64 step length, f64 nudge, then each body as 7 f64 (x, y, z, vx, vy, vz,
//         mass), u64 task; little-endian, G = 1. Task i moves the first body by i · nudge along x, so that a range of tasks
//         shows how far nearly equal beginnings part.
// Output: f64 energy before, f64 energy after, then each body as 6 f64 (x, y, z, vx, vy, vz).
//
// Only + − × ÷ and square roots: IEEE 754 defines these to the last bit, so every machine lands on the same bits. The two
// lanes of a vector are two bodies that the same third one attracts; one square root and one division serve both. Pairs go
// in the order (0,1), (0,2), …, (n − 2, n − 1). What a body gains from those after it is added up in two sums, of the
// first, third, … of them and of the second, fourth, …; a last one without a partner comes by itself, afterwards.

import { progress } from './trine';

const BODIES_MAX: u32 = 64;
const HEAD_BYTES: u32 = 24;
const INPUT_BODY_BYTES: u32 = 56;
const OUTPUT_BODY_BYTES: u32 = 48;
const PROGRESS_EVERY: u32 = 4_096;

/** Seven rows of numbers, one of each for every body: x, y, z, vx, vy, vz, mass. */
const ROW: usize = BODIES_MAX * 8;
const Y: usize = ROW;
const Z: usize = 2 * ROW;
const VX: usize = 3 * ROW;
const VY: usize = 4 * ROW;
const VZ: usize = 5 * ROW;
const MASS: usize = 6 * ROW;
const ROWS: usize = 7;

const BODIES: usize = memory.data(<i32>ROWS * BODIES_MAX * 8, 16);
const OUTPUT: usize = memory.data(16 + BODIES_MAX * OUTPUT_BODY_BYTES, 16);

/** One past the last body's x. */
let end: usize = 0;

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
    for (let body = BODIES; body < end; body += 8) attract(body, stepLength);
    move(stepLength);
  }
  store<f64>(OUTPUT, energy(), 8);
  return (u64(OUTPUT) << 32) | writeBodies();
}

function readBodies(pointer: usize, bodies: u32): void {
  end = BODIES + (bodies << 3);
  let from = pointer + HEAD_BYTES;
  for (let body = BODIES; body < end; body += 8, from += INPUT_BODY_BYTES) {
    for (let row: usize = 0; row < ROWS; row++) store<f64>(body + row * ROW, load<f64>(from + (row << 3)));
  }
  store<f64>(BODIES, load<f64>(BODIES) + f64(load<u64>(from)) * load<f64>(pointer, 16));
}

/** Velocities after one body has been paired with all that come after it, two at a time. */
function attract(one: usize, stepLength: f64): void {
  const x = f64x2.splat(load<f64>(one));
  const y = f64x2.splat(load<f64>(one, Y));
  const z = f64x2.splat(load<f64>(one, Z));
  const mass = f64x2.splat(load<f64>(one, MASS));
  const length = f64x2.splat(stepLength);
  let gainX = f64x2.splat(0);
  let gainY = f64x2.splat(0);
  let gainZ = f64x2.splat(0);
  let other = one + 8;
  for (; other + 8 < end; other += 16) {
    const dx = f64x2.sub(x, v128.load(other));
    const dy = f64x2.sub(y, v128.load(other, Y));
    const dz = f64x2.sub(z, v128.load(other, Z));
    const squared = f64x2.add(f64x2.add(f64x2.mul(dx, dx), f64x2.mul(dy, dy)), f64x2.mul(dz, dz));
    const pull = f64x2.div(length, f64x2.mul(squared, f64x2.sqrt(squared)));
    const there = f64x2.mul(pull, v128.load(other, MASS));
    const here = f64x2.mul(pull, mass);
    v128.store(other, f64x2.add(v128.load(other, VX), f64x2.mul(dx, here)), VX);
    v128.store(other, f64x2.add(v128.load(other, VY), f64x2.mul(dy, here)), VY);
    v128.store(other, f64x2.add(v128.load(other, VZ), f64x2.mul(dz, here)), VZ);
    gainX = f64x2.add(gainX, f64x2.mul(dx, there));
    gainY = f64x2.add(gainY, f64x2.mul(dy, there));
    gainZ = f64x2.add(gainZ, f64x2.mul(dz, there));
  }
  store<f64>(one, load<f64>(one, VX) - bothOf(gainX), VX);
  store<f64>(one, load<f64>(one, VY) - bothOf(gainY), VY);
  store<f64>(one, load<f64>(one, VZ) - bothOf(gainZ), VZ);
  if (other < end) attractLast(one, other, stepLength);
}

function bothOf(lanes: v128): f64 {
  return f64x2.extract_lane(lanes, 0) + f64x2.extract_lane(lanes, 1);
}

/** The same for the one that no other is left to go with. */
function attractLast(one: usize, other: usize, stepLength: f64): void {
  const dx = load<f64>(one) - load<f64>(other);
  const dy = load<f64>(one, Y) - load<f64>(other, Y);
  const dz = load<f64>(one, Z) - load<f64>(other, Z);
  const squared = dx * dx + dy * dy + dz * dz;
  const pull = stepLength / (squared * Math.sqrt(squared));
  const there = pull * load<f64>(other, MASS);
  const here = pull * load<f64>(one, MASS);
  store<f64>(one, load<f64>(one, VX) - dx * there, VX);
  store<f64>(one, load<f64>(one, VY) - dy * there, VY);
  store<f64>(one, load<f64>(one, VZ) - dz * there, VZ);
  store<f64>(other, load<f64>(other, VX) + dx * here, VX);
  store<f64>(other, load<f64>(other, VY) + dy * here, VY);
  store<f64>(other, load<f64>(other, VZ) + dz * here, VZ);
}

function move(stepLength: f64): void {
  for (let body = BODIES; body < end; body += 8) {
    store<f64>(body, load<f64>(body) + load<f64>(body, VX) * stepLength);
    store<f64>(body, load<f64>(body, Y) + load<f64>(body, VY) * stepLength, Y);
    store<f64>(body, load<f64>(body, Z) + load<f64>(body, VZ) * stepLength, Z);
  }
}

/** Of motion and of place together, body by body, pair by pair. */
function energy(): f64 {
  let sum: f64 = 0;
  for (let one = BODIES; one < end; one += 8) {
    const vx = load<f64>(one, VX);
    const vy = load<f64>(one, VY);
    const vz = load<f64>(one, VZ);
    sum += 0.5 * load<f64>(one, MASS) * (vx * vx + vy * vy + vz * vz);
    for (let other = one + 8; other < end; other += 8) {
      const x = load<f64>(one) - load<f64>(other);
      const y = load<f64>(one, Y) - load<f64>(other, Y);
      const z = load<f64>(one, Z) - load<f64>(other, Z);
      sum -= (load<f64>(one, MASS) * load<f64>(other, MASS)) / Math.sqrt(x * x + y * y + z * z);
    }
  }
  return sum;
}

/** Places and velocities, body by body; answers the output's length. */
function writeBodies(): u64 {
  let to = OUTPUT + 16;
  for (let body = BODIES; body < end; body += 8, to += OUTPUT_BODY_BYTES) {
    for (let row: usize = 0; row < ROWS - 1; row++) store<f64>(to + (row << 3), load<f64>(body + row * ROW));
  }
  return to - OUTPUT;
}
