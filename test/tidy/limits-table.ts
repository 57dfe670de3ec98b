/** The document of all named limits, made from the tables in the code. */
import {
  CONTROL_PLANE_LIMITS,
  POSTGRES_LIMITS,
  RETENTION_LIMITS,
  SHARD_LOOP_LIMITS,
  STORE_LIMITS,
} from '@trine/control-plane';
import { type Limit, LIMITS } from '@trine/protocol';
import { SCHEDULER_LIMITS } from '@trine/scheduler';

const TABLES: Readonly<Record<string, readonly [string, Readonly<Record<string, Limit>>]>> = {
  'The wire, and what submitters may ask': ['packages/protocol/src/limits.ts', LIMITS],
  'The scheduler of a shard': ['packages/scheduler/src/limits.ts', SCHEDULER_LIMITS],
  'The control plane': ['packages/control-plane/src/limits.ts', CONTROL_PLANE_LIMITS],
  'The shard loop': ['packages/control-plane/src/shards/limits.ts', SHARD_LOOP_LIMITS],
  'The store': ['packages/control-plane/src/store/limits.ts', STORE_LIMITS],
  Retention: ['packages/control-plane/src/retention/limits.ts', RETENTION_LIMITS],
  'The embedded Postgres': ['packages/control-plane/src/postgres/limits.ts', POSTGRES_LIMITS],
};

const grouped = (value: number): string => value.toLocaleString('en-US').replaceAll(',', ' ');

function section([title, [source, limits]]: [
  string,
  readonly [string, Readonly<Record<string, Limit>>],
]): readonly string[] {
  const rows = Object.entries(limits).map(
    ([name, limit]) =>
      `| \`${name}\` | ${grouped(limit.value)} ${limit.unit} | ${limit.why} | ${limit.effect} |`,
  );
  return [
    '',
    `## ${title}`,
    '',
    `From \`${source}\`.`,
    '',
    '| limit | value | why | when it is reached |',
    '|---|---|---|---|',
    ...rows,
  ];
}

export function limitsDocument(): string {
  return [
    '# Limits',
    '',
    'Made from the tables in the code; `BLESS=1 npx vitest run --project unit test/tidy` writes it anew. What bounds one',
    'process alone stands beside its code: `packages/mesh/src/limits.ts`, `packages/agent/src/limits.ts`,',
    '`packages/sandbox/src/limits.ts`, `packages/rewriter/src/limits.ts`.',
    ...Object.entries(TABLES).flatMap(section),
    '',
  ].join('\n');
}
