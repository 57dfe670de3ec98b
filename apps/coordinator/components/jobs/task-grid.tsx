'use client';
/** All tasks of a job at once: one sign a task, or one square for many, that answers to the pointer. */
import type { JobView } from '../../lib/views.ts';
import { useTheme } from 'next-themes';
import { useEffect, useMemo, useRef, useState } from 'react';
import { formatCount } from '../../lib/format.ts';
import { gridColours, paintGrid } from '../../lib/grid-paint.ts';
import { cellAt, describeCell, GRID_TASKS_MAX, layoutGrid, tallyCells } from '../../lib/task-grid.ts';
import { useTaskStates } from '../../lib/use-task-states.ts';
import { useWidth } from '../../lib/use-width.ts';
import { TaskLegend } from '../task-bar.tsx';

const HEIGHT_MAX_PX = 360;

interface TaskGridProps {
  readonly job: JobView;
  readonly selected: number | undefined;
  readonly onSelect: (index: number) => void;
}

export function TaskGrid({ job, selected, onSelect }: TaskGridProps) {
  const states = useTaskStates(job);
  const [frame, widthPx] = useWidth<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [pointed, setPointed] = useState<string>('');
  const { resolvedTheme } = useTheme();
  const layout = useMemo(() => layoutGrid(states.length, widthPx, HEIGHT_MAX_PX), [states.length, widthPx]);
  const cells = useMemo(() => tallyCells(states, layout.tasksPerCell), [states, layout.tasksPerCell]);
  const heightPx = layout.rows * layout.pitchPx;

  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (!element || !context || widthPx === 0) return;
    const scale = window.devicePixelRatio;
    element.width = Math.ceil(widthPx * scale);
    element.height = Math.ceil(heightPx * scale);
    context.scale(scale, scale);
    paintGrid(context, { layout, cells, colours: gridColours(), selectedTask: selected });
  }, [layout, cells, selected, widthPx, heightPx, resolvedTheme]);

  const cellUnder = (event: React.MouseEvent<HTMLCanvasElement>) => {
    const at = cellAt(layout, event.nativeEvent.offsetX, event.nativeEvent.offsetY);
    return at === undefined ? undefined : cells[at];
  };
  const summary = `Tasks by state: ${formatCount(job.tasks.verified)} verified, ${formatCount(job.tasks.running)} running, ${formatCount(job.tasks.waiting)} waiting, ${formatCount(job.tasks.disputed)} disputed, ${formatCount(job.tasks.abandoned)} abandoned.`;
  return (
    <div>
      <TaskLegend tally={job.tasks} />
      <div ref={frame} className="mt-4 w-full">
        <canvas
          ref={canvas}
          role="img"
          aria-label={summary}
          style={{ width: widthPx === 0 ? '100%' : widthPx, height: Math.max(heightPx, 24) }}
          className="block cursor-crosshair"
          onMouseMove={(event) => {
            const cell = cellUnder(event);
            setPointed(cell === undefined ? '' : describeCell(cell));
          }}
          onMouseLeave={() => setPointed('')}
          onClick={(event) => {
            const cell = cellUnder(event);
            if (cell !== undefined) onSelect(cell.from);
          }}
        />
      </div>
      <GridFoot job={job} pointed={pointed} tasksPerCell={layout.tasksPerCell} onSelect={onSelect} />
    </div>
  );
}

interface GridFootProps {
  readonly job: JobView;
  readonly pointed: string;
  readonly tasksPerCell: number;
  readonly onSelect: (index: number) => void;
}

/** What the pointer is on, and the way to a task for those who use keys. */
function GridFoot({ job, pointed, tasksPerCell, onSelect }: GridFootProps) {
  const scale =
    tasksPerCell === 1
      ? 'each sign is one task'
      : `each square is ${formatCount(tasksPerCell)} tasks, filling as they are verified`;
  const cut = job.tasks.total > GRID_TASKS_MAX ? `; the first ${formatCount(GRID_TASKS_MAX)} are shown` : '';
  return (
    <div className="mt-3 flex flex-wrap items-center justify-between gap-x-6 gap-y-2 text-sm text-ink-3">
      <p className="min-h-5">{pointed === '' ? `${scale}${cut}` : pointed}</p>
      <form
        className="flex items-center gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          const index = Number(new FormData(event.currentTarget).get('index'));
          if (Number.isInteger(index) && index >= 0 && index < job.tasks.total) onSelect(index);
        }}
      >
        <label htmlFor="task-index">Look at task</label>
        <input
          id="task-index"
          name="index"
          type="number"
          min={0}
          max={Math.max(0, job.tasks.total - 1)}
          defaultValue={0}
          className="field !min-h-9 w-24"
        />
        <button type="submit" className="button !min-h-9">
          Show
        </button>
      </form>
    </div>
  );
}
