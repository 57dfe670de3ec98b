// The alignment guest's answer by another way: whole tables of plain numbers, filled and followed back as the
// definition says, and its text. Scores are in half points, as the guest's are.

/** What a line with ';' may set; points. */
export interface Scoring {
  readonly isDna: boolean;
  readonly match: number;
  readonly mismatch: number;
  readonly open: number;
  readonly extend: number;
}

export interface Sequence {
  readonly name: string;
  readonly letters: string;
}

const WIDTH = 50;
const ORDER = 'ARNDCQEGHILKMFPSTWYVBZX*';
/** BLOSUM62 as NCBI publishes it, whole. */
const BLOSUM62 = `
 4 -1 -2 -2  0 -1 -1  0 -2 -1 -1 -1 -1 -2 -1  1  0 -3 -2  0 -2 -1  0 -4
-1  5  0 -2 -3  1  0 -2  0 -3 -2  2 -1 -3 -2 -1 -1 -3 -2 -3 -1  0 -1 -4
-2  0  6  1 -3  0  0  0  1 -3 -3  0 -2 -3 -2  1  0 -4 -2 -3  3  0 -1 -4
-2 -2  1  6 -3  0  2 -1 -1 -3 -4 -1 -3 -3 -1  0 -1 -4 -3 -3  4  1 -1 -4
 0 -3 -3 -3  9 -3 -4 -3 -3 -1 -1 -3 -1 -2 -3 -1 -1 -2 -2 -1 -3 -3 -2 -4
-1  1  0  0 -3  5  2 -2  0 -3 -2  1  0 -3 -1  0 -1 -2 -1 -2  0  3 -1 -4
-1  0  0  2 -4  2  5 -2  0 -3 -3  1 -2 -3 -1  0 -1 -3 -2 -2  1  4 -1 -4
 0 -2  0 -1 -3 -2 -2  6 -2 -4 -4 -2 -3 -3 -2  0 -2 -2 -3 -3 -1 -2 -1 -4
-2  0  1 -1 -3  0  0 -2  8 -3 -3 -1 -2 -1 -2 -1 -2 -2  2 -3  0  0 -1 -4
-1 -3 -3 -3 -1 -3 -3 -4 -3  4  2 -3  1  0 -3 -2 -1 -3 -1  3 -3 -3 -1 -4
-1 -2 -3 -4 -1 -2 -3 -4 -3  2  4 -2  2  0 -3 -2 -1 -2 -1  1 -4 -3 -1 -4
-1  2  0 -1 -3  1  1 -2 -1 -3 -2  5 -1 -3 -1  0 -1 -3 -2 -2  0  1 -1 -4
-1 -1 -2 -3 -1  0 -2 -3 -2  1  2 -1  5  0 -2 -1 -1 -1 -1  1 -3 -1 -1 -4
-2 -3 -3 -3 -2 -3 -3 -3 -1  0  0 -3  0  6 -4 -2 -2  1  3 -1 -3 -3 -1 -4
-1 -2 -2 -1 -3 -1 -1 -2 -2 -3 -3 -1 -2 -4  7 -1 -1 -4 -3 -2 -2 -1 -2 -4
 1 -1  1  0 -1  0  0  0 -1 -2 -2  0 -1 -2 -1  4  1 -3 -2 -2  0  0  0 -4
 0 -1  0 -1 -1 -1 -1 -2 -2 -1 -1 -1 -1 -2 -1  1  5 -2 -2  0 -1 -1  0 -4
-3 -3 -4 -4 -2 -2 -3 -2 -2 -3 -2 -3 -1  1 -4 -3 -2 11  2 -3 -4 -3 -2 -4
-2 -2 -2 -3 -2 -1 -2 -3  2 -1 -1 -2 -1  3 -3 -2 -2  2  7 -1 -3 -2 -1 -4
 0 -3 -3 -3 -1 -2 -2 -3 -3  3  1 -2  1 -1 -2 -2  0 -3 -1  4 -3 -2 -1 -4
-2 -1  3  4 -3  0  1 -1  0 -3 -4  0 -3 -3 -2  0 -1 -4 -3 -3  4  1 -1 -4
-1  0  0  1 -3  3  4 -2  0 -3 -3  1 -1 -3 -1  0 -1 -3 -2 -2  1  4 -1 -4
 0 -1 -1 -1 -2 -1 -1 -1 -1 -1 -1 -1 -1 -1 -2  0  0 -2 -1 -1 -1 -1 -1 -4
-4 -4 -4 -4 -4 -4 -4 -4 -4 -4 -4 -4 -4 -4 -4 -4 -4 -4 -4 -4 -4 -4 -4  1`
  .trim()
  .split('\n')
  .map((row) => row.trim().split(/\s+/).map(Number));

