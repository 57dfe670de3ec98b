/** What people read: aligned tables, marks, bars and times. Programs ask for `--json`. */
import { stripVTControlCharacters } from 'node:util';
import { environment, wantsColour } from './env.ts';

/** How one command speaks. */
export interface Output {
  readonly json: boolean;
  /** One line for people. */
  line(text?: string): void;
  /** One JSON value on a line, for programs. */
  value(value: unknown): void;
  table(rows: readonly (readonly string[])[], heads: readonly string[]): void;
  paint(colour: Colour, text: string): string;
}

type Colour = 'dim' | 'bold' | 'green' | 'red' | 'yellow' | 'blue';

const CODES: Readonly<Record<Colour, number>> = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34 };

export function createOutput(options: { readonly json: boolean }): Output {
  const colour = wantsColour(process.stdout, environment());
  const write = (text: string): void => {
    process.stdout.write(`${text}\n`);
  };
  const paint = (name: Colour, text: string): string =>
    colour ? `\u001B[${CODES[name]}m${text}\u001B[0m` : text;
  return {
    json: options.json,
    line: (text = '') => write(text),
    value: (value) => write(JSON.stringify(value, plainJson)),
    table(rows, heads) {
      const [head, ...lines] = tableLines([heads, ...rows]);
      if (head !== undefined && head !== '') write(paint('dim', head));
      for (const line of lines) write(line);
    },
    paint,
  };
}

/** Fuel is a decimal string, bytes are base64: as in the API. */
function plainJson(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;
}

/** Columns as wide as their widest cell; the last one ends where its text does. */
export function tableLines(rows: readonly (readonly string[])[]): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, width(cell));
  }
  return rows.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - width(cell))))
      .join('  ')
      .trimEnd(),
  );
}

const width = (cell: string): number => Array.from(stripVTControlCharacters(cell)).length;

/** Shape, colour and word say the same. */
export function stateMark(state: string, output: Output): string {
  const [mark, colour] = MARKS[state] ?? ['·', 'dim'];
  return `${output.paint(colour, mark)} ${state}`;
}

const MARKS: Readonly<Record<string, readonly [string, Colour]>> = {
  preparing: ['…', 'yellow'],
  running: ['▸', 'blue'],
  finished: ['✓', 'green'],
  verified: ['✓', 'green'],
  cancelled: ['–', 'dim'],
  refused: ['✗', 'red'],
  disputed: ['≠', 'red'],
  abandoned: ['✗', 'yellow'],
  online: ['●', 'green'],
  offline: ['○', 'dim'],
};

const BAR_CELLS = 20;

export function bar(done: number, total: number): string {
  const full = total <= 0 ? 0 : Math.round((BAR_CELLS * Math.min(done, total)) / total);
  return `${'█'.repeat(full)}${'░'.repeat(BAR_CELLS - full)}`;
}

const FUEL_UNITS = ['', 'k', 'M', 'G', 'T', 'P', 'E'] as const;

/** Three significant digits and a unit: `12.3 G`. */
export function shortFuel(fuel: string | bigint): string {
  const digits = String(fuel);
  const unit = Math.min(Math.floor((digits.length - 1) / 3), FUEL_UNITS.length - 1);
  const value = Number(digits) / 1_000 ** unit;
  return `${unit === 0 ? value : value.toPrecision(3)} ${FUEL_UNITS[unit] ?? ''}`.trim();
}

/** `3 min ago`, for times that matter by their age. */
export function ago(atMs: number, nowMs: number): string {
  const seconds = Math.max(0, Math.round((nowMs - atMs) / 1_000));
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`;
  return seconds < 86_400 ? `${Math.floor(seconds / 3_600)} h ago` : `${Math.floor(seconds / 86_400)} d ago`;
}
