import { describe, expect, it } from 'vitest';
import {
  bytesFromBase64,
  decodeTile,
  parsePalette,
  pictureSize,
  type PictureView,
  tilePlace,
} from './tiles.ts';

const view: PictureView = {
  kind: 'image',
  columns: 3,
  rows: 2,
  tileWidth: 2,
  tileHeight: 1,
  format: 'palette8',
  palette: '102030ff8000',
};

describe('a picture', () => {
  it('places tiles row by row and none past the last', () => {
    expect(tilePlace(view, 0)).toEqual({ x: 0, y: 0 });
    expect(tilePlace(view, 5)).toEqual({ x: 4, y: 1 });
    expect(tilePlace(view, 6)).toBeUndefined();
  });

  it('has a size unless no canvas could hold it', () => {
    expect(pictureSize(view)).toEqual({ widthPx: 6, heightPx: 2 });
    expect(pictureSize({ ...view, columns: 4_096, tileWidth: 4_096 })).toBeUndefined();
    expect(
      pictureSize({ ...view, columns: 16, rows: 16, tileWidth: 1_000, tileHeight: 1_000 }),
    ).toBeUndefined();
  });
});

describe('decodeTile', () => {
  it('looks colours up, red first and opaque', () => {
    const pixels = decodeTile(view, Uint8Array.of(1, 0), parsePalette(view.palette));
    expect(Array.from(pixels ?? [])).toEqual([0xff, 0x80, 0x00, 0xff, 0x10, 0x20, 0x30, 0xff]);
  });

  it('falls back to grey where the palette ends', () => {
    const pixels = decodeTile(view, Uint8Array.of(7, 255), parsePalette(view.palette));
    expect(Array.from(pixels ?? [])).toEqual([7, 7, 7, 255, 255, 255, 255, 255]);
  });

  it('refuses bytes that are not one tile', () => {
    expect(decodeTile(view, Uint8Array.of(1), parsePalette(undefined))).toBeUndefined();
    expect(
      decodeTile({ ...view, format: 'rgba8' }, new Uint8Array(7), parsePalette(undefined)),
    ).toBeUndefined();
  });

  it('takes rgba8 as it is', () => {
    const bytes = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    expect(
      Array.from(decodeTile({ ...view, format: 'rgba8' }, bytes, parsePalette(undefined)) ?? []),
    ).toEqual([...bytes]);
  });

  it('reads base64', () => {
    expect(Array.from(bytesFromBase64('AAH/'))).toEqual([0, 1, 255]);
  });
});