/** Points of two letters. */
function pairPoints(one: string, other: string, scoring: Scoring): number {
  if (scoring.isDna) {
    const [first, second] = [one, other].map((letter) => (letter === 'U' ? 'T' : letter));
    return first === second && 'ACGT'.includes(first ?? '-') ? scoring.match : scoring.mismatch;
  }
  const row = ORDER.includes(one) ? ORDER.indexOf(one) : ORDER.indexOf('X');
  const column = ORDER.includes(other) ? ORDER.indexOf(other) : ORDER.indexOf('X');
  return BLOSUM62[row]?.[column] ?? 0;
}

interface Tables {
  readonly h: readonly Float64Array[];
  readonly e: readonly Float64Array[];
  readonly f: readonly Float64Array[];
}

/** Row and column 0 are the empty beginnings. */
function fillTables(query: string, target: string, scoring: Scoring): Tables {
  const rows = (value: number) =>
    Array.from({ length: query.length + 1 }, () => new Float64Array(target.length + 1).fill(value));
  const [h, e, f] = [rows(0), rows(Number.NEGATIVE_INFINITY), rows(Number.NEGATIVE_INFINITY)];
  const at = (table: readonly Float64Array[], i: number, j: number): number => table[i]?.[j] ?? 0;
  for (let i = 1; i <= query.length; i += 1) {
    for (let j = 1; j <= target.length; j += 1) {
      const pair = pairPoints(query.charAt(i - 1), target.charAt(j - 1), scoring);
      const inTarget = Math.max(at(h, i, j - 1) - scoring.open, at(e, i, j - 1) - scoring.extend);
      const inQuery = Math.max(at(h, i - 1, j) - scoring.open, at(f, i - 1, j) - scoring.extend);
      e[i]?.fill(inTarget, j, j + 1);
      f[i]?.fill(inQuery, j, j + 1);
      h[i]?.fill(Math.max(0, at(h, i - 1, j - 1) + pair, inTarget, inQuery), j, j + 1);
    }
  }
  return { h, e, f };
}

interface Found {
  readonly score: number;
  readonly columns: readonly (readonly [number, number])[];
}

/** Each column: places in query and target from 1 on, 0 for a gap. Equal ways are chosen as trace.c says. */
function bestAlignment(query: string, target: string, scoring: Scoring): Found {
  const { h, e, f } = fillTables(query, target, scoring);
  const at = (table: readonly Float64Array[], row: number, column: number): number =>
    table[row]?.[column] ?? 0;
  let [score, i, j] = [0, 0, 0];
  for (const [row, cells] of h.entries()) {
    for (const [column, value] of cells.entries()) {
      if (value > score) [score, i, j] = [value, row, column];
    }
  }
  const columns: [number, number][] = [];
  let gap: 'none' | 'in query' | 'in target' = 'none';
  while (gap !== 'none' || at(h, i, j) > 0) {
    if (gap === 'none') {
      const pair = pairPoints(query.charAt(i - 1), target.charAt(j - 1), scoring);
      if (at(h, i, j) === at(h, i - 1, j - 1) + pair) columns.unshift([i--, j--]);
      else gap = at(h, i, j) === at(f, i, j) ? 'in query' : 'in target';
    } else if (gap === 'in query') {
      if (at(f, i, j) === at(h, i - 1, j) - scoring.open) gap = 'none';
      columns.unshift([i--, 0]);
    } else {
      if (at(e, i, j) === at(h, i, j - 1) - scoring.open) gap = 'none';
      columns.unshift([0, j--]);
    }
  }
  return { score, columns };
}

