// Reads guests from disk: manifest, built module and cases.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { type GuestManifest, parseManifest } from './manifest.ts';

/** The guests that come with Trine. */
export const GUEST_NAMES = ['alignment', 'collatz', 'fractal', 'mersenne', 'nbody', 'wordcount'] as const;
export type GuestName = (typeof GUEST_NAMES)[number];

export interface LoadedGuest {
  readonly manifest: GuestManifest;
  /** The module as built, before the rewriter. */
  readonly module: Uint8Array;
}

const caseSchema = z.strictObject({
  name: z.string(),
  inputHex: z.string().regex(/^([0-9a-f]{2})*$/),
  /** Overrides the manifest's fuel limit. */
  fuelLimit: z.optional(z.string().regex(/^[0-9]+$/)),
  outcome: z.enum(['completed', 'trapped', 'out-of-fuel']),
  /** SHA-256 of the output, in hex; of no bytes unless completed. */
  outputDigest: z.string().regex(/^[0-9a-f]{64}$/),
  fuel: z.string().regex(/^[0-9]+$/),
});

const casesSchema = z.strictObject({
  /** The rewriter's edition that the fuel figures belong to. */
  edition: z.string(),
  cases: z.array(caseSchema),
});

export type GuestCase = z.infer<typeof caseSchema>;
export type GuestCases = z.infer<typeof casesSchema>;

/**
 * Reads one guest. Throws when it was not built (`npm run build` does that) or is not what its manifest says.
 * `guests` is the folder that holds `<name>/manifest.json`; a bundle, which lies elsewhere, must say.
 */
export async function loadGuest(name: GuestName, guests: URL = ownGuests()): Promise<LoadedGuest> {
  const folder = new URL(`${name}/`, guests);
  const manifest = parseManifest(await readJson(new URL('manifest.json', folder)));
  const module = await readModule(new URL(manifest.module, folder));
  const digest = createHash('sha256').update(module).digest('hex');
  if (manifest.moduleDigest !== undefined && manifest.moduleDigest !== digest) {
    throw new Error(`${manifest.module} of ${name} is not the module whose digest its manifest has.`);
  }
  return { manifest, module };
}

/** Reads a guest's known answers. */
export async function loadCases(name: GuestName, guests: URL = ownGuests()): Promise<GuestCases> {
  return casesSchema.parse(await readJson(new URL(`${name}/cases.json`, guests)));
}

/** A guest's example: what a first run of it is given, or a range job's shared bytes. */
export async function loadExample(
  name: GuestName,
  file: string,
  guests: URL = ownGuests(),
): Promise<Uint8Array> {
  return new Uint8Array(await readFile(new URL(`${name}/${file}`, guests)));
}

// Called late, because a bundle may have no `import.meta.url` at all.
function ownGuests(): URL {
  return new URL('../guests/', import.meta.url);
}

async function readModule(url: URL): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(url));
  } catch (cause) {
    throw new Error(`${fileURLToPath(url)} cannot be read: run \`npm run build\` first.`, { cause });
  }
}

async function readJson(url: URL): Promise<unknown> {
  return JSON.parse(await readFile(url, 'utf8')) as unknown;
}
