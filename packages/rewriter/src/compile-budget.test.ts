// Functions just inside each limit of the budget, and just past it.
import { describe, expect, it } from 'vitest';

import { assembleWat, guestWat } from '../test/wat.ts';
import { prepare } from './index.ts';
import * as limits from './limits.ts';

const times = (count: number, text: string): string => `${text} `.repeat(count);
const loops = (count: number): string => times(count, 'loop end');
const branches = (count: number): string => `block ${times(count - 1, 'i32.const 0 br_if 0')} end`;
const locals = (count: number): string => `(local ${times(count, 'i32')})`;

// Locals, and how many of something one function may have beside them.
const WIDE = 1_000;
const cases: readonly (readonly [string, number, (count: number) => string])[] = [
  ['limit-loops', limits.LOOPS_MAX, loops],
  ['limit-branches', limits.BRANCHES_MAX, branches],
  ['limit-calls', limits.CALLS_MAX, (count) => times(count, 'call $f')],
  ['limit-loop-locals', limits.LOOP_LOCALS_MAX / WIDE, (count) => `${locals(WIDE)} ${loops(count)}`],
  [
    'limit-merged-values',
    limits.MERGED_VALUES_MAX / WIDE,
    (count) => `${locals(WIDE - 1)} ${branches(count)}`,
  ],
  [
    'limit-merged-values',
    (limits.MERGED_VALUES_MAX / WIDE - 2) * limits.TARGETS_PER_MERGE,
    (count) => `${locals(WIDE - 1)} block i32.const 0 br_table ${times(count - 3, '0')} end`,
  ],
];

describe('many functions', () => {
  it('are refused for what they cost together', () => {
    const functions = (each: number, count: number, body: (each: number) => string): string =>
      times(count, `(func ${locals(WIDE)} ${body(each)})`);
    const code = (text: string) => {
      const answer = prepare(assembleWat(guestWat(text)));
      return answer.type === 'refused' ? `${answer.code}: ${answer.message}` : answer.type;
    };
    const most = limits.MODULE_LOOP_LOCALS_MAX / WIDE / 100;
    expect(code(functions(100, most, loops))).toBe('prepared');
    expect(code(functions(100, most + 1, loops))).toMatch(
      /^limit-module-loop-locals: The module has \d+ loop/,
    );
    const over = limits.MODULE_MERGED_VALUES_MAX / WIDE / 2_000 + 1;
    expect(code(functions(2_000, over, branches))).toMatch(/^limit-module-merged-values: The module has /);
  });
});

describe('a function that is expensive to compile', () => {
  it.each(cases)('%s of %i', (code, most, body) => {
    const answer = (count: number) => prepare(assembleWat(guestWat(`(func $f ${body(count)})`)));
    expect(answer(most)).toMatchObject({ type: 'prepared' });
    const refused = answer(most + limits.TARGETS_PER_MERGE);
    expect(refused).toMatchObject({ type: 'refused', code });
    expect(refused.type === 'refused' && refused.message).toMatch(/^A function has \d+ /);
    expect(refused.type === 'refused' && refused.offset).toBeGreaterThan(8);
  });
});
