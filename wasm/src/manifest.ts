// A guest's manifest: what it is, how its outputs are shown, and the limits its tasks need.
import { z } from 'zod';

const NAME_CHARACTERS_MAX = 120;
const TILES_A_SIDE_MAX = 4_096;
const TILE_PIXELS_MAX = 4_096;
const PALETTE_COLOURS = 256;

const image = z.strictObject({
  kind: z.literal('image'),
  /** Tiles across and down; task *i* is tile (i mod columns, ⌊i / columns⌋). */
  columns: z.int().min(1).max(TILES_A_SIDE_MAX),
  rows: z.int().min(1).max(TILES_A_SIDE_MAX),
  tileWidth: z.int().min(1).max(TILE_PIXELS_MAX),
  tileHeight: z.int().min(1).max(TILE_PIXELS_MAX),
  /** `palette8`: one byte a pixel into `palette`, 256 RGB triples as hex. */
  format: z.literal('palette8'),
  palette: z.string().regex(new RegExp(`^[0-9a-f]{${PALETTE_COLOURS * 6}}$`)),
});

/** Little-endian numbers at fixed offsets of an output, with their names; `words` stand for values. */
const fields = z.strictObject({
  kind: z.literal('fields'),
  fields: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(40),
        offset: z.int().min(0).max(4_096),
        type: z.enum(['u8', 'u16', 'u32', 'i32', 'u64', 'i64', 'u128', 'f64', 'hex64']),
        words: z.optional(z.record(z.string(), z.string())),
      }),
    )
    .min(1)
    .max(16),
});

const manifestSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/),
  title: z.string().min(1).max(NAME_CHARACTERS_MAX),
  summary: z.string().min(1).max(1_000),
  abi: z.enum(['trine-1', 'wasi-1']),
  /** Path of the module, relative to the manifest: built at set-up, or committed beside it. */
  module: z.string().regex(/^(build\/)?[a-z0-9-]+\.wasm$/),
  /** SHA-256 of a committed module, in hex. */
  moduleDigest: z.optional(z.string().regex(/^[0-9a-f]{64}$/)),
  license: z.string().min(1).max(NAME_CHARACTERS_MAX),
  author: z.string().min(1).max(NAME_CHARACTERS_MAX),
  output: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('bytes') }),
    z.strictObject({ kind: z.literal('text') }),
    fields,
    image,
  ]),
  limits: z.strictObject({
    /** Fuel of one task, in decimal: JSON numbers end at 2^53. */
    fuel: z.string().regex(/^[1-9][0-9]{0,18}$/),
    memoryBytes: z.int().min(65_536),
    outputBytes: z.int().min(0),
  }),
});

export type GuestManifest = z.infer<typeof manifestSchema>;

/** How an image guest's tiles lie and what their bytes mean. */
export type ImageOutput = Extract<GuestManifest['output'], { kind: 'image' }>;

/** Reads a manifest; one of our own files, so what is wrong with it is thrown, with the field's name. */
export function parseManifest(json: unknown): GuestManifest {
  return manifestSchema.parse(json);
}
