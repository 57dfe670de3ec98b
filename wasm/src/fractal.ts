// The demonstration's picture: a deep Mandelbrot view cut into tiles, one task a tile.

/** A view, and how it is cut and coloured. The tile's bytes fit an inline output: 64 × 64 = 4 KiB. */
export interface FractalView {
  readonly centreRe: number;
  readonly centreIm: number;
  /** Distance of two pixels in the complex plane. */
  readonly step: number;
  /** Escape counts that get the palette's beginning, and (added to it) its middle. */
  readonly first: number;
  readonly half: number;
  readonly iterationsMax: number;
  readonly columns: number;
  readonly rows: number;
  /** Pixels a side of a tile. */
  readonly tileSize: number;
}

/** Spirals beside a small copy of the set on the needle, 7 million times enlarged: 96 tiles, 768 × 512 pixels. */
export const FRACTAL_VIEW: FractalView = {
  centreRe: -1.768778833,
  centreIm: 0.001738996,
  step: 4e-7 / 768,
  first: 95,
  half: 130,
  iterationsMax: 5_000,
  columns: 12,
  rows: 8,
  tileSize: 64,
};

const INPUT_BYTES = 64;

/** Where colours are given; between two of them they are mixed evenly. */
const STOPS: readonly { readonly at: number; readonly rgb: readonly [number, number, number] }[] = [
  { at: 0, rgb: [0x04, 0x05, 0x0f] },
  { at: 46, rgb: [0x0b, 0x2a, 0x5b] },
  { at: 92, rgb: [0x1f, 0x7f, 0xb8] },
  { at: 122, rgb: [0x9f, 0xe0, 0xe8] },
  { at: 143, rgb: [0xff, 0xf6, 0xd6] },
  { at: 168, rgb: [0xf6, 0xb2, 0x3c] },
  { at: 199, rgb: [0xb5, 0x45, 0x1f] },
  { at: 230, rgb: [0x3d, 0x0f, 0x1f] },
  { at: 255, rgb: [0x07, 0x04, 0x0c] },
];

/** One input a tile, row by row from the upper left: the layout is at the head of the guest's source. */
export function fractalInputs(view: FractalView = FRACTAL_VIEW): Uint8Array[] {
  const tiles = Array.from({ length: view.columns * view.rows }, (_, index) => index);
  return tiles.map((index) => tileInput(view, index % view.columns, Math.floor(index / view.columns)));
}

/** The 256 colours of the demonstration as hex RGB triples, the form that the manifest carries. */
export function fractalPalette(): string {
  const colours = Array.from({ length: 256 }, (_, place) => colourAt(place));
  return Buffer.from(colours.flat()).toString('hex');
}

function tileInput(view: FractalView, tileX: number, tileY: number): Uint8Array {
  const input = new Uint8Array(INPUT_BYTES);
  const data = new DataView(input.buffer);
  const reals = [view.centreRe, view.centreIm, view.step, view.first, view.half];
  reals.forEach((value, index) => data.setFloat64(index * 8, value, true));
  const whole = [tileX, tileY, view.columns, view.rows, view.tileSize, view.iterationsMax];
  whole.forEach((value, index) => data.setUint32(40 + index * 4, value, true));
  return input;
}

function colourAt(place: number): number[] {
  const next = STOPS.findIndex((stop) => stop.at >= place);
  const to = STOPS[next];
  const from = STOPS[Math.max(0, next - 1)];
  if (from === undefined || to === undefined) throw new RangeError(`The palette has no place ${place}.`);
  const share = to.at === from.at ? 0 : (place - from.at) / (to.at - from.at);
  return from.rgb.map((value, channel) => Math.round(value + ((to.rgb[channel] ?? 0) - value) * share));
}
