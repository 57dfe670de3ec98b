/** Outputs as pixels: what a manifest says of a picture, and the bytes of one tile. */
import type { OutputView } from './views.ts';

export type PictureView = Extract<OutputView, { readonly kind: 'image' }>;

/** Pixels a page draws at most: a canvas of this size is 128 MiB. */
const PICTURE_PIXELS_MAX = 33_554_432;
/** No browser draws a wider or higher canvas everywhere. */
const PICTURE_SIDE_MAX = 16_384;

export interface PictureSize {
  readonly widthPx: number;
  readonly heightPx: number;
}

/** Size of the whole picture, or nothing when it is too large to draw. */
export function pictureSize(view: PictureView): PictureSize | undefined {
  const widthPx = view.columns * view.tileWidth;
  const heightPx = view.rows * view.tileHeight;
  if (widthPx > PICTURE_SIDE_MAX || heightPx > PICTURE_SIDE_MAX) return undefined;
  return widthPx * heightPx > PICTURE_PIXELS_MAX ? undefined : { widthPx, heightPx };
}

/** Where the tile of task `index` goes: row by row. Nothing when the picture has no such tile. */
export function tilePlace(
  view: PictureView,
  index: number,
): { readonly x: number; readonly y: number } | undefined {
  const row = Math.floor(index / view.columns);
  if (row >= view.rows) return undefined;
  return { x: (index % view.columns) * view.tileWidth, y: row * view.tileHeight };
}

export function bytesFromBase64(text: string): Uint8Array {
  const binary = atob(text);
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

/** A palette of RGB triples as hex, as 256 opaque colours; missing ones are a grey ramp. */
export function parsePalette(hex: string | undefined): Uint32Array {
  const colours = new Uint32Array(256);
  for (let index = 0; index < 256; index += 1) {
    const triple = hex?.slice(index * 6, index * 6 + 6) ?? '';
    const rgb = triple.length === 6 ? Number.parseInt(triple, 16) : (index << 16) | (index << 8) | index;
    // ImageData is red first in memory; as a little-endian word red is lowest.
    colours[index] = (0xff000000 | ((rgb & 0xff) << 16) | (rgb & 0xff00) | (rgb >> 16)) >>> 0;
  }
  return colours;
}

/** RGBA pixels of one tile, or nothing when the output has not the size the manifest promises. */
export function decodeTile(
  view: PictureView,
  bytes: Uint8Array,
  palette: Uint32Array,
): Uint8ClampedArray<ArrayBuffer> | undefined {
  const pixels = view.tileWidth * view.tileHeight;
  if (bytes.length !== pixels * BYTES_A_PIXEL[view.format]) return undefined;
  if (view.format === 'rgba8') return new Uint8ClampedArray(bytes);
  const words = new Uint32Array(pixels);
  for (let at = 0; at < pixels; at += 1) words[at] = palette[bytes[at] ?? 0] ?? 0;
  return new Uint8ClampedArray(words.buffer);
}

const BYTES_A_PIXEL = { palette8: 1, rgba8: 4 } as const;
