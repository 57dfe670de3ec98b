// docs/GUESTS.md says what host calls cost; here it is held to the numbers.
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import * as limits from './limits.ts';

const document = await readFile(new URL('../../../../docs/GUESTS.md', import.meta.url), 'utf8');

test.each([
  ['any call', `${limits.CALL_FUEL}`],
  ['bytes moved', `⌊bytes / ${limits.BYTES_PER_FUEL}⌋`],
  ['a vector of a read or write', `${limits.VECTOR_FUEL}`],
  ['a byte of a path', `${limits.PATH_BYTE_FUEL}`],
  ['an entry of a folder', `${limits.ENTRY_FUEL} + its name's bytes`],
  ['a subscription of a poll', `${limits.SUBSCRIPTION_FUEL}`],
  ['a random block of 32 bytes', limits.RANDOM_BLOCK_FUEL.toLocaleString('en')],
  ['the first randomness, a byte of input', `${limits.SEED_FUEL_PER_BYTE}`],
])('%s costs %s', (work, fuel) => {
  expect(document).toContain(`| ${work} | ${fuel} |\n`);
});

test('clocks begin when it says', () => {
  expect(document).toContain(
    `${new Date(Number(limits.EPOCH_NS / 1_000_000n)).toISOString().slice(0, 10)} 00:00 UTC`,
  );
  expect(document).toContain(`monotonic time at ${limits.MONOTONIC_START_NS / 1_000_000_000n} s`);
});

test('descriptors and vectors have the bounds that it says', () => {
  const count = (value: number): string => value.toLocaleString('en');
  expect(document).toContain(`${count(limits.DESCRIPTORS_MAX)} descriptors at most`);
  expect(limits.SUBSCRIPTIONS_MAX).toBe(limits.VECTORS_MAX);
  expect(document).toContain(`more than ${count(limits.VECTORS_MAX)} vectors or subscriptions EINVAL`);
});
