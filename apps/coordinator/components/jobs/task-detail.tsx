'use client';
/** One task: what it was given, what the quorum agreed on, and every attempt at it. */
import type { JobView } from '../../lib/views.ts';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { failureOf, useTRPC } from '../../lib/api.ts';
import { figureText, formatBytes, formatFuel, shortDigest } from '../../lib/format.ts';
import { TaskStateChip } from '../chips.tsx';
import { ReplicaList } from '../disagreements.tsx';

interface TaskDetailProps {
  readonly job: JobView;
  readonly index: number;
  readonly onClose: () => void;
}

/** A task that is open is asked for again while it is looked at. */
const LOOK_AGAIN_MS = 2_000;

export function TaskDetail({ job, index, onClose }: TaskDetailProps) {
  const trpc = useTRPC();
  const section = useRef<HTMLElement>(null);
  // Whoever asked by keyboard is taken to the answer.
  useEffect(() => section.current?.focus({ preventScroll: true }), [index]);
  const task = useQuery(
    trpc.jobs.task.queryOptions(
      { job: job.id, index },
      { refetchInterval: job.state === 'running' ? LOOK_AGAIN_MS : false },
    ),
  );
  return (
    <section
      ref={section}
      tabIndex={-1}
      className="mt-4 rounded-xl border border-line px-4 py-3"
      aria-label={`Task ${index}`}
    >
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <h3 className="font-semibold">Task {index}</h3>
        {task.data === undefined ? null : <TaskStateChip state={task.data.state} />}
        <span className="text-sm text-ink-2">{task.data?.reason}</span>
        <button type="button" className="button ml-auto !min-h-9" onClick={onClose}>
          Close
        </button>
      </div>
      {task.data === undefined ? (
        <p className="mt-2 text-ink-3">{task.error === null ? 'Asking…' : failureOf(task.error).message}</p>
      ) : (
        <>
          <p className="mb-3 mt-1 text-sm text-ink-3">
            input{' '}
            <span className="code" title={task.data.inputDigest}>
              {shortDigest(task.data.inputDigest, 16)}
            </span>
            {task.data.canonical === undefined
              ? ''
              : ` · agreed: ${task.data.canonical.outcome}, ${formatBytes(task.data.canonical.outputBytes)}, ${figureText(formatFuel(task.data.canonical.fuel))}`}
          </p>
          {task.data.replicas.length === 0 ? (
            <p className="text-sm text-ink-2">No node has it yet.</p>
          ) : (
            <ReplicaList replicas={task.data.replicas} />
          )}
        </>
      )}
    </section>
  );
}
