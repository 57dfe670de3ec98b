// The nbody guest's shared bytes and answers, and the planets that its published energies belong to.

/** x, y, z, vx, vy, vz, mass; G = 1. */
export type Body = readonly [number, number, number, number, number, number, number];

/** One simulation. Task *i* of a range moves the first body by i · nudge along x. */
export interface NbodyRun {
  readonly bodies: readonly Body[];
  readonly steps: number;
  readonly stepLength: number;
  readonly nudge?: number;
}

/** Energies before and after all steps, and where the bodies are then: x, y, z, vx, vy, vz. */
export interface NbodyAnswer {
  readonly energyBefore: number;
  readonly energyAfter: number;
  readonly bodies: readonly (readonly number[])[];
}

const HEAD_BYTES = 24;
const INPUT_BODY_BYTES = 56;
const OUTPUT_HEAD_BYTES = 16;
const OUTPUT_BODY_BYTES = 48;
const FLOAT_BYTES = 8;

const SOLAR_MASS = 4 * Math.PI * Math.PI;
const DAYS = 365.24;

/** Jupiter, Saturn, Uranus, Neptune, as the Computer Language Benchmarks Game has them: speeds a day, masses in suns. */
const GIANTS: readonly Body[] = [
  [
    4.8414314424647209, -1.16032004402742839, -1.03622044471123109e-1, 1.66007664274403694e-3,
    7.69901118419740425e-3, -6.90460016972063023e-5, 9.54791938424326609e-4,
  ],
  [
    8.34336671824457987, 4.12479856412430479, -4.03523417114321381e-1, -2.76742510726862411e-3,
    4.99852801234917238e-3, 2.30417297573763929e-5, 2.85885980666130812e-4,
  ],
  [
    1.2894369562139131e1, -1.51111514016986312e1, -2.23307578892655734e-1, 2.96460137564761618e-3,
    2.3784717395948095e-3, -2.96589568540237556e-5, 4.36624404335156298e-5,
  ],
  [
    1.53796971148509165e1, -2.59193146099879641e1, 1.79258772950371181e-1, 2.68067772490389322e-3,
    1.62824170038242295e-3, -9.5159225451971587e-5, 5.15138902046611451e-5,
  ],
];

/** The sun and its four giants, at rest as a whole: in years, astronomical units, and a sun's mass of 4π². */
export function solarSystem(): readonly Body[] {
  const giants = GIANTS.map(
    ([x, y, z, vx, vy, vz, mass]): Body => [x, y, z, vx * DAYS, vy * DAYS, vz * DAYS, mass * SOLAR_MASS],
  );
  const momentum = (axis: 3 | 4 | 5): number => giants.reduce((sum, body) => sum + body[axis] * body[6], 0);
  const sun: Body = [
    0,
    0,
    0,
    -momentum(3) / SOLAR_MASS,
    -momentum(4) / SOLAR_MASS,
    -momentum(5) / SOLAR_MASS,
    SOLAR_MASS,
  ];
  return [sun, ...giants];
}

/** The bytes that all tasks of a range job share. */
export function nbodyShared({ bodies, steps, stepLength, nudge = 0 }: NbodyRun): Uint8Array {
  const shared = new Uint8Array(HEAD_BYTES + bodies.length * INPUT_BODY_BYTES);
  const view = new DataView(shared.buffer);
  view.setUint32(0, bodies.length, true);
  view.setUint32(4, steps, true);
  view.setFloat64(8, stepLength, true);
  view.setFloat64(16, nudge, true);
  for (const [place, value] of bodies.flat().entries()) {
    view.setFloat64(HEAD_BYTES + place * FLOAT_BYTES, value, true);
  }
  return shared;
}

/** The input of one task: the shared bytes and its number, as a range job makes it. */
export function nbodyInput(run: NbodyRun, task = 0n): Uint8Array {
  const shared = nbodyShared(run);
  const input = new Uint8Array(shared.length + 8);
  input.set(shared);
  new DataView(input.buffer).setBigUint64(shared.length, task, true);
  return input;
}

/** Reads an output of the nbody guest; `undefined` when it has a length that no number of bodies gives. */
export function decodeNbody(output: Uint8Array): NbodyAnswer | undefined {
  const count = (output.length - OUTPUT_HEAD_BYTES) / OUTPUT_BODY_BYTES;
  if (!Number.isInteger(count) || count < 2) return undefined;
  const view = new DataView(output.buffer, output.byteOffset, output.byteLength);
  const numbers = Array.from({ length: 2 + count * 6 }, (_, place) =>
    view.getFloat64(place * FLOAT_BYTES, true),
  );
  const [energyBefore = 0, energyAfter = 0] = numbers;
  const bodies = Array.from({ length: count }, (_, body) => numbers.slice(2 + body * 6, 8 + body * 6));
  return { energyBefore, energyAfter, bodies };
}
