/** Tables for people: columns as wide as they must be, figures to the right. */

export type Cell = string | number;

export function printTable(title: string, rows: readonly (readonly Cell[])[]): void {
  console.log(`\n${title}`);
  for (const line of tableLines(rows)) console.log(`  ${line}`);
}

export function tableLines(rows: readonly (readonly Cell[])[]): readonly string[] {
  const texts = rows.map((row) => row.map((cell) => (typeof cell === 'number' ? figure(cell) : cell)));
  const columns = Math.max(0, ...texts.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...texts.map((row) => row[column]?.length ?? 0)),
  );
  return texts.map((row, index) =>
    row
      .map((text, column) =>
        typeof rows[index]?.[column] === 'number'
          ? text.padStart(widths[column] ?? 0)
          : text.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}

/** Grouped digits; one decimal below a hundred, two below one. */
export function figure(value: number): string {
  const digits = Number.isInteger(value) || Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 1 ? 1 : 2;
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
