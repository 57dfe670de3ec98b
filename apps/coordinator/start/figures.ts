/** Figures as people read them: grouped, rounded, with their unit. */
const UNITS = ['', 'thousand', 'million', 'billion', 'trillion', 'quadrillion'] as const;

/** 1_234_567n → "1.23 million". */
export function inWords(value: bigint): string {
  const power = Math.min(Math.floor((value.toString().length - 1) / 3), UNITS.length - 1);
  if (power <= 0) return value.toString();
  const scaled = Number(value) / 1000 ** power;
  return `${scaled.toPrecision(3)} ${UNITS[power] ?? ''}`;
}

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** A bar of `width` characters for done of total. */
export function bar(done: number, total: number, width = 24): string {
  const filled = total === 0 ? 0 : Math.floor((done / total) * width);
  return `${'█'.repeat(filled)}${'░'.repeat(width - filled)}`;
}

export const list = (items: readonly (string | number)[]): string => items.join(', ');
