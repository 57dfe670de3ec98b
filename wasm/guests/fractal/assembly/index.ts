// One tile of a deep Mandelbrot view in f64, as one palette index a pixel.
//
// Only + − × ÷, comparisons and integer arithmetic: IEEE 754 defines these to the last bit, so every machine draws
// the same tile.
//
// Input, 64 bytes, little-endian: f64 centre re, f64 centre im, f64 step (distance of two pixels), f64 first and
// f64 half (escape counts that get the beginning and the middle of the palette: first, first + half), u32 tile x,
// u32 tile y (from the view's upper left), u32 columns, u32 rows (tiles of the view), u32 size (pixels a side of a
// tile), u32 iterationsMax.
// Output: size × size bytes, row by row: 0 … 255, the place in the palette; 255 is the inside of the set.
//
// Each pixel is the mean of four samples. A sample's escape count n, made continuous by where the orbit landed, is
// mapped by m = n − first to m / (m + half): monotone, so that a mean of two samples lies between them, and never out of range.

import { progress } from './trine';

const INPUT_BYTES: i32 = 64;
const SIZE_MAX: u32 = 256;
const TILES_MAX: u32 = 65_536;
const ITERATIONS_MAX: u32 = 1_000_000;
/** |z|² past which an orbit has escaped: large, so that the continuous count has no visible seams. */
const ESCAPED: f64 = 65_536.0;
const PALETTE_LAST: f64 = 255.0;

const OUTPUT: usize = memory.data(65_536, 16);

/** The palette's mapping and the view's bound: the same for every pixel of a tile. */
let first: f64 = 0;
let half: f64 = 1;
let iterationsMax: u32 = 0;

/** Makes room for an input. */
export function alloc(size: i32): usize {
  return heap.alloc(<usize>size);
}

/** Draws one tile; the answer is the output's pointer (high 32 bits) and length. */
export function run(pointer: usize, length: i32): u64 {
  if (length != INPUT_BYTES) unreachable();
  const step = load<f64>(pointer, 16);
  const tileX = load<u32>(pointer, 40);
  const tileY = load<u32>(pointer, 44);
  const columns = load<u32>(pointer, 48);
  const rows = load<u32>(pointer, 52);
  const size = load<u32>(pointer, 56);
  first = load<f64>(pointer, 24);
  half = load<f64>(pointer, 32);
  iterationsMax = load<u32>(pointer, 60);
  if (size == 0 || size > SIZE_MAX || columns > TILES_MAX || rows > TILES_MAX) unreachable();
  if (tileX >= columns || tileY >= rows || iterationsMax > ITERATIONS_MAX || !(half > 0) || !(first >= 0)) unreachable();
  // The middle of the upper left pixel, as seen from the centre of the view.
  const left = load<f64>(pointer) + (f64(tileX * size) - f64(columns * size) / 2 + 0.5) * step;
  const top = load<f64>(pointer, 8) - (f64(tileY * size) - f64(rows * size) / 2 + 0.5) * step;
  for (let y: u32 = 0; y < size; y++) {
    progress(y, size);
    const im = top - f64(y) * step;
    for (let x: u32 = 0; x < size; x++) {
      const re = left + f64(x) * step;
      store<u8>(OUTPUT + y * size + x, pixel(re, im, step / 4));
    }
  }
  return (u64(OUTPUT) << 32) | u64(size * size);
}

/** The mean of four samples around a pixel's middle. */
function pixel(re: f64, im: f64, offset: f64): u8 {
  const sum =
    shade(re - offset, im - offset) +
    shade(re + offset, im - offset) +
    shade(re - offset, im + offset) +
    shade(re + offset, im + offset);
  return u8((sum / 4) * PALETTE_LAST + 0.5);
}

/** 0 far outside, towards 1 near the set, 1 inside. */
function shade(re: f64, im: f64): f64 {
  if (isKnownInside(re, im)) return 1;
  let x: f64 = 0;
  let y: f64 = 0;
  let xx: f64 = 0;
  let yy: f64 = 0;
  const counts = iterationsMax;
  for (let count: u32 = 0; count < counts; count++) {
    y = (x + x) * y + im;
    x = xx - yy + re;
    xx = x * x;
    yy = y * y;
    if (xx + yy > ESCAPED) {
      const past = f64(count) + 1 - overshoot(xx + yy) - first;
      return past > 0 ? past / (past + half) : 0;
    }
  }
  return 1;
}

/** The main cardioid and the disc beside it, by their equations: the costliest points of a shallow view. */
function isKnownInside(re: f64, im: f64): bool {
  const shifted = re - 0.25;
  const im2 = im * im;
  const q = shifted * shifted + im2;
  if (q * (q + shifted) <= im2 / 4) return true;
  return (re + 1) * (re + 1) + im2 <= 0.0625;
}

/** log2(log2(|z|²) / log2(ESCAPED)): how far past the bound the orbit landed, 0 up to about 1. */
function overshoot(norm: f64): f64 {
  return log2(log2(norm) / 16);
}

/** Binary logarithm of a normal number ≥ 1: its exponent, plus a cubic that fits the mantissa to 0.001. */
function log2(value: f64): f64 {
  const bits = reinterpret<u64>(value);
  const exponent = f64(i32(bits >> 52) - 1023);
  const mantissa = reinterpret<f64>((bits & 0x000f_ffff_ffff_ffff) | 0x3ff0_0000_0000_0000) - 1;
  return exponent + mantissa * (1.4228 + mantissa * (-0.5798 + mantissa * 0.157));
}
