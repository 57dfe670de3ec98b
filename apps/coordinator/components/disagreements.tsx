'use client';
/** Where nodes did not agree: who said what, and what the quorum made of it. */
import type { ReplicaView, TaskView } from '../lib/views.ts';
import Link from 'next/link';
import { figureText, formatDuration, formatFuel, shortDigest } from '../lib/format.ts';
import { NodeLabel, TaskStateChip, VerdictChip } from './chips.tsx';

export function DisagreementList({
  tasks,
  jobTitle,
}: {
  readonly tasks: readonly TaskView[];
  readonly jobTitle?: (job: string) => string | undefined;
}) {
  return (
    <ul>
      {tasks.map((task) => (
        <li
          key={`${task.job}-${task.index}`}
          className="border-t border-line px-4 py-4 first:border-t-0 sm:px-5"
        >
          <div className="mb-2 flex flex-wrap items-center gap-x-3 gap-y-1">
            <span className="font-medium">Task {task.index}</span>
            <TaskStateChip state={task.state} />
            {jobTitle === undefined ? null : (
              <Link href={`/jobs/${task.job}`} className="link text-sm">
                {jobTitle(task.job) ?? task.job}
              </Link>
            )}
            {task.reason === '' ? null : <span className="text-sm text-ink-2">{task.reason}</span>}
          </div>
          <ReplicaList replicas={task.replicas} />
        </li>
      ))}
    </ul>
  );
}

/** Each attempt as one card: the same answer has the same digest, and the eye finds the odd one. */
export function ReplicaList({ replicas }: { readonly replicas: readonly ReplicaView[] }) {
  return (
    <ul className="grid gap-2 sm:grid-cols-2 xl:grid-cols-3">
      {replicas.map((replica) => (
        <li
          key={replica.lease}
          className={`min-w-0 rounded-lg border px-3 py-2.5 text-sm ${replica.verdict === 'invalid' ? 'border-alarm-line bg-alarm-soft' : 'border-line bg-sunken'}`}
        >
          <div className="flex flex-wrap items-center justify-between gap-2">
            <Link href={`/nodes/${replica.node}`} className="min-w-0 truncate font-medium hover:underline">
              {replica.nodeName === '' ? shortDigest(replica.node, 8) : replica.nodeName}
            </Link>
            <VerdictChip verdict={replica.verdict} />
          </div>
          {replica.nodeLabel === '' ? null : (
            <div className="mt-1.5">
              <NodeLabel label={replica.nodeLabel} />
            </div>
          )}
          <dl className="mt-1.5 grid grid-cols-[auto_minmax(0,1fr)] gap-x-3 text-ink-2">
            <dt className="text-ink-3">owner</dt>
            <dd className="truncate">{replica.ownerName === '' ? 'anonymous' : replica.ownerName}</dd>
            <dt className="text-ink-3">said</dt>
            <dd className="truncate">{saidOf(replica)}</dd>
            {replica.outputDigest === undefined ? null : (
              <>
                <dt className="text-ink-3">digest</dt>
                <dd className="code self-center truncate" title={replica.outputDigest}>
                  {shortDigest(replica.outputDigest, 16)}
                </dd>
              </>
            )}
            {replica.fuel === undefined ? null : (
              <>
                <dt className="text-ink-3">fuel</dt>
                <dd title={`${replica.fuel} fuel`}>
                  {figureText(formatFuel(replica.fuel))}
                  {replica.wallMs === undefined ? '' : ` in ${formatDuration(replica.wallMs)}`}
                </dd>
              </>
            )}
          </dl>
        </li>
      ))}
    </ul>
  );
}

function saidOf(replica: ReplicaView): string {
  if (replica.outcome !== undefined)
    return replica.reason === '' ? replica.outcome : `${replica.outcome}: ${replica.reason}`;
  if (replica.ended !== undefined)
    return replica.reason === '' ? replica.ended : `${replica.ended}: ${replica.reason}`;
  return 'still working on it';
}
