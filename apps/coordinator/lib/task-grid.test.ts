import { describe, expect, it } from 'vitest';
import {
  cellAt,
  codeOf,
  describeCell,
  GRID_CELLS_MAX,
  GRID_TASKS_MAX,
  layoutGrid,
  rangesToRefresh,
  stateOf,
  tallyCells,
} from './task-grid.ts';

const states = (...names: readonly Parameters<typeof codeOf>[0][]): Uint8Array =>
  Uint8Array.from(names, codeOf);

describe('layoutGrid', () => {
  it('gives each task a cell while they fit, as large as the height allows', () => {
    const layout = layoutGrid(342, 760, 360);
    expect(layout.tasksPerCell).toBe(1);
    expect(layout.rows * layout.pitchPx).toBeLessThanOrEqual(360);
    expect(layout.columns * layout.pitchPx).toBeLessThanOrEqual(760);
    expect(layout.rows * layout.columns).toBeGreaterThanOrEqual(342);
  });

  it('shares cells when there are more tasks than an eye can tell apart', () => {
    const layout = layoutGrid(GRID_TASKS_MAX, 760, 360);
    expect(layout.cells).toBeLessThanOrEqual(GRID_CELLS_MAX);
    expect(layout.cells * layout.tasksPerCell).toBeGreaterThanOrEqual(GRID_TASKS_MAX);
  });

  it('survives no tasks and no width', () => {
    expect(layoutGrid(0, 0, 360)).toMatchObject({ cells: 0, rows: 0, columns: 1 });
  });
});

describe('tallyCells', () => {
  it('counts every task once, the last cell with what is left', () => {
    const cells = tallyCells(states('verified', 'verified', 'running', 'waiting', 'disputed'), 2);
    expect(cells.map(({ from, count }) => [from, count])).toEqual([
      [0, 2],
      [2, 2],
      [4, 1],
    ]);
    expect(cells[1]?.tally).toMatchObject({ running: 1, waiting: 1, verified: 0 });
    expect(cells.map(describeCell)).toEqual([
      'tasks 0–1: 2 verified',
      'tasks 2–3: 1 waiting, 1 running',
      'task 4: disputed',
    ]);
  });

  it('keeps names and codes apart and back', () => {
    expect(stateOf(codeOf('abandoned'))).toBe('abandoned');
    expect(stateOf(99)).toBe('waiting');
  });
});

describe('cellAt', () => {
  const layout = { columns: 10, rows: 3, cells: 25, pitchPx: 20, tasksPerCell: 1 };
  it.each([
    [0, 0, 0],
    [199, 19, 9],
    [0, 20, 10],
    [99, 59, 24],
    [100, 59, undefined],
    [201, 0, undefined],
    [-1, 0, undefined],
    [0, 61, undefined],
  ])('(%d, %d) is cell %s', (x, y, cell) => {
    expect(cellAt(layout, x, y)).toBe(cell);
  });
});

describe('rangesToRefresh', () => {
  it('asks for all of a small job', () => {
    expect(rangesToRefresh(states('verified', 'waiting'))).toEqual([{ from: 0, count: 2 }]);
  });

  it('asks for stragglers and front of a large one', () => {
    const large = new Uint8Array(500_000).fill(codeOf('verified'), 0, 300_000);
    large[120] = codeOf('running');
    const ranges = rangesToRefresh(large);
    const covered = (index: number): boolean =>
      ranges.some(({ from, count }) => index >= from && index < from + count);
    expect(covered(120)).toBe(true);
    expect(covered(300_005)).toBe(true);
    expect(ranges.reduce((sum, { count }) => sum + count, 0)).toBeLessThan(50_000);
  });

  it('asks for nothing when all are closed', () => {
    expect(rangesToRefresh(new Uint8Array(30_000).fill(codeOf('verified')))).toEqual([]);
  });
});
