// `npm run fuzz`: random modules against the rewriter for as long as asked. What fails a check is made smaller and
// kept in test/regression/fuzz, where `kept.test.ts` tries it for ever after.

import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';

import { makeBinaryenModule } from './binaryen-modules.ts';
import { type Checked, checkBytes, checkGuest, checkMutant, type Finding, LONG_FUEL } from './checks.ts';
import { makeLoopModule } from './loop-modules.ts';
import { mutate } from './mutate.ts';
import { createRandom, makeModule, makeVectorModule } from './random-modules.ts';
import { shrink } from './shrink.ts';
import { checkSteps } from './step-checks.ts';
import { stepAssembler } from './step-guests.ts';

/** One kind of campaign: makes the module of a case, and checks it. */
interface Kind {
  readonly about: string;
  readonly make: (seed: number) => Uint8Array;
  readonly check: (module: Uint8Array) => Checked;
}

const KEPT = 'test/regression/fuzz';
const REAL_MODULES = 'wasm';
const MINUTE_MS = 60_000;
/** Turns of a long loop. */
const LONG_REACH = 600_000;
/** Seeds fit 31 bits, so that they can be typed again. */
const SEED_MAX = 2 ** 31;

const HELP = `npm run fuzz -- [--minutes n] [--seed n] [--kind name,…]

Makes modules from a seed and checks them until the minutes are over (default 1). Kinds:
`;

/** Runs campaigns as the arguments say. Answers the exit code: 1 if anything was found. */
export async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '1' },
      seed: { type: 'string' },
      kind: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const kinds = await allKinds();
  const chosen = values.kind?.split(',') ?? Object.keys(kinds);
  const unknown = chosen.find((name) => !(name in kinds));
  const minutes = Number(values.minutes);
  const seed = values.seed === undefined ? Math.floor(Date.now() % SEED_MAX) : Number(values.seed);
  if (values.help || unknown !== undefined || !(minutes > 0) || !Number.isSafeInteger(seed)) {
    if (unknown !== undefined) console.log(`There is no kind "${unknown}".`);
    console.log(
      HELP +
        Object.entries(kinds)
          .map(([name, kind]) => `  ${name}: ${kind.about}`)
          .join('\n'),
    );
    return values.help ? 0 : 2;
  }
  console.log(`seed ${seed}`);
  const campaigns = chosen.flatMap((name) => {
    const kind = kinds[name];
    return kind === undefined ? [] : [new Campaign(name, kind, seed)];
  });
  const endMs = performance.now() + minutes * MINUTE_MS;
  while (performance.now() < endMs) await leastSpent(campaigns)?.next();
  return report(campaigns, seed, minutes);
}

/** Some kinds take a hundred times longer than others: whoever has had the least time is next. */
function leastSpent(campaigns: readonly Campaign[]): Campaign | undefined {
  return campaigns.toSorted((one, other) => one.spentMs - other.spentMs)[0];
}

async function allKinds(): Promise<Readonly<Record<string, Kind>>> {
  const [real, assembleSteps] = await Promise.all([realModules(), stepAssembler()]);
  return {
    modules: { about: 'generated guests', make: makeModule, check: (module) => checkGuest(module) },
    vectors: {
      about: 'generated guests with vectors',
      make: makeVectorModule,
      check: (module) => checkGuest(module),
    },
    loops: {
      about: 'guests of counted loops',
      make: (seed) => makeLoopModule(seed),
      check: (module) => checkGuest(module),
    },
    'long-loops': {
      about: 'guests of loops that take up to millions of instructions',
      make: (seed) => makeLoopModule(seed, LONG_REACH),
      check: (module) => checkGuest(module, LONG_FUEL),
    },
    binaryen: {
      about: 'guests that Binaryen makes of random bytes',
      make: makeBinaryenModule,
      check: checkMutant,
    },
    bytes: { about: 'generated guests with damaged bytes', make: makeMutant, check: checkMutant },
    steps: {
      about: 'step guests taken apart at every step, every third one with damaged bytes',
      make: (seed) => (seed % 3 === 0 ? damaged(assembleSteps(seed), seed) : assembleSteps(seed)),
      check: checkSteps,
    },
    real: {
      about: `the modules of ${REAL_MODULES} with damaged bytes`,
      make: (seed) => damaged(real[seed % real.length] ?? new Uint8Array(0), seed),
      check: checkBytes,
    },
  };
}

