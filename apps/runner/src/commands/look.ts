/** `trine jobs`, `job`, `cancel`, `nodes`: what is there, for people and for programs. */
import type { JobView, NodeView, Trine } from '@trine/sdk';
import { forTerminal } from '../terminal-text.ts';
import { ago, bar, type Output, shortFuel, stateMark } from '../output.ts';

export async function jobsCommand(trine: Trine, output: Output): Promise<void> {
  const jobs = await trine.jobs();
  if (output.json) return output.value(jobs);
  if (jobs.length === 0) {
    return output.line('No jobs yet. Submit one: `trine submit <module.wasm> --input <file>`.');
  }
  output.table(
    forTerminal(jobs).map((job) => [
      job.id,
      stateMark(job.state, output),
      `${bar(job.tasks.verified, job.tasks.total)} ${job.tasks.verified}/${job.tasks.total}`,
      shortFuel(job.fuel),
      ago(job.submittedAtMs, Date.now()),
      job.name,
    ]),
    ['job', 'state', 'verified', 'fuel', 'submitted', 'name'],
  );
}

export async function jobCommand(trine: Trine, output: Output, id: string): Promise<void> {
  printJob(output, await trine.job(id).status());
}

export async function cancelCommand(trine: Trine, output: Output, id: string): Promise<void> {
  printJob(output, await trine.job(id).cancel());
}

export function printJob(output: Output, view: JobView): void {
  if (output.json) return output.value(view);
  const job = forTerminal(view);
  const { tasks } = job;
  output.line(`${output.paint('bold', job.name)}  ${job.id}`);
  output.line(`${stateMark(job.state, output)}${job.reason === '' ? '' : `: ${job.reason}`}`);
  output.table(
    [
      ['tasks', `${bar(tasks.verified, tasks.total)} ${tasks.verified} of ${tasks.total} verified`],
      ['', `${tasks.running} running, ${tasks.waiting} waiting`],
      ['', `${tasks.disputed} disputed, ${tasks.abandoned} abandoned`],
      ['fuel', `${job.fuel} instructions`],
      ['wrong results', String(job.invalidResults)],
      ['module', `${job.moduleDigest} (${job.moduleBytes} bytes)`],
      ['checked by', `${job.policy.quorum} equal of ${job.policy.replicas}`],
    ],
    ['', ''],
  );
}

export async function nodesCommand(trine: Trine, output: Output): Promise<void> {
  const nodes = await trine.nodes();
  if (output.json) return output.value(nodes);
  if (nodes.length === 0) return output.line(`No nodes yet. Join one: \`trine join ${trine.url}\`.`);
  output.table(
    forTerminal(nodes).map((node) => [
      node.id.slice(0, 12),
      stateMark(node.online ? 'online' : 'offline', output),
      ...columns(node),
    ]),
    ['node', 'state', 'name', 'owner', 'link', 'leases', 'valid', 'wrong', 'credit', 'says'],
  );
}

const columns = (node: NodeView): readonly string[] => [
  node.label === '' ? node.name : `${node.name} (${node.label})`,
  node.hasToken ? node.ownerName : 'itself',
  node.link ?? '–',
  `${node.leases}/${node.capacity}`,
  String(node.verdicts.valid),
  String(node.verdicts.invalid),
  shortFuel(node.credit),
  node.state,
];