/** The whole answer of the guest. */
export function expectedReport(sequences: readonly Sequence[], scoring: Scoring, queryAt = 0): string {
  const query = sequences[queryAt] ?? { name: '', letters: '' };
  const targets = sequences.filter((_, at) => at !== queryAt);
  const found = targets.map(({ letters }) => bestAlignment(query.letters, letters, scoring));
  const best = found.reduce((most, one, at) => (one.score > (found[most]?.score ?? 0) ? at : most), 0);
  const matrix = scoring.isDna
    ? `dna, match ${scoring.match} mismatch ${scoring.mismatch === 0 ? '-0' : scoring.mismatch}`
    : 'protein, BLOSUM62';
  const scores = targets.map(
    ({ name, letters }, at) => `${name}\t${letters.length}\t${found[at]?.score ?? 0}\n`,
  );
  return [
    `# ${matrix}, gaps ${scoring.open} and ${scoring.extend}\ntarget\tlength\tscore\n`,
    ...scores,
    `\n${describe(query, targets[best] ?? query, found[best] ?? { score: 0, columns: [] }, scoring)}\n`,
  ].join('');
}

function describe(query: Sequence, target: Sequence, { score, columns }: Found, scoring: Scoring): string {
  const head = `best: ${query.name} and ${target.name}, score ${score}`;
  if (score === 0) return head;
  const letters = columns.map(
    ([i, j]) => [query.letters.charAt(i - 1), target.letters.charAt(j - 1)] as const,
  );
  const identity = letters.filter(([one, other]) => one === other).length;
  const similar = letters.filter(
    ([one, other]) => one === other || (one !== '' && other !== '' && pairPoints(one, other, scoring) > 0),
  ).length;
  const gaps = columns.filter(([i, j]) => i === 0 || j === 0).length;
  const counts = `length ${columns.length}, identity ${identity}, similarity ${similar}, gaps ${gaps}`;
  const rows: string[] = [];
  for (let from = 0; from < columns.length; from += WIDTH) {
    rows.push(showRows(query, target, { columns, from, scoring }));
  }
  return `${head}, ${counts}\n\n${rows.join('\n\n')}`;
}

interface Part {
  readonly columns: Found['columns'];
  readonly from: number;
  readonly scoring: Scoring;
}

function showRows(query: Sequence, target: Sequence, { columns, from, scoring }: Part): string {
  const part = columns.slice(from, from + WIDTH);
  const row = (sequence: Sequence, side: 0 | 1): string => {
    const upTo = (end: number): number => columns.slice(0, end).filter((column) => column[side] > 0).length;
    const first = (columns.find((column) => column[side] > 0)?.[side] ?? 0) - 1;
    const name = sequence.name.slice(0, 16).padEnd(16);
    const begin = String(first + upTo(from) + 1).padStart(7);
    const text = part.map((column) => sequence.letters.charAt(column[side] - 1) || '-').join('');
    return `${name}${begin} ${text}${String(first + upTo(from + part.length)).padStart(7)}`;
  };
  const marks = part.map(([i, j]) => {
    const [one, other] = [query.letters.charAt(i - 1), target.letters.charAt(j - 1)];
    if (one === '' || other === '') return ' ';
    if (one === other) return '|';
    return pairPoints(one, other, scoring) > 0 ? ':' : '.';
  });
  return `${row(query, 0)}\n${' '.repeat(24)}${marks.join('')}\n${row(target, 1)}`;
}
