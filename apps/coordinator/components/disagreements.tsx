'use client';
/** Where nodes did not agree: who said what, and what the quorum made of it. */
import type { ReplicaView, TaskView } from '../lib/views.ts';
import Link from 'next/link';
import { figureText, formatDuration, formatFuel, shortDigest } from '../lib/format.ts';
import { saidOf } from '../lib/said.ts';
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
    <ul className="grid gap-2 md:grid-cols-2 xl:grid-cols-3">
      {replicas.map((replica) => (
        <li
          key={replica.lease}
          className={`min-w-0 rounded-lg border px-3 py-2 text-sm ${replica.verdict === 'invalid' ? 'border-alarm-line bg-alarm-soft' : 'border-line'}`}
        >
          <ReplicaCard replica={replica} />
        </li>
      ))}
    </ul>
  );
}

function ReplicaCard({ replica }: { readonly replica: ReplicaView }) {
  const { outputDigest, fuel, wallMs } = replica;
  const cost = fuel === undefined ? '' : figureText(formatFuel(fuel));
  return (
    <>
      <div className="flex items-start justify-between gap-2">
        <div className="flex min-w-0 flex-wrap items-center gap-x-2 gap-y-1">
          <Link href={`/nodes/${replica.node}`} className="truncate font-medium hover:underline">
            {replica.nodeName === '' ? `node ${shortDigest(replica.node, 8)}` : replica.nodeName}
          </Link>
          <NodeLabel label={replica.nodeLabel} />
        </div>
        <VerdictChip verdict={replica.verdict} />
      </div>
      <p className="mt-1 text-ink-2">
        owner {replica.ownerName === '' ? 'unnamed' : replica.ownerName}: {saidOf(replica)}
      </p>
      {outputDigest === undefined ? null : (
        <p className="flex flex-wrap justify-between gap-x-3 text-ink-2">
          <span className="code self-center" title={`Output digest ${outputDigest}`}>
            {shortDigest(outputDigest, 16)}
          </span>
          <span className="figures" title={fuel === undefined ? undefined : `${fuel} fuel`}>
            {cost}
            {wallMs === undefined ? '' : ` in ${formatDuration(wallMs)}`}
          </span>
        </p>
      )}
    </>
  );
}
