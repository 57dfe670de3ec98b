// Where settings come from, what they may be, and how addresses and figures are read and written.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findAccess, readJsonFile } from './config-files.ts';
import { parseAddress } from './origin.ts';
import { ago, bar, shortFuel, tableLines } from './output.ts';
import { asCount, asDurationMs, asSwitch, resolveSetting, type Sources } from './settings.ts';

describe('settings', () => {
  const threads = { name: 'max-threads', fallback: 1, parse: asCount(1, 8) };
  const sources = (change: Partial<Sources>): Sources => ({
    flags: {},
    environment: {},
    file: {},
    ...change,
  });

  test('a flag wins over the environment, that over the file, that over the default', () => {
    const flags = { 'max-threads': '4' };
    const environment = { TRINE_MAX_THREADS: '3' };
    const file = { 'max-threads': 2 };
    expect(resolveSetting(threads, sources({ flags, environment, file }))).toEqual({
      value: 4,
      source: 'flag',
    });
    expect(resolveSetting(threads, sources({ environment, file }))).toEqual({
      value: 3,
      source: 'environment',
    });
    expect(resolveSetting(threads, sources({ file }))).toEqual({ value: 2, source: 'file' });
    expect(resolveSetting(threads, sources({}))).toEqual({ value: 1, source: 'default' });
  });

  test('a wrong value names its source and what was expected', () => {
    expect(() => resolveSetting(threads, sources({ environment: { TRINE_MAX_THREADS: '9' } }))).toThrow(
      'TRINE_MAX_THREADS: a whole number from 1 to 8 expected, got “9”.',
    );
    expect(() => resolveSetting(threads, sources({ file: { 'max-threads': null } }))).toThrow('in the file');
  });

  test('switches and times', () => {
    expect([asSwitch('yes'), asSwitch('off')]).toEqual([true, false]);
    expect(() => asSwitch('perhaps')).toThrow('yes or no');
    expect(['90s', '15m', '24h', '7d'].map(asDurationMs)).toEqual([90_000, 900_000, 86_400_000, 604_800_000]);
    expect(() => asDurationMs('soon')).toThrow('90s');
  });
});

test.each([
  ['example.org', 'http://example.org:3000', undefined],
  ['192.0.2.7', 'http://192.0.2.7:3000', undefined],
  ['[::1]', 'http://[::1]:3000', undefined],
  ['example.org:8080', 'http://example.org:8080', undefined],
  ['http://example.org/', 'http://example.org', undefined],
  ['https://example.org/#join=trine_join_abc', 'https://example.org', 'trine_join_abc'],
])('the address %s', (text, origin, token) => {
  expect(parseAddress(text)).toEqual({ origin, token });
});

test.each(['', 'ftp://example.org', 'http://', 'a b'])('“%s” is no address', (text) => {
  expect(() => parseAddress(text)).toThrow('is no coordinator address');
});

describe('which coordinator, with which key', () => {
  let dir = '';
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'trine-access-'));
    await mkdir(join(dir, '.trine'));
    await mkdir(join(dir, 'below', 'deep'), { recursive: true });
    await writeFile(join(dir, '.trine', 'cli.json'), '{"url":"http://127.0.0.1:3000","key":"secret"}');
  });
  afterEach(() => rm(dir, { recursive: true }));

  test('the file of a folder above is found', async () => {
    expect(await findAccess({}, {}, join(dir, 'below', 'deep'))).toEqual({
      url: 'http://127.0.0.1:3000',
      key: 'secret',
    });
  });

  test('a file’s key is never sent to another coordinator', async () => {
    expect(await findAccess({ url: 'elsewhere.test' }, {}, dir)).toEqual({
      url: 'http://elsewhere.test:3000',
      key: undefined,
    });
    expect(await findAccess({}, { TRINE_URL: 'elsewhere.test', TRINE_KEY: 'other' }, dir)).toEqual({
      url: 'http://elsewhere.test:3000',
      key: 'other',
    });
  });

  test('a broken file is named', async () => {
    await writeFile(join(dir, '.trine', 'cli.json'), '{');
    await expect(findAccess({}, {}, dir)).rejects.toThrow('cli.json is not JSON');
    await writeFile(join(dir, 'list.json'), '[]');
    await expect(readJsonFile(join(dir, 'list.json'))).rejects.toThrow('one JSON object');
  });
});

test('figures for people', () => {
  expect(['0', '999', '1000', '123456', '9223372036854775807'].map(shortFuel)).toEqual([
    '0',
    '999',
    '1.00 k',
    '123 k',
    '9.22 E',
  ]);
  expect([0, 59_000, 61_000, 7_200_000, 172_800_000].map((age) => ago(0, age))).toEqual([
    '0 s ago',
    '59 s ago',
    '1 min ago',
    '2 h ago',
    '2 d ago',
  ]);
  expect(bar(1, 2)).toBe('██████████░░░░░░░░░░');
  expect(bar(0, 0)).not.toContain('█');
  expect(
    tableLines([
      ['a', 'long', 'x'],
      ['\u001B[32mgreen\u001B[0m', 'b', ''],
    ]),
  ).toEqual(['a      long  x', '\u001B[32mgreen\u001B[0m  b']);
});
