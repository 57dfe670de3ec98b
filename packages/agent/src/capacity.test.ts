// Capacity and fuel rates: plain arithmetic with edges.
import { LIMITS } from '@trine/protocol';
import { expect, test } from 'vitest';
import { capacityFor } from './capacity.ts';
import { createFuelMeter } from './fuel-meter.ts';
import { PREFETCH_PER_THREAD_MAX } from './limits.ts';

test('one lease in stock before anything is known, none for no threads', () => {
  expect(capacityFor(0, undefined)).toBe(0);
  expect(capacityFor(1, undefined)).toBe(2);
  expect(capacityFor(4, undefined)).toBe(5);
});

test('short tasks are stocked, long ones are not', () => {
  expect(capacityFor(4, 60_000)).toBe(5);
  expect(capacityFor(4, 500)).toBe(4 + 12);
  expect(capacityFor(4, 0.5)).toBe(4 + 4 * PREFETCH_PER_THREAD_MAX);
  expect(capacityFor(128, 0.5)).toBe(LIMITS.leasesPerNode.value);
});

test('the rate is the fuel of ten seconds, ended runs by their overlap', () => {
  const meter = createFuelMeter();
  expect(meter.threadSpeed()).toBeUndefined();
  meter.ended({ startedAtMs: 0, endedAtMs: 20_000, wallMs: 20_000, fuel: 2_000_000 });
  expect(meter.perSecond(20_000, [])).toBe(100_000);
  expect(meter.perSecond(25_000, [])).toBe(50_000);
  expect(meter.perSecond(40_000, [])).toBe(0);
  expect(meter.threadSpeed()).toBe(100_000);
  expect(meter.meanRunMs()).toBe(20_000);
});

test('a run that goes on counts at the measured speed', () => {
  const meter = createFuelMeter(1_000);
  expect(meter.perSecond(5_000, [0])).toBe(500);
  expect(meter.perSecond(60_000, [0, 55_000])).toBe(1_500);
});

test('tiny runs do not drag the measured speed down', () => {
  const meter = createFuelMeter();
  meter.ended({ startedAtMs: 0, endedAtMs: 1_000, wallMs: 1_000, fuel: 1_000_000 });
  meter.ended({ startedAtMs: 1_000, endedAtMs: 1_005, wallMs: 0.1, fuel: 10 });
  expect(meter.threadSpeed()).toBeGreaterThan(900_000);
});
