/** What must hold after anything that happened: checked over the API, from the stored rows alone. */
import type { TaskView } from '@trine/control-plane/router';
import type { Api } from './processes.ts';

const PAGE = 200;

export async function allTasks(api: Api, job: string): Promise<readonly TaskView[]> {
  const tasks: TaskView[] = [];
  for (;;) {
    const page = await api.jobs.tasks.query({ job, from: (tasks.at(-1)?.index ?? -1) + 1, count: PAGE });
    tasks.push(...page);
    if (page.length < PAGE) return tasks;
  }
}

/** Sentences about what is wrong with these tasks' evidence; none for a sound one. */
export function faultsOf(tasks: readonly TaskView[]): readonly string[] {
  return tasks.flatMap((task) => {
    const { canonical } = task;
    if (task.state !== 'verified' || canonical === undefined) return [`task ${task.index} is ${task.state}`];
    const valid = task.replicas.filter((replica) => replica.verdict === 'valid');
    const same = valid.filter(
      (one) =>
        one.outcome === canonical.outcome &&
        one.outputDigest === canonical.outputDigest &&
        one.fuel === canonical.fuel,
    );
    return [
      ...(same.length < 2 ? [`task ${task.index} has ${same.length} results behind its canonical one`] : []),
      ...(same.length !== valid.length ? [`task ${task.index} calls a differing result valid`] : []),
      ...(new Set(valid.map((one) => one.owner)).size !== valid.length
        ? [`task ${task.index} counts an owner twice`]
        : []),
      ...(new Set(valid.map((one) => one.node)).size !== valid.length
        ? [`task ${task.index} credits a node twice`]
        : []),
      ...(new Set(task.replicas.map((one) => one.lease)).size !== task.replicas.length
        ? [`task ${task.index} has a lease twice`]
        : []),
    ];
  });
}

/** Credit of each node as its valid results say, in fuel. */
export function creditOf(tasks: readonly TaskView[]): ReadonlyMap<string, bigint> {
  const credit = new Map<string, bigint>();
  for (const replica of tasks.flatMap((task) => task.replicas)) {
    if (replica.verdict !== 'valid') continue;
    credit.set(replica.node, (credit.get(replica.node) ?? 0n) + BigInt(replica.fuel ?? '0'));
  }
  return credit;
}

/** Nodes whose counter differs from what their valid results add up to. */
export async function creditFaults(api: Api, tasks: readonly TaskView[]): Promise<readonly string[]> {
  const derived = creditOf(tasks);
  const nodes = await api.nodes.list.query();
  return nodes.flatMap((node) => {
    const wanted = derived.get(node.id) ?? 0n;
    return BigInt(node.credit) === wanted
      ? []
      : [`${node.name} has credit ${node.credit} and valid results of ${wanted}`];
  });
}
