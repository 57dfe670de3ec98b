// The alignment guest against the example that EMBOSS publishes for its program water, and, text for text, against
// another implementation on many small sequences.
import { prepare } from '@trine/rewriter';
import { runGuest } from '@trine/sandbox';
import { beforeAll, describe, expect, test } from 'vitest';
import { expectedReport, type Scoring, type Sequence } from './alignment.testing.ts';
import { plainGuest } from './guests.testing.ts';
import { loadExample, loadGuest } from './src/index.ts';

const PROTEIN: Scoring = { isDna: false, match: 5, mismatch: -4, open: 10, extend: 0.5 };
const utf8 = new TextEncoder();

let runBytes: (input: Uint8Array) => Uint8Array;
const run = (text: string): string => new TextDecoder().decode(runBytes(utf8.encode(text)));

beforeAll(async () => {
  runBytes = await plainGuest('alignment');
});

const fasta = (sequences: readonly Sequence[]): string =>
  sequences.map(({ name, letters }) => `>${name}\n${letters}\n`).join('');

function options({ isDna, match, mismatch, open, extend }: Scoring): string {
  const gaps = `open ${open} extend ${extend}`;
  return isDna ? `; dna match ${match} mismatch ${mismatch} ${gaps}\n` : `; protein ${gaps}\n`;
}

/** Numbers that look random and are the same in every run. */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) % below;
  };
}

const lettersOf = (alphabet: string, length: number, next: (below: number) => number): string =>
  Array.from({ length }, () => alphabet.charAt(next(alphabet.length))).join('');

/** A copy with letters changed, lost and put in. */
function mutated(letters: string, alphabet: string, next: (below: number) => number): string {
  const changed = Array.from(letters, (letter) => {
    const kind = next(12);
    if (kind === 0) return '';
    if (kind === 1) return letter + lettersOf(alphabet, 1 + next(6), next);
    return kind < 4 ? lettersOf(alphabet, 1, next) : letter;
  }).join('');
  return changed === '' ? letters : changed;
}

test('human haemoglobin alpha and beta (UniProt P69905, P68871): score and counts as EMBOSS publishes them', async () => {
  const report = run(new TextDecoder().decode(await loadExample('alignment', 'example.fasta')));
  expect(report).toContain('HBB_HUMAN\t147\t293.5\n');
  expect(report).toContain('score 293.5, length 145, identity 63, similarity 88, gaps 8\n');
  expect(report).toContain('LSPADKTNVKAAWGKVGAHAGEYGAEALERMFLSFPTTKTYFPHF-DLS-');
});

describe('text for text as another implementation', () => {
  test('on 150 sets of protein sequences', () => {
    const alphabet = 'ARNDCQEGHILKMFPSTWYVBZXJOU*';
    const next = numbersFrom(1);
    for (let round = 0; round < 150; round += 1) {
      const query = lettersOf(alphabet, 1 + next(70), next);
      const sequences = [
        { name: 'query', letters: query },
        { name: `near.${round}`, letters: mutated(query, alphabet, next) },
        { name: 'a-name-of-more-than-sixteen', letters: lettersOf(alphabet, 1 + next(90), next) },
      ];
      const scoring = { ...PROTEIN, open: 1 + next(23) / 2 };
      const scored = { ...scoring, extend: Math.max(0.5, Math.min(scoring.open, next(8) / 2)) };
      expect(run(options(scored) + fasta(sequences)), `set ${round}`).toBe(expectedReport(sequences, scored));
    }
  });

  test('on 100 sets of DNA sequences', () => {
    const alphabet = 'ACGTACGTACGTUN';
    const next = numbersFrom(2);
    for (let round = 0; round < 100; round += 1) {
      const query = lettersOf(alphabet, 1 + next(90), next);
      const sequences = [
        { name: 'a', letters: query },
        { name: 'b', letters: mutated(query, alphabet, next) },
        { name: 'c', letters: mutated(mutated(query, alphabet, next), alphabet, next) },
      ];
      const open = 0.5 + next(12) / 2;
      const scoring: Scoring = {
        isDna: true,
        match: 0.5 + next(10) / 2,
        // Cheap gaps beside dear mismatches: one gap may follow another.
        mismatch: -0.5 - next(20) / 2,
        open,
        extend: Math.min(open, 0.5 + next(4) / 2),
      };
      expect(run(options(scoring) + fasta(sequences)), `set ${round}`).toBe(
        expectedReport(sequences, scoring),
      );
    }
  });

  test('where no letter fits, and where no target does', () => {
    const scoring: Scoring = { isDna: true, match: 5, mismatch: -4, open: 10, extend: 0.5 };
    const sequences = [
      { name: 'a', letters: 'AAAA' },
      { name: 'b', letters: 'CCCCC' },
      { name: 'c', letters: 'N' },
    ];
    expect(run(`; dna\n${fasta(sequences)}`)).toBe(expectedReport(sequences, scoring));
  });
});

