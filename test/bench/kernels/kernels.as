// Kernels of the metering bench, in AssemblyScript. Each does work in proportion to n and answers a checksum.

const A: usize = 0x40000;
const B: usize = 0x80000;
const C: usize = 0xc0000;

function fibOf(n: i32): i32 {
  return n < 2 ? n : fibOf(n - 1) + fibOf(n - 2);
}

export function fib(n: i32): f64 {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += fibOf(12 + (i & 1));
  return sum;
}

function takOf(x: i32, y: i32, z: i32): i32 {
  return y >= x ? z : takOf(takOf(x - 1, y, z), takOf(y - 1, z, x), takOf(z - 1, x, y));
}

export function tak(n: i32): f64 {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += takOf(8, 4, i & 3);
  return sum;
}

export function sieve(n: i32): f64 {
  let found = 0;
  for (let round = 0; round < n; round++) {
    memory.fill(A, 1, 8192);
    for (let i = 2; i < 8192; i++) {
      if (load<u8>(A + i)) {
        found++;
        for (let j = i + i; j < 8192; j += i) store<u8>(A + j, 0);
      }
    }
  }
  return found;
}

export function matmulF64(n: i32): f64 {
  const size = 24;
  for (let i = 0; i < size * size; i++) {
    store<f64>(A + (i << 3), i * 0.5);
    store<f64>(B + (i << 3), i * 0.25 - 3);
  }
  for (let round = 0; round < n; round++) {
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) {
        let sum: f64 = 0;
        for (let k = 0; k < size; k++) sum += load<f64>(A + ((i * size + k) << 3)) * load<f64>(B + ((k * size + j) << 3));
        store<f64>(C + ((i * size + j) << 3), sum);
      }
    }
  }
  return load<f64>(C + 800);
}

export function matmulF32(n: i32): f64 {
  const size = 24;
  for (let i = 0; i < size * size; i++) {
    store<f32>(A + (i << 2), f32(i) * 0.5);
    store<f32>(B + (i << 2), f32(i) * 0.25 - 3);
  }
  for (let round = 0; round < n; round++) {
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) {
        let sum: f32 = 0;
        for (let k = 0; k < size; k++) sum += load<f32>(A + ((i * size + k) << 2)) * load<f32>(B + ((k * size + j) << 2));
        store<f32>(C + ((i * size + j) << 2), sum);
      }
    }
  }
  return load<f32>(C + 400);
}

export function nbody(n: i32): f64 {
  const bodies = 5;
  for (let i = 0; i < bodies * 6; i++) store<f64>(A + (i << 3), (i * 7 % 11) * 0.1 + i * 0.01);
  for (let step = 0; step < n; step++) {
    for (let i = 0; i < bodies; i++) {
      const p = A + i * 48;
      for (let j = i + 1; j < bodies; j++) {
        const q = A + j * 48;
        const dx = load<f64>(p) - load<f64>(q);
        const dy = load<f64>(p, 8) - load<f64>(q, 8);
        const dz = load<f64>(p, 16) - load<f64>(q, 16);
        const square = dx * dx + dy * dy + dz * dz + 0.01;
        const force = 0.001 / (square * Math.sqrt(square));
        store<f64>(p, load<f64>(p, 24) - dx * force, 24);
        store<f64>(p, load<f64>(p, 32) - dy * force, 32);
        store<f64>(p, load<f64>(p, 40) - dz * force, 40);
        store<f64>(q, load<f64>(q, 24) + dx * force, 24);
        store<f64>(q, load<f64>(q, 32) + dy * force, 32);
        store<f64>(q, load<f64>(q, 40) + dz * force, 40);
      }
    }
    for (let i = 0; i < bodies; i++) {
      const p = A + i * 48;
      store<f64>(p, load<f64>(p) + 0.001 * load<f64>(p, 24));
      store<f64>(p, load<f64>(p, 8) + 0.001 * load<f64>(p, 32), 8);
      store<f64>(p, load<f64>(p, 16) + 0.001 * load<f64>(p, 40), 16);
    }
  }
  return load<f64>(A);
}

