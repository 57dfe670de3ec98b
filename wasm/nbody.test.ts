// The nbody guest against the energies that the Computer Language Benchmarks Game publishes, and bit by bit against
// the same steps in plain numbers.
import { beforeAll, describe, expect, test } from 'vitest';
import { plainGuest } from './guests.testing.ts';
import {
  type Body,
  decodeNbody,
  loadExample,
  type NbodyRun,
  nbodyInput,
  nbodyShared,
  solarSystem,
} from './src/index.ts';

let run: (input: Uint8Array) => Uint8Array;

beforeAll(async () => {
  run = await plainGuest('nbody');
});

type Moving = { -readonly [place in keyof Body]: Body[place] };

function energyOf(bodies: readonly Body[]): number {
  let sum = 0;
  for (const [at, [x, y, z, vx, vy, vz, mass]] of bodies.entries()) {
    sum += 0.5 * mass * (vx * vx + vy * vy + vz * vz);
    for (const other of bodies.slice(at + 1)) {
      const [dx, dy, dz] = [x - other[0], y - other[1], z - other[2]];
      sum -= (mass * other[6]) / Math.sqrt(dx * dx + dy * dy + dz * dz);
    }
  }
  return sum;
}

/** Changes both velocities; what `one` gains is answered, not applied. */
function pull(one: Moving, other: Moving, stepLength: number): readonly [number, number, number] {
  const [dx, dy, dz] = [one[0] - other[0], one[1] - other[1], one[2] - other[2]];
  const squared = dx * dx + dy * dy + dz * dz;
  const strength = stepLength / (squared * Math.sqrt(squared));
  const [there, here] = [strength * other[6], strength * one[6]];
  other[3] += dx * here;
  other[4] += dy * here;
  other[5] += dz * here;
  return [dx * there, dy * there, dz * there];
}

/** As the guest's source says: two sums for each body, and a last one without a partner afterwards. */
function advance(bodies: readonly Moving[], stepLength: number): void {
  for (const [at, one] of bodies.entries()) {
    const others = bodies.slice(at + 1);
    const sums = [
      [0, 0, 0],
      [0, 0, 0],
    ];
    const last = others.length % 2 === 1 ? others.pop() : undefined;
    for (const [place, other] of others.entries()) {
      const gains = pull(one, other, stepLength);
      sums[place % 2] = (sums[place % 2] ?? []).map((sum, axis) => sum + (gains[axis] ?? 0));
    }
    const [first = [], second = []] = sums;
    const gain = (axis: number): number => (first[axis] ?? 0) + (second[axis] ?? 0);
    one[3] -= gain(0);
    one[4] -= gain(1);
    one[5] -= gain(2);
    const [x, y, z] = last === undefined ? [0, 0, 0] : pull(one, last, stepLength);
    one[3] -= x;
    one[4] -= y;
    one[5] -= z;
  }
  for (const body of bodies) {
    body[0] += body[3] * stepLength;
    body[1] += body[4] * stepLength;
    body[2] += body[5] * stepLength;
  }
}

/** The guest's output, in plain numbers. */
function expectedOutput({ bodies, steps, stepLength, nudge = 0 }: NbodyRun, task: bigint): Uint8Array {
  const moving = bodies.map((body): Moving => [...body]);
  if (moving[0] !== undefined) moving[0][0] += Number(task) * nudge;
  const before = energyOf(moving);
  for (let step = 0; step < steps; step += 1) advance(moving, stepLength);
  const numbers = [before, energyOf(moving), ...moving.flatMap((body) => body.slice(0, 6))];
  return new Uint8Array(Float64Array.from(numbers).buffer);
}

const planets = (steps: number): NbodyRun => ({ bodies: solarSystem(), steps, stepLength: 0.01 });

describe('the sun and its giants', () => {
  test.each([
    [0, -0.169_075_164],
    [1_000, -0.169_087_605],
    [500_000, -0.169_096_567],
  ])('after %s steps have the published energy', (steps, energy) => {
    const answer = decodeNbody(run(nbodyInput(planets(steps))));
    expect(answer?.energyBefore.toFixed(9)).toBe('-0.169075164');
    expect(answer?.energyAfter.toFixed(9)).toBe(energy.toFixed(9));
  });

  test('after 20,000 steps are where plain numbers put them, to the last bit', () => {
    expect(run(nbodyInput(planets(20_000)))).toEqual(expectedOutput(planets(20_000), 0n));
  });
});

describe('any system', () => {
  // Spread by a fraction of the golden ratio, so that no two are alike and nothing is drawn.
  const spread = (place: number): number => ((place * 0.618_033_988_749_894_9) % 1) - 0.5;
  const system = (count: number): readonly Body[] =>
    Array.from({ length: count }, (_, body): Body => {
      const at = (place: number): number => spread(body * 7 + place + 1);
      return [at(0) * 9, at(1) * 9, at(2) * 9, at(3), at(4), at(5), at(6) + 0.75];
    });

  // Odd and even numbers of pairs, from one on.
  test.each([2, 3, 4, 6, 7, 11, 64])('of %s bodies goes where plain numbers go, to the last bit', (count) => {
    const given: NbodyRun = { bodies: system(count), steps: 50, stepLength: 0.003, nudge: 1e-9 };
    for (const task of [0n, 12_345n])
      expect(run(nbodyInput(given, task))).toEqual(expectedOutput(given, task));
  });
});

test('an input outside the contract traps', () => {
  const good = nbodyInput(planets(1));
  const one = nbodyInput({ bodies: solarSystem().slice(0, 1), steps: 1, stepLength: 1 });
  const many = Array.from({ length: 65 }, (): Body => [1, 2, 3, 4, 5, 6, 7]);
  const inputs = [
    good.subarray(1),
    one,
    nbodyInput({ bodies: many, steps: 1, stepLength: 1 }),
    new Uint8Array(0),
  ];
  for (const input of inputs) expect(() => run(input)).toThrow(WebAssembly.RuntimeError);
});

test('the example is the shared bytes of a million steps, the sun a little further along in each task', async () => {
  const given = { ...planets(1_000_000), nudge: 1e-9 };
  expect(await loadExample('nbody', 'example.bin')).toEqual(nbodyShared(given));
});

test('an output of another length is no answer', () => {
  expect(decodeNbody(new Uint8Array(16 + 48))).toBeUndefined();
  expect(decodeNbody(new Uint8Array(100))).toBeUndefined();
});
