// Puts the tiles of an image guest together, as they arrive or all at once. Runs in Node and in a page.
import type { ImageOutput } from './manifest.ts';

/** Pixels as RGBA, row by row: what `ImageData` and PNG encoders take. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8ClampedArray<ArrayBuffer>;
}

/** A picture of the output's size, wholly transparent. */
export function blankPicture(output: ImageOutput): Picture {
  const width = output.columns * output.tileWidth;
  const height = output.rows * output.tileHeight;
  return { width, height, rgba: new Uint8ClampedArray(width * height * 4) };
}

/** Draws one task's output at its place. A tile of the wrong length or place is left out and answers `false`. */
export function drawTile(picture: Picture, output: ImageOutput, index: number, tile: Uint8Array): boolean {
  const { columns, rows, tileWidth, tileHeight } = output;
  if (tile.length !== tileWidth * tileHeight || index < 0 || index >= columns * rows) return false;
  const palette = paletteBytes(output.palette);
  const left = (index % columns) * tileWidth;
  const top = Math.floor(index / columns) * tileHeight;
  tile.forEach((place, pixel) => {
    const x = left + (pixel % tileWidth);
    const y = top + Math.floor(pixel / tileWidth);
    picture.rgba.set(palette.subarray(place * 4, place * 4 + 4), (y * picture.width + x) * 4);
  });
  return true;
}

/** The whole picture; `tiles[i]` is task *i*'s output, `undefined` where there is none yet. */
export function assembleImage(output: ImageOutput, tiles: readonly (Uint8Array | undefined)[]): Picture {
  const picture = blankPicture(output);
  tiles.forEach((tile, index) => {
    if (tile !== undefined) drawTile(picture, output, index, tile);
  });
  return picture;
}

function paletteBytes(hex: string): Uint8Array {
  const rgba = new Uint8Array(256 * 4).fill(255);
  for (let channel = 0; channel < 256 * 3; channel += 1) {
    const at = Math.floor(channel / 3) * 4 + (channel % 3);
    rgba[at] = Number.parseInt(hex.slice(channel * 2, channel * 2 + 2), 16);
  }
  return rgba;
}