export function mandelbrot(n: i32): f64 {
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const cx = (i & 31) * 0.08 - 2;
    const cy = ((i >> 5) & 31) * 0.08 - 1.2;
    let x: f64 = 0, y: f64 = 0, steps = 0;
    while (steps < 100 && x * x + y * y < 4) {
      const next = x * x - y * y + cx;
      y = 2 * x * y + cy;
      x = next;
      steps++;
    }
    sum += steps;
  }
  return sum;
}

export function juliaF32(n: i32): f64 {
  let sum = 0;
  for (let i = 0; i < n; i++) {
    let x: f32 = f32(i & 63) * 0.05 - 1.6, y: f32 = f32((i >> 6) & 63) * 0.04 - 1.2, steps = 0;
    while (steps < 80 && x * x + y * y < 4) {
      const next: f32 = x * x - y * y - 0.7;
      y = 2 * x * y + 0.27;
      x = next;
      steps++;
    }
    sum += steps;
  }
  return sum;
}

function spectralAt(i: i32, j: i32): f64 {
  return 1 / f64((((i + j) * (i + j + 1)) >> 1) + i + 1);
}

export function spectral(n: i32): f64 {
  let sum: f64 = 0;
  for (let round = 0; round < n; round++) {
    for (let i = 0; i < 32; i++) {
      for (let j = 0; j < 32; j++) sum += spectralAt(i, j) * f64(j);
    }
  }
  return sum;
}

export function horner(n: i32): f64 {
  let sum: f64 = 0;
  for (let i = 0; i < n; i++) {
    const x = f64(i & 255) / 256;
    sum += ((((x * 0.1 + 0.2) * x - 0.3) * x + 0.4) * x - 0.5) * x + 0.6;
  }
  return sum;
}

export function monteCarlo(n: i32): f64 {
  let seed: u32 = 12345, inside = 0;
  for (let i = 0; i < n; i++) {
    seed = seed * 1664525 + 1013904223;
    const x = f64(seed >> 8) / 16777216;
    seed = seed * 1664525 + 1013904223;
    const y = f64(seed >> 8) / 16777216;
    if (x * x + y * y < 1) inside++;
  }
  return inside;
}

export function xorshift(n: i32): f64 {
  let x: u64 = 88172645463325252;
  for (let i = 0; i < n; i++) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
  }
  return f64(x & 0xffffff);
}

export function crc32(n: i32): f64 {
  for (let i: u32 = 0; i < 256; i++) {
    let c = i;
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? 0xedb88320 ^ (c >> 1) : c >> 1;
    store<u32>(A + (i << 2), c);
  }
  let crc: u32 = 0xffffffff;
  for (let i = 0; i < n; i++) crc = load<u32>(A + (((crc ^ i) & 0xff) << 2)) ^ (crc >> 8);
  return f64(crc);
}

export function mixRounds(n: i32): f64 {
  let a: u32 = 1, b: u32 = 2, c: u32 = 3, d: u32 = 4;
  for (let i = 0; i < n; i++) {
    a += b; d = rotl<u32>(d ^ a, 16); c += d; b = rotl<u32>(b ^ c, 12);
    a += b; d = rotl<u32>(d ^ a, 8); c += d; b = rotl<u32>(b ^ c, 7);
    a += i; b ^= rotl<u32>(c, 3); c += d ^ a; d -= b;
  }
  return f64(a ^ b ^ c ^ d);
}

export function collatz(n: i32): f64 {
  let sum = 0;
  for (let i = 1; i <= n; i++) {
    let x: u64 = i + 1000000;
    while (x != 1) {
      x = x & 1 ? 3 * x + 1 : x >> 1;
      sum++;
    }
  }
  return sum;
}

