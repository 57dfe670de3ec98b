// Makes each guest's cases.json: runs chosen inputs through the real rewriter and sandbox and keeps what comes out.
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { EDITION, prepare } from '@trine/rewriter';
import { type RunLimits, runGuest } from '@trine/sandbox';
import {
  fractalInputs,
  GUEST_NAMES,
  type GuestCase,
  type GuestCases,
  type GuestName,
  loadGuest,
} from './src/index.ts';

interface CaseInput {
  readonly name: string;
  readonly input: Uint8Array;
  readonly fuelLimit?: bigint;
}

const NO_BYTES = new Uint8Array(0);

/** Rewrites the cases of every guest in the folder and answers how many there are. */
export async function blessCases(guests: URL): Promise<number> {
  let count = 0;
  for (const name of GUEST_NAMES) {
    const cases = await casesOf(name, guests);
    await writeFile(new URL(`${name}/cases.json`, guests), `${JSON.stringify(cases, null, 2)}\n`);
    count += cases.cases.length;
  }
  return count;
}

const INPUTS: Readonly<Record<GuestName, () => CaseInput[]>> = {
  mersenne: mersenneCases,
  fractal: fractalCases,
};

function mersenneCases(): CaseInput[] {
  const input = (exponent: number): Uint8Array => new Uint8Array(Uint32Array.of(exponent).buffer);
  const exponents = [2, 3, 5, 11, 31, 61, 64, 89, 127, 521, 1_021, 1_279, 2_281, 2_297];
  return [
    ...exponents.map((exponent) => ({ name: `exponent ${exponent}`, input: input(exponent) })),
    { name: 'exponent 1 is outside the contract', input: input(1) },
    { name: 'no input at all', input: NO_BYTES },
    { name: 'exponent 2281 on too little fuel', input: input(2_281), fuelLimit: 1_000_000n },
  ];
}

function fractalCases(): CaseInput[] {
  const tile = (index: number): Uint8Array => fractalInputs()[index] ?? NO_BYTES;
  return [
    ...[0, 41, 56, 95].map((index) => ({ name: `tile ${index}`, input: tile(index) })),
    { name: 'an input cut short', input: tile(0).slice(1) },
    { name: 'tile 56 on too little fuel', input: tile(56), fuelLimit: 1_000_000n },
  ];
}

async function casesOf(name: GuestName, guests: URL): Promise<GuestCases> {
  const { manifest, module } = await loadGuest(name, guests);
  const prepared = prepare(module);
  if (prepared.type === 'refused') throw new Error(`${name} was refused: ${prepared.message}`);
  const compiled = new WebAssembly.Module(Uint8Array.from(prepared.bytes));
  const limits = { ...manifest.limits, fuel: BigInt(manifest.limits.fuel) };
  return { edition: EDITION, cases: INPUTS[name]().map((one) => runCase(compiled, one, limits)) };
}

function runCase(module: WebAssembly.Module, one: CaseInput, manifestLimits: RunLimits): GuestCase {
  const limits = { ...manifestLimits, fuel: one.fuelLimit ?? manifestLimits.fuel };
  const hooks = { now: () => 0, onProgress: () => undefined, onLog: () => undefined };
  const result = runGuest({ module, abi: 'trine-1', input: one.input, limits }, hooks);
  if (result.outcome === 'aborted') throw new Error(`${one.name} aborted: ${result.reason}`);
  return {
    name: one.name,
    inputHex: Buffer.from(one.input).toString('hex'),
    ...(one.fuelLimit === undefined ? {} : { fuelLimit: String(one.fuelLimit) }),
    outcome: result.outcome,
    outputDigest: createHash('sha256').update(result.output).digest('hex'),
    fuel: String(result.fuel),
  };
}
