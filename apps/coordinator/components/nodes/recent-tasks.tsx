/** What a node did last, and what others said of the same tasks. */
import type { NodeDetailView } from '../../lib/views.ts';
import Link from 'next/link';
import { figureText, formatDuration, formatFuel, formatMoment, shortDigest } from '../../lib/format.ts';
import { saidOf } from '../../lib/said.ts';
import { VerdictChip } from '../chips.tsx';
import { Empty, Panel, WideTable } from '../layout.tsx';

export function RecentTasks({ node }: { readonly node: NodeDetailView }) {
  return (
    <Panel title="Latest tasks" flush className="mt-4 sm:mt-6">
      {node.recent.length === 0 ? (
        <Empty title="Nothing to show yet">
          <p>Tasks of public jobs that this node worked on appear here with the verdict on its result.</p>
        </Empty>
      ) : (
        <WideTable label="Latest tasks">
          <thead>
            <tr>
              <th scope="col">Task</th>
              <th scope="col">Verdict</th>
              <th scope="col">Said</th>
              <th scope="col" className="hidden sm:table-cell">
                Digest
              </th>
              <th scope="col" className="number">
                Fuel
              </th>
              <th scope="col" className="number">
                Time
              </th>
            </tr>
          </thead>
          <tbody>
            {node.recent.flatMap((task) =>
              task.replicas
                .filter((replica) => replica.node === node.id)
                .map((replica) => (
                  <tr key={`${task.job}-${replica.lease}`}>
                    <td title={formatMoment(task.changedAtMs)}>
                      <Link href={`/jobs/${task.job}`} className="link">
                        {shortDigest(task.job, 7)}
                      </Link>{' '}
                      task {task.index}
                    </td>
                    <td>
                      <VerdictChip verdict={replica.verdict} />
                    </td>
                    <td>{saidOf(replica)}</td>
                    <td className="code hidden text-ink-3 sm:table-cell" title={replica.outputDigest}>
                      {replica.outputDigest === undefined ? '' : shortDigest(replica.outputDigest)}
                    </td>
                    <td className="number">
                      {replica.fuel === undefined ? '–' : figureText(formatFuel(replica.fuel))}
                    </td>
                    <td className="number">
                      {replica.wallMs === undefined ? '–' : formatDuration(replica.wallMs)}
                    </td>
                  </tr>
                )),
            )}
          </tbody>
        </WideTable>
      )}
    </Panel>
  );
}
