/** Draws the task grid: each state has a shape of its own, so that it reads without colour. */
import type { TaskState } from '@trine/protocol';
import type { GridCell, GridLayout } from './task-grid.ts';

export interface GridColours {
  readonly accent: string;
  readonly accentSoft: string;
  readonly ink: string;
  readonly quiet: string;
  readonly line: string;
  readonly alarm: string;
  readonly warn: string;
}

export interface GridPainting {
  readonly layout: GridLayout;
  readonly cells: readonly GridCell[];
  readonly colours: GridColours;
  readonly selectedTask: number | undefined;
}

/** Reads the tokens that the grid is drawn in. */
export function gridColours(): GridColours {
  const style = getComputedStyle(document.documentElement);
  const token = (name: string): string => style.getPropertyValue(name).trim();
  return {
    accent: token('--accent'),
    accentSoft: token('--accent-line'),
    ink: token('--ink-2'),
    quiet: token('--edge'),
    line: token('--line'),
    alarm: token('--alarm'),
    warn: token('--warn'),
  };
}

/** Paints all cells on a context whose unit is one CSS pixel. */
export function paintGrid(context: CanvasRenderingContext2D, painting: GridPainting): void {
  const { layout, cells, colours, selectedTask } = painting;
  context.lineJoin = 'round';
  context.lineCap = 'round';
  for (const [index, cell] of cells.entries()) {
    const x = (index % layout.columns) * layout.pitchPx;
    const y = Math.floor(index / layout.columns) * layout.pitchPx;
    context.save();
    context.translate(x, y);
    if (layout.tasksPerCell === 1) paintTask(context, { cell, pitchPx: layout.pitchPx, colours });
    else paintMany(context, { cell, pitchPx: layout.pitchPx, colours });
    if (selectedTask !== undefined && selectedTask >= cell.from && selectedTask < cell.from + cell.count) {
      context.strokeStyle = colours.ink;
      context.lineWidth = 1.5;
      context.strokeRect(0.75, 0.75, layout.pitchPx - 1.5, layout.pitchPx - 1.5);
    }
    context.restore();
  }
}

interface CellPainting {
  readonly cell: GridCell;
  readonly pitchPx: number;
  readonly colours: GridColours;
}

const TOP = [12, 5.6] as const;
const LEFT = [5.4, 17.2] as const;
const RIGHT = [18.6, 17.2] as const;
const DOTS = [TOP, LEFT, RIGHT] as const;

const singleState = (cell: GridCell): TaskState => {
  const { tally } = cell;
  if (tally.verified > 0) return 'verified';
  if (tally.running > 0) return 'running';
  if (tally.disputed > 0) return 'disputed';
  if (tally.abandoned > 0) return 'abandoned';
  return tally.cancelled > 0 ? 'cancelled' : 'waiting';
};

/** Smaller than this the three dots and their bonds run together: a full triangle is clearer. */
const JOINED_PITCH_PX = 20;

/** One task: the three dots of its state, in a box of 24 units. */
function paintTask(context: CanvasRenderingContext2D, { cell, pitchPx, colours }: CellPainting): void {
  context.scale(pitchPx / 24, pitchPx / 24);
  switch (singleState(cell)) {
    case 'waiting':
      context.fillStyle = colours.quiet;
      for (const [x, y] of DOTS) dot(context, { x, y, radius: 1.5 });
      return;
    case 'running':
      context.fillStyle = colours.accent;
      dot(context, { x: TOP[0], y: TOP[1], radius: 3 });
      dot(context, { x: LEFT[0], y: LEFT[1], radius: 3 });
      context.strokeStyle = colours.accent;
      context.lineWidth = 1.6;
      ring(context, { x: RIGHT[0], y: RIGHT[1], radius: 2.5 });
      return;
    case 'verified':
      context.strokeStyle = colours.accent;
      context.fillStyle = colours.accent;
      if (pitchPx < JOINED_PITCH_PX) {
        context.lineWidth = 6.4;
        line(context, [TOP, LEFT, RIGHT, TOP]);
        context.fill();
        return;
      }
      context.lineWidth = 3.4;
      line(context, [TOP, LEFT, RIGHT, TOP]);
      for (const [x, y] of DOTS) dot(context, { x, y, radius: 3.9 });
      return;
    case 'disputed':
      context.strokeStyle = colours.alarm;
      context.fillStyle = colours.alarm;
      context.lineWidth = 3.4;
      line(context, [TOP, LEFT]);
      dot(context, { x: TOP[0], y: TOP[1], radius: 3.9 });
      dot(context, { x: LEFT[0], y: LEFT[1], radius: 3.9 });
      context.lineWidth = 3;
      line(context, [
        [15.4, 14],
        [21.4, 20],
      ]);
      line(context, [
        [21.4, 14],
        [15.4, 20],
      ]);
      return;
    case 'abandoned':
      context.strokeStyle = colours.warn;
      context.lineWidth = 3;
      line(context, [
        [6.5, 6.5],
        [17.5, 17.5],
      ]);
      line(context, [
        [17.5, 6.5],
        [6.5, 17.5],
      ]);
      return;
    case 'cancelled':
      context.strokeStyle = colours.quiet;
      context.lineWidth = 2.4;
      line(context, [
        [6, 12],
        [18, 12],
      ]);
  }
}

/** Many tasks: a square that fills from below as they are verified, crossed where some went wrong. */
function paintMany(context: CanvasRenderingContext2D, { cell, pitchPx, colours }: CellPainting): void {
  const side = pitchPx - 2;
  const { verified, running, disputed, abandoned } = cell.tally;
  context.translate(1, 1);
  context.fillStyle = colours.line;
  context.fillRect(0, 0, side, side);
  const done = (side * verified) / cell.count;
  const doing = (side * running) / cell.count;
  context.fillStyle = colours.accentSoft;
  context.fillRect(0, side - done - doing, side, doing);
  context.fillStyle = colours.accent;
  context.fillRect(0, side - done, side, done);
  if (disputed + abandoned === 0) return;
  context.strokeStyle = disputed > 0 ? colours.alarm : colours.warn;
  context.lineWidth = 2;
  line(context, [
    [2, 2],
    [side - 2, side - 2],
  ]);
  line(context, [
    [side - 2, 2],
    [2, side - 2],
  ]);
}

interface Circle {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
}

function dot(context: CanvasRenderingContext2D, { x, y, radius }: Circle): void {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
}

function ring(context: CanvasRenderingContext2D, { x, y, radius }: Circle): void {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.stroke();
}

function line(context: CanvasRenderingContext2D, points: readonly (readonly [number, number])[]): void {
  context.beginPath();
  for (const [index, [x, y]] of points.entries()) {
    if (index === 0) context.moveTo(x, y);
    else context.lineTo(x, y);
  }
  context.stroke();
}
