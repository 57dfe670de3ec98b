// What strangers send must not reach a terminal as commands.
import { expect, test } from 'vitest';
import { forTerminal } from './terminal-text.ts';

test('control characters are shown, everything else is kept', () => {
  const bytes = Uint8Array.of(27);
  expect(
    forTerminal({
      name: '\u001B[2Jgone',
      list: ['a\u009Bb', 'Zoë 電'],
      count: 1,
      big: 2n,
      none: undefined,
      bytes,
    }),
  ).toEqual({
    name: '\uFFFD[2Jgone',
    list: ['a\uFFFDb', 'Zoë 電'],
    count: 1,
    big: 2n,
    none: undefined,
    bytes,
  });
});
