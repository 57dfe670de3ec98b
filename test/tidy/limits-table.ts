/** The document of all wire limits, made from the table in the code. */
import { LIMITS } from '@trine/protocol';

const grouped = (value: number): string => value.toLocaleString('en-US').replaceAll(',', ' ');

export function limitsDocument(): string {
  const rows = Object.entries(LIMITS).map(
    ([name, limit]) =>
      `| \`${name}\` | ${grouped(limit.value)} ${limit.unit} | ${limit.why} | ${limit.effect} |`,
  );
  return [
    '# Limits',
    '',
    'Made from `packages/protocol/src/limits.ts`; `BLESS=1 npx vitest run --project unit test/tidy` writes it anew.',
    '',
    '| limit | value | why | when it is reached |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
