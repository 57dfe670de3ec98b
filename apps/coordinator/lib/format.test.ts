import { describe, expect, it } from 'vitest';
import {
  counted,
  formatAgo,
  formatBytes,
  formatDuration,
  formatFuel,
  formatShare,
  scaled,
} from './format.ts';

describe('scaled', () => {
  it.each([
    [0, '0', ''],
    [-4, '0', ''],
    [Number.NaN, '0', ''],
    [7, '7', ''],
    [8.3, '8.30', ''],
    [0.04, '0.04', ''],
    [999, '999', ''],
    [999.7, '1.00', 'k'],
    [1_000, '1.00', 'k'],
    [12_345, '12.3', 'k'],
    [999_950, '1.00', 'M'],
    [1_234_567, '1.23', 'M'],
    [99_970_000, '100', 'M'],
    [5e23, '500', 'Z'],
  ])('%d is %s %s', (amount, value, prefix) => {
    expect(scaled(amount)).toEqual({ value, prefix });
  });
});

describe('formatFuel', () => {
  it('reads decimal digits past what a double keeps exactly', () => {
    expect(formatFuel('9223372036854775807')).toEqual({ value: '9.22', unit: 'Efuel' });
  });
});

describe('formatDuration', () => {
  it.each([
    [0, '<1 ms'],
    [340, '340 ms'],
    [4_249, '4.2 s'],
    [59_999, '59 s'],
    [60_000, '1 min 00 s'],
    [3_599_000, '59 min 59 s'],
    [8_040_000, '2 h 14 min'],
    [277_200_000, '3 d 5 h'],
  ])('%d ms is %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});

describe('formatAgo', () => {
  it('is coarse, and takes a clock that runs behind for now', () => {
    expect(formatAgo(10_000, 9_000)).toBe('just now');
    expect(formatAgo(0, 42_000)).toBe('42 s ago');
    expect(formatAgo(0, 7_260_000)).toBe('2 h ago');
    expect(formatAgo(0, 200_000_000)).toBe('2 days ago');
  });
});

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1536, '1.5 KiB'],
    [67_108_864, '64.0 MiB'],
    [107_374_182_400, '100 GiB'],
  ])('%d is %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});

describe('formatShare', () => {
  it('says all or nothing only when it is', () => {
    expect(formatShare(1, 1_000_000)).toBe('1 %');
    expect(formatShare(999_999, 1_000_000)).toBe('99 %');
    expect(formatShare(5, 5)).toBe('100 %');
    expect(formatShare(0, 5)).toBe('0 %');
    expect(formatShare(0, 0)).toBe('0 %');
  });
});

describe('counted', () => {
  it('takes the plural for all but one', () => {
    expect([0, 1, 1_200].map((count) => counted(count, 'task'))).toEqual([
      '0 tasks',
      '1 task',
      '1,200 tasks',
    ]);
  });
});
