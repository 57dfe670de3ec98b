import { describe, expect, it } from 'vitest';
import { joinTokenOf } from './join-token.ts';

describe('joinTokenOf', () => {
  it.each([
    ['#join=trine_join_abc', 'trine_join_abc'],
    ['#join=', undefined],
    ['#other=1', undefined],
    ['', undefined],
  ])('%s holds %s', (fragment, token) => {
    expect(joinTokenOf(fragment)).toBe(token);
  });
});
