import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createPacer } from './pacer.ts';

describe('createPacer', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('acts at once, then at most once a pause, and once after the last ask', () => {
    let acts = 0;
    const pacer = createPacer(1_000, () => {
      acts += 1;
    });
    for (let ask = 0; ask < 5; ask += 1) pacer.ask();
    expect(acts).toBe(1);
    vi.advanceTimersByTime(1_000);
    expect(acts).toBe(2);
    vi.advanceTimersByTime(10_000);
    expect(acts).toBe(2);
    pacer.ask();
    expect(acts).toBe(3);
  });

  it('does nothing more once closed', () => {
    let acts = 0;
    const pacer = createPacer(1_000, () => {
      acts += 1;
    });
    pacer.ask();
    pacer.ask();
    pacer.close();
    vi.advanceTimersByTime(5_000);
    expect(acts).toBe(1);
  });
});