export function gcd(n: i32): f64 {
  let sum = 0;
  for (let i = 1; i <= n; i++) {
    let a = i * 7919 + 12345, b = i * 104729 + 77;
    a &= 0xffffff;
    b = (b & 0xffffff) | 1;
    while (b != 0) {
      const rest = a % b;
      a = b;
      b = rest;
    }
    sum += a;
  }
  return sum;
}

function sort(from: i32, to: i32): void {
  while (from < to) {
    const pivot = load<i32>(A + (((from + to) >> 1) << 2));
    let i = from, j = to;
    while (i <= j) {
      while (load<i32>(A + (i << 2)) < pivot) i++;
      while (load<i32>(A + (j << 2)) > pivot) j--;
      if (i <= j) {
        const swap = load<i32>(A + (i << 2));
        store<i32>(A + (i << 2), load<i32>(A + (j << 2)));
        store<i32>(A + (j << 2), swap);
        i++;
        j--;
      }
    }
    sort(from, j);
    from = i;
  }
}

export function quicksort(n: i32): f64 {
  for (let round = 0; round < n; round++) {
    let seed = round + 1;
    for (let i = 0; i < 512; i++) {
      seed = seed * 1103515245 + 12345;
      store<i32>(A + (i << 2), seed >> 8);
    }
    sort(0, 511);
  }
  return load<i32>(A + 400);
}

export function interpreter(n: i32): f64 {
  for (let i = 0; i < 64; i++) store<u8>(A + i, u8((i * 7 + 3) % 9));
  let pc = 0, a = 1, b = 2, c = 0;
  for (let i = 0; i < n; i++) {
    switch (load<u8>(A + pc)) {
      case 0: a += b; break;
      case 1: b ^= a; break;
      case 2: a = a * 5 + 1; break;
      case 3: c++; break;
      case 4: if (a & 1) pc = (pc + 3) & 63; break;
      case 5: b = rotl<i32>(b, 3); break;
      case 6: store<i32>(B + ((a & 255) << 2), b); break;
      case 7: b += load<i32>(B + ((c & 255) << 2)); break;
      default: a -= c;
    }
    pc = (pc + 1) & 63;
  }
  return a ^ b ^ c;
}

type Step = (x: i32) => i32;
function stepAdd(x: i32): i32 { return x + 7; }
function stepMix(x: i32): i32 { return x ^ (x << 3); }
function stepTimes(x: i32): i32 { return x * 31; }
function stepShift(x: i32): i32 { return (x >> 2) + 99; }
const steps: StaticArray<Step> = [stepAdd, stepMix, stepTimes, stepShift];

export function indirect(n: i32): f64 {
  let x = 1;
  for (let i = 0; i < n; i++) x = unchecked(steps[(i ^ x) & 3])(x);
  return x;
}

export function levenshtein(n: i32): f64 {
  let sum = 0;
  for (let round = 0; round < n; round++) {
    for (let j = 0; j <= 32; j++) store<i32>(A + (j << 2), j);
    for (let i = 1; i <= 32; i++) {
      let corner = i - 1;
      store<i32>(A, i);
      for (let j = 1; j <= 32; j++) {
        const above = load<i32>(A + (j << 2));
        const same = ((i * 7 + round) & 15) == ((j * 5) & 15) ? 0 : 1;
        store<i32>(A + (j << 2), min(min(above + 1, load<i32>(A + ((j - 1) << 2)) + 1), corner + same));
        corner = above;
      }
    }
    sum += load<i32>(A + 128);
  }
  return sum;
}

export function histogram(n: i32): f64 {
  memory.fill(B, 0, 1024);
  let seed: u32 = 7;
  for (let i = 0; i < n; i++) {
    seed = seed * 1664525 + 1013904223;
    const at = B + ((seed >> 24) << 2);
    store<u32>(at, load<u32>(at) + 1);
  }
  return load<u32>(B + 400);
}

