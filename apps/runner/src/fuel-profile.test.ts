// Fuel by function from hooks: every unit is somebody's, whatever ends the run.
import { expect, test } from 'vitest';
import { frameTotals, type ProfileFrame, PROFILE_DEPTH_MAX, recordProfile } from './fuel-profile.ts';

const MANY = 1_000_000;

test('fuel between two hooks belongs to the function that ran', () => {
  const recorder = recordProfile(MANY);
  recorder.enter(1, 0);
  recorder.enter(2, 10);
  recorder.leave(2, 40);
  recorder.enter(2, 41);
  recorder.leave(2, 50);
  recorder.leave(1, 55);
  const { root, functions } = recorder.finish(55);
  expect(functions).toEqual([
    { index: 2, calls: 2, self: 39, total: 39 },
    { index: 1, calls: 1, self: 16, total: 55 },
  ]);
  const inner = { index: 2, self: 39, calls: 2, children: new Map() };
  const outer = { index: 1, self: 16, calls: 1, children: new Map([[2, inner]]) };
  expect(root.children).toEqual(new Map([[1, outer]]));
});

test('recursion is counted once in what a function spent with its callees', () => {
  const recorder = recordProfile(MANY);
  for (const spent of [0, 1, 2]) recorder.enter(7, spent);
  for (const spent of [10, 20, 30]) recorder.leave(7, spent);
  expect(recorder.finish(30).functions).toEqual([{ index: 7, calls: 3, self: 30, total: 30 }]);
});

test('a trap closes what was open, with the fuel of the whole run', () => {
  const recorder = recordProfile(MANY);
  recorder.enter(1, 0);
  recorder.enter(2, 5);
  const { root, functions } = recorder.finish(12);
  expect(functions).toEqual([
    { index: 2, calls: 1, self: 7, total: 7 },
    { index: 1, calls: 1, self: 5, total: 12 },
  ]);
  expect(totalOf(root)).toBe(12);
});

test('charges past the limit count up to it', () => {
  const recorder = recordProfile(100);
  recorder.enter(1, 0);
  recorder.enter(2, 130);
  expect(totalOf(recorder.finish(100).root)).toBe(100);
});

test('deep calls are added to the last frame kept, and no fuel is lost', () => {
  const recorder = recordProfile(MANY);
  const depth = PROFILE_DEPTH_MAX * 3;
  for (let index = 0; index < depth; index += 1) recorder.enter(index, index);
  const { root, functions } = recorder.finish(depth);
  expect(functions).toHaveLength(depth);
  expect(depthOf(root)).toBe(PROFILE_DEPTH_MAX + 1);
  expect(totalOf(root)).toBe(depth);
});

const depthOf = ({ children }: ProfileFrame): number =>
  1 + Math.max(0, ...[...children.values()].map(depthOf));

const totalOf = (root: ProfileFrame): number | undefined => frameTotals(root).get(root);
