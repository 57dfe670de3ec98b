/**
 * The task grid's arithmetic: how many tasks one cell stands for, what a cell says, and where it is drawn.
 * States are kept as one byte a task, so that a million of them is a megabyte and a tally is one pass.
 */
import type { TaskState } from '@trine/protocol';

const CODES: Readonly<Record<TaskState, number>> = {
  waiting: 0,
  running: 1,
  verified: 2,
  disputed: 3,
  abandoned: 4,
  cancelled: 5,
};
const STATES = Object.keys(CODES) as readonly TaskState[];

/** Tasks whose states the page keeps; of a larger job the grid shows this many, from the first. */
export const GRID_TASKS_MAX = 1_000_000;
/** Cells drawn at most: more would be smaller than the eye and slower than the frame. */
export const GRID_CELLS_MAX = 2_400;

export const codeOf = (state: TaskState): number => CODES[state];
export const stateOf = (code: number): TaskState => STATES[code] ?? 'waiting';

export interface GridLayout {
  readonly columns: number;
  readonly rows: number;
  readonly cells: number;
  /** Side of a cell with its gap, in CSS pixels. */
  readonly pitchPx: number;
  readonly tasksPerCell: number;
}

const PITCHES_PX = [40, 34, 30, 26, 22, 18, 15, 12] as const;

/** The largest cells that keep `tasks` within the height; past `GRID_CELLS_MAX` several tasks share a cell. */
export function layoutGrid(tasks: number, widthPx: number, heightMaxPx: number): GridLayout {
  const tasksPerCell = Math.max(1, Math.ceil(tasks / GRID_CELLS_MAX));
  const cells = Math.ceil(tasks / tasksPerCell);
  const fits = PITCHES_PX.find(
    (pitch) => Math.ceil(cells / columnsOf(widthPx, pitch)) * pitch <= heightMaxPx,
  );
  const pitchPx = fits ?? PITCHES_PX[PITCHES_PX.length - 1] ?? 12;
  const columns = columnsOf(widthPx, pitchPx);
  return { columns, rows: Math.ceil(cells / columns), cells, pitchPx, tasksPerCell };
}

const columnsOf = (widthPx: number, pitchPx: number): number => Math.max(1, Math.floor(widthPx / pitchPx));

export interface GridCell {
  /** First task of the cell, and how many it stands for. */
  readonly from: number;
  readonly count: number;
  readonly tally: Readonly<Record<TaskState, number>>;
}

/** What each cell stands for, in order. */
export function tallyCells(states: Uint8Array, tasksPerCell: number): readonly GridCell[] {
  const cells: GridCell[] = [];
  for (let from = 0; from < states.length; from += tasksPerCell) {
    const part = states.subarray(from, from + tasksPerCell);
    cells.push({ from, count: part.length, tally: tallyOf(part) });
  }
  return cells;
}

function tallyOf(part: Uint8Array): Readonly<Record<TaskState, number>> {
  const counts = [0, 0, 0, 0, 0, 0];
  for (const code of part) counts[code] = (counts[code] ?? 0) + 1;
  const [waiting = 0, running = 0, verified = 0, disputed = 0, abandoned = 0, cancelled = 0] = counts;
  return { waiting, running, verified, disputed, abandoned, cancelled };
}

/** The cell under a point, or nothing beside the grid. */
export function cellAt(layout: GridLayout, xPx: number, yPx: number): number | undefined {
  const column = Math.floor(xPx / layout.pitchPx);
  const row = Math.floor(yPx / layout.pitchPx);
  if (column < 0 || column >= layout.columns || row < 0) return undefined;
  const cell = row * layout.columns + column;
  return cell < layout.cells ? cell : undefined;
}

/** A cell in words, as the pointer passes: `task 17: verified` or `tasks 400–499: 98 verified, 2 running`. */
export function describeCell(cell: GridCell): string {
  const said = STATES.filter((state) => cell.tally[state] > 0);
  if (cell.count === 1) return `task ${cell.from}: ${said[0] ?? 'waiting'}`;
  const parts = said.map((state) => `${cell.tally[state]} ${state}`);
  return `tasks ${cell.from}–${cell.from + cell.count - 1}: ${parts.join(', ')}`;
}

export interface IndexRange {
  readonly from: number;
  readonly count: number;
}

/** Tasks near the front of a large job; all of a small one. */
const SMALL_JOB_TASKS = 20_000;
const FRONT_TASKS = 10_000;

/**
 * Which states to ask for again after a change: everything of a small job; of a large one the stragglers
 * (from the first task that is not closed) and the front (around the last one that has begun).
 */
export function rangesToRefresh(states: Uint8Array): readonly IndexRange[] {
  if (states.length <= SMALL_JOB_TASKS) return [{ from: 0, count: states.length }];
  const firstOpen = states.findIndex((code) => code === CODES.waiting || code === CODES.running);
  if (firstOpen < 0) return [];
  const lastBegun = states.findLastIndex((code) => code !== CODES.waiting);
  const front = Math.max(firstOpen, lastBegun - FRONT_TASKS);
  const ranges = [{ from: front, count: 2 * FRONT_TASKS }];
  if (front - firstOpen > 0)
    ranges.push({ from: firstOpen, count: Math.min(FRONT_TASKS, front - firstOpen) });
  return ranges;
}
