/** Figures and times as people read them: short, in steady widths, and never without a unit. */

export interface Figure {
  readonly value: string;
  readonly unit: string;
}

const PREFIXES = ['', 'k', 'M', 'G', 'T', 'P', 'E', 'Z'] as const;
const counts = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** A whole number with thousands separated. */
export const formatCount = (count: number): string => counts.format(count);

/** A number to three figures with its SI prefix: 1234567 → `1.23` `M`. */
export function scaled(amount: number): { readonly value: string; readonly prefix: string } {
  if (!Number.isFinite(amount) || amount <= 0) return { value: '0', prefix: '' };
  let step = Math.min(PREFIXES.length - 1, Math.max(0, Math.floor(Math.log10(amount) / 3)));
  // 999.7 would round to 1000: it belongs to the next prefix.
  if (amount / 1000 ** step >= 999.5 && step < PREFIXES.length - 1) step += 1;
  const reduced = amount / 1000 ** step;
  const digits = step === 0 && Number.isInteger(amount) ? 0 : reduced >= 99.95 ? 0 : reduced >= 9.995 ? 1 : 2;
  return { value: reduced.toFixed(digits), prefix: PREFIXES[step] ?? '' };
}

/** Fuel from its decimal digits (it outgrows a double's whole numbers): `1.23` `Gfuel`. */
export function formatFuel(fuel: string | number): Figure {
  const { value, prefix } = scaled(Number(fuel));
  return { value, unit: `${prefix}fuel` };
}

export function formatFuelRate(fuelPerSecond: number): Figure {
  const { value, unit } = formatFuel(fuelPerSecond);
  return { value, unit: `${unit}/s` };
}

export const figureText = ({ value, unit }: Figure): string => `${value} ${unit}`;

/** Bytes in binary units, as memory is sold: `1.5 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;
  let amount = bytes;
  let step = 0;
  while (amount >= 1024 && step < units.length - 1) {
    amount /= 1024;
    step += 1;
  }
  return `${step === 0 || amount >= 99.95 ? amount.toFixed(0) : amount.toFixed(1)} ${units[step] ?? 'B'}`;
}

/** How long something took: `340 ms`, `4.2 s`, `3 min 05 s`, `2 h 14 min`, `3 d 4 h`. */
export function formatDuration(ms: number): string {
  if (ms < 1) return '<1 ms';
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.floor(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${String(seconds % 60).padStart(2, '0')} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${String(minutes % 60).padStart(2, '0')} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** How long ago: coarse, since the reader wants "just now" or "yesterday", not seconds. */
export function formatAgo(atMs: number, nowMs: number): string {
  const seconds = Math.max(0, Math.round((nowMs - atMs) / 1_000));
  if (seconds < 5) return 'just now';
  if (seconds < 60) return `${seconds} s ago`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ago`;
  return `${Math.floor(hours / 24)} days ago`;
}

const dates = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
/** The full moment, for titles. */
export const formatMoment = (atMs: number): string => dates.format(atMs);

/** First characters of a digest or an id: enough to compare by eye. */
export const shortDigest = (digest: string, characters = 10): string => digest.slice(0, characters);

/** `1 task`, `3 tasks`. */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${formatCount(count)} ${count === 1 ? one : many}`;

/** A share as whole per cent that says 100 only when it is whole, and 0 only when it is none. */
export function formatShare(part: number, whole: number): string {
  if (whole <= 0 || part <= 0) return '0 %';
  if (part >= whole) return '100 %';
  return `${Math.min(99, Math.max(1, Math.round((part / whole) * 100)))} %`;
}