function makeMutant(seed: number): Uint8Array {
  return damaged(seed % 2 === 0 ? makeModule(seed) : makeVectorModule(seed), seed);
}

const damaged = (module: Uint8Array, seed: number): Uint8Array => mutate(module, createRandom(~seed));

async function realModules(): Promise<readonly Uint8Array[]> {
  const files = (await readdir(REAL_MODULES, { recursive: true })).filter((name) => name.endsWith('.wasm'));
  if (files.length === 0) throw new Error(`There are no modules in ${REAL_MODULES}.`);
  return Promise.all(files.toSorted().map((name) => readFile(join(REAL_MODULES, name))));
}

class Campaign {
  readonly name: string;
  readonly ended: Record<string, number> = {};
  cases = 0;
  spentMs = 0;
  /** Cases that failed, by check. */
  readonly findings: Record<string, number> = {};
  readonly #kind: Kind;
  readonly #seed: number;

  constructor(name: string, kind: Kind, seed: number) {
    this.name = name;
    this.#kind = kind;
    this.#seed = seed;
  }

  async next(): Promise<void> {
    const beganMs = performance.now();
    await this.#tryOne();
    this.spentMs += performance.now() - beganMs;
  }

  async #tryOne(): Promise<void> {
    const seed = (this.#seed + this.cases * 7_919) % SEED_MAX;
    this.cases += 1;
    const module = this.#kind.make(seed);
    const checked = this.#kind.check(module);
    if ('ended' in checked) {
      this.ended[checked.ended] = (this.ended[checked.ended] ?? 0) + 1;
      return;
    }
    const before = this.findings[checked.check] ?? 0;
    this.findings[checked.check] = before + 1;
    // One of each is enough to mend it.
    if (before === 0) await this.#keep(module, checked, seed);
  }

  async #keep(module: Uint8Array, found: Finding, seed: number): Promise<void> {
    const failsAlike = (candidate: Uint8Array): boolean => {
      const checked = this.#kind.check(candidate);
      return 'check' in checked && checked.check === found.check;
    };
    const small = shrink(module, failsAlike);
    const name = createHash('sha256').update(small).digest('hex').slice(0, 16);
    const note = { kind: this.name, seed, ...found };
    await mkdir(KEPT, { recursive: true });
    await writeFile(join(KEPT, `${name}.wasm`), small);
    await writeFile(join(KEPT, `${name}.json`), `${JSON.stringify(note, undefined, 2)}\n`);
    console.log(
      `${this.name}, seed ${seed}: ${found.check} ${found.detail}\n  kept as ${KEPT}/${basename(name)}.wasm`,
    );
  }
}

function report(campaigns: readonly Campaign[], seed: number, minutes: number): number {
  const columns = ['completed', 'trapped', 'out-of-fuel', 'accepted', 'refused'];
  console.log(['kind'.padEnd(10), 'cases', ...columns, 'found'].map((head) => head.padStart(11)).join(' '));
  for (const { name, cases, ended, findings } of campaigns) {
    const cells = [cases, ...columns.map((column) => ended[column] ?? 0), sumOf(findings)];
    console.log([name.padEnd(11), ...cells.map((cell) => String(cell).padStart(11))].join(' '));
  }
  const found = campaigns.reduce((sum, { findings }) => sum + sumOf(findings), 0);
  const kinds = Object.fromEntries(
    campaigns.map(({ name, cases, ended, findings }) => [name, { cases, ended, findings }]),
  );
  console.log(JSON.stringify({ fuzz: 'campaign', seed, minutes, found, kinds }));
  return found === 0 ? 0 : 1;
}

const sumOf = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);
