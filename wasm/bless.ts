// Makes each guest's cases.json: runs chosen inputs through the real rewriter and sandbox and keeps what comes out.
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { encodeWasiInput } from '@trine/protocol';
import { EDITION, prepare } from '@trine/rewriter';
import { runGuest } from '@trine/sandbox';
import {
  COLLATZ_START,
  collatzInput,
  fractalInputs,
  GUEST_NAMES,
  type GuestCase,
  type GuestCases,
  type GuestManifest,
  type GuestName,
  loadExample,
  loadGuest,
  nbodyInput,
  solarSystem,
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

const INPUTS: Readonly<Record<GuestName, (guests: URL) => CaseInput[] | Promise<CaseInput[]>>> = {
  alignment: alignmentCases,
  collatz: collatzCases,
  mersenne: mersenneCases,
  fractal: fractalCases,
  nbody: nbodyCases,
  wordcount: wordcountCases,
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

function collatzCases(): CaseInput[] {
  const records = [27n, 837_799n, 63_728_127n, 670_617_279n, 9_780_657_630n, 989_345_275_647n];
  const block = (COLLATZ_START / 65_536n) * 65_536n;
  return [
    ...records.map((number) => ({ name: `${number} alone`, input: collatzInput(number, 1) })),
    { name: 'the first 3,000 numbers', input: collatzInput(1n, 3_000) },
    { name: 'four whole blocks of 72-bit numbers', input: collatzInput(block, 262_144, 3n) },
    { name: 'a number that climbs above 2^128', input: collatzInput(2n ** 111n - 1n, 1) },
    { name: 'from 0 on is outside the contract', input: collatzInput(0n, 1) },
    { name: 'no input at all', input: NO_BYTES },
    { name: 'a block on too little fuel', input: collatzInput(block, 65_536), fuelLimit: 4_000_000n },
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

async function alignmentCases(guests: URL): Promise<CaseInput[]> {
  const haemoglobins = new TextDecoder().decode(await loadExample('alignment', 'example.fasta', guests));
  const text = (words: string): Uint8Array => new TextEncoder().encode(words);
  // A thousand bases in an order without a pattern, and the same with every 97th lost.
  const bases = Array.from({ length: 1_000 }, (_, place) =>
    'ACGT'.charAt(((place ** 3 + place * 7) % 11) % 4),
  );
  const fewer = bases.filter((_, place) => place % 97 !== 0);
  const dna = `>whole\n${bases.join('')}\n>fewer\n${fewer.join('')}\n`;
  const long = 'W'.repeat(1_500);
  return [
    { name: 'haemoglobin alpha and beta', input: text(haemoglobins) },
    { name: 'the same with other gaps', input: text(`; open 3 extend 1.5\n${haemoglobins}`) },
    { name: 'a thousand bases', input: text(`; dna\n${dna}`) },
    { name: 'a score past 16 bits', input: text(`>q\n${long}\n>t\n${long}\n`) },
    { name: 'beta against alpha, as task 1', input: text(`; range\n${haemoglobins}\u0001\0\0\0\0\0\0\0`) },
    { name: 'a digit among the letters', input: text('>a\nMK1\n>b\nMKV\n') },
    { name: 'no input at all', input: NO_BYTES },
    { name: 'a thousand bases on too little fuel', input: text(`; dna\n${dna}`), fuelLimit: 1_000_000n },
  ];
}

function nbodyCases(): CaseInput[] {
  const planets = (steps: number) => ({ bodies: solarSystem(), steps, stepLength: 0.01, nudge: 1e-6 });
  const rest = (x: number) => [x, 0, 0, 0, 0, 0, 1] as const;
  const met = { bodies: [rest(1), rest(1), rest(2)], steps: 3, stepLength: 0.01 };
  return [
    ...[0, 1_000, 10_000, 100_000].map((steps) => ({
      name: `the planets after ${steps} steps`,
      input: nbodyInput(planets(steps)),
    })),
    { name: 'the planets, the sun a little aside', input: nbodyInput(planets(2_000), 7n) },
    { name: 'two bodies at one place: no numbers', input: nbodyInput(met) },
    { name: 'an input cut short', input: nbodyInput(planets(1)).subarray(1) },
    { name: 'the planets on too little fuel', input: nbodyInput(planets(10_000)), fuelLimit: 1_000_000n },
  ];
}

function wordcountCases(): CaseInput[] {
  const bytes = (words: string): Uint8Array => new TextEncoder().encode(words);
  const rhyme = bytes(
    'Three nodes agree, three nodes are one.\nThe fourth one\u2019s answer isn\u2019t done.\n',
  );
  const scripts = bytes('Été, ÉTÉ et été. Три узла, ТРИ ответа. Τρεις ΤΡΕΙΣ. 三个节点\u3002三个节点');
  const many = bytes(Array.from({ length: 9_000 }, (_, place) => `w${(place * place) % 2_003}`).join(' '));
  const command = (name: string, args: readonly string[], rest: object) => ({
    name,
    input: encodeWasiInput({ args: ['wordcount', ...args], ...rest }),
  });
  return [
    command('standard input', [], { stdin: rhyme }),
    command('two files', ['--top', '3', 'a.txt', 'b/c.txt'], {
      files: { 'a.txt': rhyme, 'b/c.txt': scripts },
    }),
    command('many words', ['--least', '4', '--top', '100'], { stdin: many }),
    command('bytes that are no text', [], { stdin: Uint8Array.of(0xff, 0x61, 0xe2, 0x82, 0x62, 0xf0) }),
    command('a file that is not there', ['no.txt'], {}),
    command('an option that is not there', ['--bottom', '3'], {}),
    { name: 'no input at all: nothing to read', input: NO_BYTES },
    { name: 'no CBOR item', input: rhyme },
    { ...command('many words on too little fuel', [], { stdin: many }), fuelLimit: 1_000_000n },
  ];
}

async function casesOf(name: GuestName, guests: URL): Promise<GuestCases> {
  const { manifest, module } = await loadGuest(name, guests);
  const prepared = prepare(module);
  if (prepared.type === 'refused') throw new Error(`${name} was refused: ${prepared.message}`);
  const compiled = new WebAssembly.Module(Uint8Array.from(prepared.bytes));
  return {
    edition: EDITION,
    cases: (await INPUTS[name](guests)).map((one) => runCase(compiled, one, manifest)),
  };
}

function runCase(
  module: WebAssembly.Module,
  one: CaseInput,
  { abi, limits: given }: GuestManifest,
): GuestCase {
  const limits = { ...given, fuel: one.fuelLimit ?? BigInt(given.fuel) };
  const hooks = { now: () => 0, onProgress: () => undefined, onLog: () => undefined };
  const result = runGuest({ module, abi, input: one.input, limits }, hooks);
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
