// The wordcount guest, as nodes run it, against the same counts by the platform's own text functions.
import { encodeWasiInput, parseWasiOutput, type WasiInput } from '@trine/protocol';
import { prepare } from '@trine/rewriter';
import { runGuest } from '@trine/sandbox';
import { beforeAll, expect, test } from 'vitest';
import { loadGuest } from './src/index.ts';

const utf8 = new TextEncoder();
let module: WebAssembly.Module;

beforeAll(async () => {
  const prepared = prepare((await loadGuest('wordcount')).module);
  if (prepared.type === 'refused') throw new Error(prepared.message);
  module = new WebAssembly.Module(Uint8Array.from(prepared.bytes));
});

interface Printed {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(args: readonly string[], rest: Omit<WasiInput, 'args'>): Printed {
  const input = encodeWasiInput({ args: ['wordcount', ...args], ...rest });
  const limits = { fuel: 10n ** 12n, memoryBytes: 64 << 20, outputBytes: 1 << 20 };
  const hooks = { now: () => 0, onProgress: () => undefined, onLog: () => undefined };
  const { output, reason } = runGuest({ module, abi: 'wasi-1', input, limits }, hooks);
  const parsed = parseWasiOutput(output);
  if (parsed === undefined) throw new Error(reason);
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { exitCode: parsed.exitCode, stdout: text(parsed.stdout), stderr: text(parsed.stderr) };
}

/** Letters whose case the program knows: Latin up to U+017F, some Greek, most Cyrillic. */
const CASED = /[A-Z\u00c0-\u012f\u0132-\u017f\u0386-\u038f\u0391-\u03ab\u0400-\u04bf\u04d0-\u052f]/gu;
const SEPARATORS =
  /(?:[\0-&(-/:-@[-`{-\x7f\u0080-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u00d7\u00f7\u2000-\u200b\u200e-\u2018\u201a-\u206f\u3000-\u303f\uff00-\uff0f\ufffd])+/u;

/** The same report: texts are parted at separators, then at apostrophes that are not single and within a word. */
function expectedReport(texts: readonly Uint8Array[], { top = 20, least = 1 } = {}): string {
  const decoded = texts.map((bytes) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
  const words = decoded.flatMap((text) => text.split(SEPARATORS).flatMap(wordsBetween));
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  const listed = [...counts].filter(([word]) => Array.from(word).length >= least);
  const order = (one: string, other: string): number => Buffer.compare(utf8.encode(one), utf8.encode(other));
  listed.sort((one, other) => other[1] - one[1] || order(one[0], other[0]));
  const total = (count: (text: string) => number): number =>
    decoded.reduce((sum, text) => sum + count(text), 0);
  const lines: [number, string][] = [
    [texts.reduce((sum, bytes) => sum + bytes.length, 0), 'bytes'],
    [total((text) => Array.from(text).length), 'characters'],
    [total((text) => text.split('\n').length - 1), 'lines'],
    [words.length, 'words'],
    [counts.size, 'different words'],
  ];
  const line = ([count, word]: readonly [number, string]): string =>
    `${String(count).padStart(10)}  ${word}\n`;
  const rows = listed.slice(0, top).map(([word, count]) => line([count, word]));
  return `${lines.map(line).join('')}\n${rows.join('')}`;
}

function wordsBetween(run: string): readonly string[] {
  const lower = run.replaceAll(CASED, (letter) => letter.toLowerCase()).replaceAll('\u2019', "'");
  return lower.split(/^'+|'+$|''+/u).filter((word) => word !== '');
}

/** Numbers that look random and are the same in every run. */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) % below;
  };
}

test('a text of several scripts', () => {
  const text = utf8.encode(
    "L’été d’Été — l'été! ΣΟΦΊΑ, σοφία; «Привет», ПРИВЕТ ёлка ЁЛКА. naïve NAÏVE Ÿ ÿ ŁÓDŹ łódź 三个节点。three\tThree\n",
  );
  expect(run([], { stdin: text })).toEqual({ exitCode: 0, stdout: expectedReport([text]), stderr: '' });
});

test('every character below U+0600, and of the blocks of punctuation, in a word of its own', () => {
  const point = (value: number): string => `x${String.fromCodePoint(value)}y${String.fromCodePoint(value)} `;
  const range = (first: number, last: number): string =>
    Array.from({ length: last - first + 1 }, (_, at) => point(first + at)).join('');
  const text = utf8.encode(
    range(1, 0x5ff) + range(0x1ff0, 0x2080) + range(0x2ff0, 0x3050) + range(0xfef0, 0xffff),
  );
  expect(run(['--top', '100000'], { stdin: text }).stdout).toBe(expectedReport([text], { top: 100_000 }));
});

test('60 files of letters, apostrophes and bytes that are no UTF-8', () => {
  const next = numbersFrom(1);
  const pieces = ["'", '’', "a'b", ' ', '\n', 'Word', 'wORD', 'é', '你', '\u{1f680}', '-'].map((text) =>
    utf8.encode(text),
  );
  const wrong = [0x80, 0xc0, 0xc3, 0xe0, 0xe2, 0xed, 0xa0, 0xf0, 0x9f, 0x90, 0xf4, 0xf5, 0xff].map((byte) => [
    byte,
  ]);
  const all = [...pieces, ...wrong];
  for (let round = 0; round < 60; round += 1) {
    const text = Uint8Array.from(
      Array.from({ length: 400 }, () => [...(all[next(all.length)] ?? [])]).flat(),
    );
    const files = { 'one.txt': text.subarray(0, 300), 'folder/two.txt': text.subarray(300) };
    const options = { top: next(50), least: 1 + next(4) };
    const args = [
      '--top',
      String(options.top),
      '--least',
      String(options.least),
      'one.txt',
      'folder/two.txt',
    ];
    expect(run(args, { files }).stdout, `file ${round}`).toBe(expectedReport(Object.values(files), options));
  }
});

test('a million bytes with more words than the table begins with', () => {
  const next = numbersFrom(2);
  const text = utf8.encode(Array.from({ length: 150_000 }, () => `w${next(30_000).toString(36)}`).join(' '));
  expect(run(['--top', '500'], { stdin: text }).stdout).toBe(expectedReport([text], { top: 500 }));
});

test('nothing to read, no such file, no such option, no number', () => {
  expect(run([], {})).toEqual({ exitCode: 0, stdout: expectedReport([]), stderr: '' });
  const failed = (stderr: string): Printed => ({ exitCode: 2, stdout: '', stderr: `wordcount: ${stderr}\n` });
  expect(run(['missing.txt'], {})).toEqual(failed('there is no file missing.txt'));
  expect(run(['--bottom', '1'], {})).toEqual(failed('known are --top and --least, not --bottom'));
  expect(run(['--top', '1x'], {})).toEqual(failed('not a number up to 1000000: 1x'));
  expect(run(['--top'], {})).toEqual(failed('not a number up to 1000000: '));
});
