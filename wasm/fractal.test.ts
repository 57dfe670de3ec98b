// The fractal guest: tiles that meet, colours that agree with an independent escape count, a PNG that reads back.
import { inflateSync } from 'node:zlib';
import { beforeAll, expect, test } from 'vitest';
import { plainGuest } from './guests.testing.ts';
import {
  assembleImage,
  encodePng,
  FRACTAL_VIEW,
  type FractalView,
  fractalInputs,
  fractalPalette,
  type GuestManifest,
  type ImageOutput,
  loadGuest,
} from './src/index.ts';

let run: (input: Uint8Array) => Uint8Array;
let manifest: GuestManifest;

beforeAll(async () => {
  run = await plainGuest('fractal');
  manifest = (await loadGuest('fractal')).manifest;
});

const SMALL: FractalView = {
  ...FRACTAL_VIEW,
  centreRe: -0.6,
  centreIm: 0,
  step: 0.03,
  columns: 4,
  rows: 2,
  tileSize: 16,
  first: 0,
  half: 10,
  iterationsMax: 500,
};

function escapeCount(re: number, im: number): number {
  let [x, y] = [0, 0];
  for (let count = 0; count < SMALL.iterationsMax; count += 1) {
    [x, y] = [x * x - y * y + re, 2 * x * y + im];
    if (x * x + y * y > 65_536) return count;
  }
  return Number.POSITIVE_INFINITY;
}

test('the manifest describes the view that the inputs ask for', () => {
  const { columns, rows, tileSize } = FRACTAL_VIEW;
  const size = { columns, rows, tileWidth: tileSize, tileHeight: tileSize };
  expect(manifest.output).toEqual({ kind: 'image', ...size, format: 'palette8', palette: fractalPalette() });
  expect(fractalInputs()).toHaveLength(96);
  expect(tileSize * tileSize).toBe(manifest.limits.outputBytes);
});

test('a tile is drawn where its input says, with the counts of the definition', () => {
  const tiles = fractalInputs(SMALL).map((input) => run(input));
  const { columns, rows, tileSize, step, half } = SMALL;
  let inside = 0;
  for (let y = 0; y < rows * tileSize; y += 1) {
    for (let x = 0; x < columns * tileSize; x += 1) {
      const tile = tiles[Math.floor(y / tileSize) * columns + Math.floor(x / tileSize)];
      const place = tile?.[(y % tileSize) * tileSize + (x % tileSize)] ?? -1;
      const re = SMALL.centreRe + (x - (columns * tileSize) / 2 + 0.5) * step;
      const im = SMALL.centreIm - (y - (rows * tileSize) / 2 + 0.5) * step;
      const counts = [-1, 1].flatMap((dx) =>
        [-1, 1].map((dy) => escapeCount(re + (dx * step) / 4, im + (dy * step) / 4)),
      );
      // A continuous count lies within the count and the next, and the logarithms are good to a hundredth.
      const bound = (add: number): number =>
        (255 *
          counts
            .map((count) =>
              count === Number.POSITIVE_INFINITY
                ? 1
                : Math.max(0, count + add) / (Math.max(0, count + add) + half),
            )
            .reduce((sum, share) => sum + share, 0)) /
        4;
      expect(place).toBeGreaterThanOrEqual(Math.floor(bound(-0.1)));
      expect(place).toBeLessThanOrEqual(Math.ceil(bound(1.1)));
      inside += place === 255 ? 1 : 0;
    }
  }
  expect(inside).toBeGreaterThan(100);
});

test('an input outside the contract traps', () => {
  const [good] = fractalInputs(SMALL);
  if (good === undefined) throw new Error('there is a first tile');
  const changed = (at: number, value: number): Uint8Array => {
    const input = good.slice();
    new DataView(input.buffer).setUint32(at, value, true);
    return input;
  };
  const bad = [
    good.slice(1),
    changed(40, 4),
    changed(44, 2),
    changed(56, 0),
    changed(56, 257),
    changed(60, 1_000_001),
  ];
  for (const input of bad) expect(() => run(input)).toThrow(WebAssembly.RuntimeError);
});

const TWO: ImageOutput = {
  kind: 'image',
  columns: 2,
  rows: 1,
  tileWidth: 1,
  tileHeight: 2,
  format: 'palette8',
  palette: `000000${'ff8000'.repeat(255)}`,
};

test('tiles that are there are drawn at their place; the rest stays transparent', () => {
  const picture = assembleImage(TWO, [undefined, Uint8Array.of(0, 7)]);
  expect([...picture.rgba]).toEqual([0, 0, 0, 0, 0, 0, 0, 255, 0, 0, 0, 0, 255, 128, 0, 255]);
  expect([...assembleImage(TWO, [Uint8Array.of(1)]).rgba]).toEqual(Array.from({ length: 16 }, () => 0));
});

test('the PNG holds the picture', () => {
  const png = Buffer.from(encodePng(assembleImage(TWO, [Uint8Array.of(1, 1), Uint8Array.of(0, 7)])));
  expect(png.subarray(0, 8).toString('latin1')).toBe('\u0089PNG\r\n\u001a\n');
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([2, 2]);
  const length = png.readUInt32BE(33);
  const rows = [...inflateSync(png.subarray(41, 41 + length))];
  expect(rows).toEqual([2, 255, 128, 0, 255, 0, 0, 0, 255, 2, 0, 0, 0, 0, 255, 128, 0, 0]);
});