export function copyBytes(n: i32): f64 {
  for (let round = 0; round < n; round++) {
    for (let i = 0; i < 4096; i++) store<u8>(B + i, load<u8>(A + i));
  }
  return load<u8>(B + 9);
}

export function prefixSum(n: i32): f64 {
  let sum = 0;
  for (let round = 0; round < n; round++) {
    for (let i = 0; i < 4096; i++) {
      sum += load<i32>(A + (i << 2));
      store<i32>(B + (i << 2), sum + i);
    }
  }
  return sum;
}

export function bulkCopy(n: i32): f64 {
  for (let round = 0; round < n; round++) memory.copy(B + (round & 7), A, 8192);
  return load<u8>(B + 99);
}

export function heat(n: i32): f64 {
  for (let i = 0; i < 64 * 64; i++) store<f64>(A + (i << 3), f64(i % 17));
  for (let round = 0; round < n; round++) {
    for (let y = 1; y < 63; y++) {
      for (let x = 1; x < 63; x++) {
        const at = A + ((y * 64 + x) << 3);
        const around = load<f64>(at - 8) + load<f64>(at + 8) + load<f64>(at - 512) + load<f64>(at + 512);
        store<f64>(at, 0.5 * load<f64>(at) + 0.125 * around);
      }
    }
  }
  return load<f64>(A + 20000);
}

// Larger than the caches of most machines, so that waiting for memory hides what is charged meanwhile.
const FAR: usize = 0x100000;
const FAR_ENTRIES: u32 = 0x200000;

// Where the next call goes on, so that it meets nothing that the last one left in the caches.
let chased: u32 = 1;

export function pointerChase(n: i32): f64 {
  // Filled once: one cycle through all entries.
  if (!load<u32>(FAR)) {
    for (let i: u32 = 0; i < FAR_ENTRIES; i++) store<u32>(FAR + (i << 2), (i * 1664525 + 1013904223) & (FAR_ENTRIES - 1));
  }
  let at = chased;
  for (let i = 0; i < n * 256; i++) at = load<u32>(FAR + (at << 2));
  chased = at;
  return at;
}

export function streamTriad(n: i32): f64 {
  const x = FAR, y = FAR + 0x300000, z = FAR + 0x600000, size = 0x60000;
  if (!load<f64>(y + 8)) {
    for (let i = 0; i < size; i++) {
      store<f64>(y + (i << 3), i * 0.5);
      store<f64>(z + (i << 3), i * 0.25);
    }
  }
  for (let round = 0; round < n; round++) {
    for (let i = 0; i < size; i++) store<f64>(x + (i << 3), load<f64>(y + (i << 3)) + 3 * load<f64>(z + (i << 3)));
  }
  return load<f64>(x + 8000);
}

export function simdSaxpy(n: i32): f64 {
  const factor = f32x4.splat(1.0001);
  for (let round = 0; round < n; round++) {
    for (let i = 0; i < 8192; i += 16) v128.store(B + i, f32x4.add(f32x4.mul(v128.load(A + i), factor), v128.load(B + i)));
  }
  return load<f32>(B + 64);
}

export function simdDot(n: i32): f64 {
  let sum = f64x2.splat(0);
  for (let round = 0; round < n; round++) {
    for (let i = 0; i < 8192; i += 16) sum = f64x2.add(sum, f64x2.mul(v128.load(A + i), v128.load(C + i)));
  }
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

export function simdBytes(n: i32): f64 {
  let sum = i32x4.splat(0);
  for (let round = 0; round < n; round++) {
    for (let i = 0; i < 8192; i += 16) sum = i32x4.add(sum, v128.xor(v128.load(A + i), i32x4.splat(i)));
  }
  return f64(i32x4.extract_lane(sum, 2));
}

export function alloc(size: i32): i32 {
  return 16;
}

export function run(pointer: i32, length: i32): i64 {
  return 0;
}