test('scores that leave 16 bits are counted without vectors', () => {
  const letters = lettersOf('WCH', 2_500, numbersFrom(3));
  const points = Array.from(letters, (letter) => ({ W: 11, C: 9, H: 8 })[letter] ?? 0);
  const score = points.reduce((sum, one) => sum + one, 0);
  expect(score).toBeGreaterThan(2 ** 14);
  const report = run(
    fasta([
      { name: 'q', letters },
      { name: 'x', letters: 'WWW' },
      { name: 't', letters },
    ]),
  );
  expect(report).toContain(`x\t3\t33\nt\t2500\t${score}\n`);
  expect(report).toContain(`score ${score}, length 2500, identity 2500, similarity 2500, gaps 0\n`);
});

test('an alignment too long for the memory is scored and not shown', async () => {
  const letters = lettersOf('ACGT', 2_000, numbersFrom(4));
  const sequences = [
    { name: 'q', letters },
    { name: 't', letters: letters.slice(0, 1_500) },
  ];
  const text = `; dna\n${fasta(sequences)}`;
  expect(await runWithin(2 << 20, text)).toBe(
    '# dna, match 5 mismatch -4, gaps 10 and 0.5\ntarget\tlength\tscore\nt\t1500\t7500\n\n' +
      'best: q and t, score 7500, too long to show within the memory limit\n',
  );
  expect(await runWithin(8 << 20, text)).toBe(run(text));
});

/** As nodes run it. */
async function runWithin(memoryBytes: number, text: string): Promise<string> {
  const prepared = prepare((await loadGuest('alignment')).module, { maxMemoryPages: memoryBytes / 65_536 });
  if (prepared.type === 'refused') throw new Error(prepared.message);
  const module = new WebAssembly.Module(Uint8Array.from(prepared.bytes));
  const limits = { fuel: 10n ** 12n, memoryBytes, outputBytes: 1 << 20 };
  const hooks = { now: () => 0, onProgress: () => undefined, onLog: () => undefined };
  return new TextDecoder().decode(
    runGuest({ module, abi: 'trine-1', input: utf8.encode(text), limits }, hooks).output,
  );
}

test('FASTA as it is found: lower case, blanks, no last line end, words after the name', () => {
  const plain = run(
    fasta([
      { name: 'q', letters: 'MKVLA' },
      { name: 't', letters: 'MKIVLA' },
    ]),
  );
  expect(run('>q first of all\r\nmk v\r\n\r\n  LA\r\n\r\n>t\tsecond\nMKI\nvla')).toBe(plain);
});

test('in a range, the task says which sequence is the query', () => {
  const sequences = ['MKVLAW', 'MKIVLAW', 'WWALVKM'].map((letters, at) => ({ name: `s${at}`, letters }));
  const text = utf8.encode(`; range\n${fasta(sequences)}`);
  for (const task of [0, 1, 2]) {
    const input = new Uint8Array(text.length + 8);
    input.set(text);
    input[text.length] = task;
    expect(new TextDecoder().decode(runBytes(input))).toBe(expectedReport(sequences, PROTEIN, task));
  }
});

test.each([
  ['nothing', ''],
  ['one sequence', '>a\nMKV\n'],
  ['no header', 'MKV\n>a\nMKV\n>b\nMKV\n'],
  ['a header without a name', '>\nMKV\n>b\nMKV\n'],
  ['a sequence without letters', '>a\n>b\nMKV\n'],
  ['a digit among the letters', '>a\nMK1V\n>b\nMKV\n'],
  ['an unknown word', '; rna\n>a\nMKV\n>b\nMKV\n'],
  ['a third of a point', '; open 10.3\n>a\nMKV\n>b\nMKV\n'],
  ['gaps that cost less to open', '; open 1 extend 2\n>a\nMKV\n>b\nMKV\n'],
  ['free gaps', '; open 1 extend 0\n>a\nMKV\n>b\nMKV\n'],
  ['a task past the end', '; range\n>a\nMKV\n>b\nMKV\n\u0002\0\0\0\0\0\0\0'],
  ['options after a sequence', '>a\nMKV\n; dna\n>b\nMKV\n'],
])('%s traps', (_, text) => {
  expect(() => run(text)).toThrow(WebAssembly.RuntimeError);
});
