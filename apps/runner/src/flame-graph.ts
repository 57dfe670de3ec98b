/**
 * A flame graph as one SVG that needs nothing else: each call path is a bar as wide as the fuel it spent, callees
 * below their caller. A click on a bar widens it to the whole picture, a click on the top row goes back.
 */
import { frameTotals, type ProfileFrame } from './fuel-profile.ts';
import { terminalText } from './terminal-text.ts';

export interface FlameGraphOptions {
  readonly title: string;
  /** What a function is called. */
  readonly nameOf: (index: number) => string;
}

const WIDTH = 1_200;
const ROW = 20;
const HEAD = 44;
const MARGIN = 10;
/** Narrower bars are left out: at this share of the picture (in its units) nobody sees them. */
const BAR_MIN = 0.4;
const LETTER = 6.6;

export function flameGraph(root: ProfileFrame, { title, nameOf }: FlameGraphOptions): string {
  const totals = frameTotals(root);
  const fuelOf = (frame: ProfileFrame): number => totals.get(frame) ?? 0;
  const total = Math.max(fuelOf(root), 1);
  const bars: string[] = [];
  const place = (frame: ProfileFrame, depth: number, from: number): number => {
    const fuel = fuelOf(frame);
    const bar = { depth, x: (from / total) * INNER, width: (fuel / total) * INNER };
    if (bar.width < BAR_MIN) return depth - 1;
    const name = frame.index < 0 ? 'the whole run' : nameOf(frame.index);
    bars.push(barText({ ...bar, name, hint: hintOf(frame, fuel, total) }));
    let deepest = depth;
    let at = from;
    for (const child of byFuel(frame, fuelOf)) {
      deepest = Math.max(deepest, place(child, depth + 1, at));
      at += fuelOf(child);
    }
    return deepest;
  };
  const rows = place(root, 0, 0) + 1;
  return page({ title: escapeXml(title), total, bars, height: HEAD + rows * ROW + MARGIN });
}

const INNER = WIDTH - 2 * MARGIN;

const byFuel = (
  { children }: ProfileFrame,
  fuelOf: (frame: ProfileFrame) => number,
): readonly ProfileFrame[] =>
  [...children.values()].toSorted((one, other) => fuelOf(other) - fuelOf(one) || one.index - other.index);

function hintOf(frame: ProfileFrame, fuel: number, total: number): string {
  const calls = frame.index < 0 ? '' : `, ${grouped(frame.calls)} ${frame.calls === 1 ? 'call' : 'calls'}`;
  return `${grouped(fuel)} fuel (${share(fuel, total)}), ${grouped(frame.self)} of its own${calls}`;
}

interface Bar {
  readonly depth: number;
  readonly x: number;
  readonly width: number;
  readonly name: string;
  readonly hint: string;
}

function barText({ depth, x, width, name, hint }: Bar): string {
  const letters = Math.floor((width - 6) / LETTER);
  const shown = name.length <= letters ? name : letters < 3 ? '' : `${name.slice(0, letters - 1)}…`;
  const left = MARGIN + x;
  const top = HEAD + depth * ROW;
  const fill = depth === 0 ? 'var(--root)' : `hsl(${hueOf(name)} var(--s) var(--l))`;
  return (
    `<g data-x="${x.toFixed(2)}" data-w="${width.toFixed(2)}" data-n="${escapeXml(name)}">` +
    `<title>${escapeXml(name)}: ${escapeXml(hint)}</title>` +
    `<rect x="${left.toFixed(2)}" y="${top}" width="${Math.max(width - 0.6, 0.2).toFixed(2)}" height="${ROW - 2}" rx="2" fill="${fill}"/>` +
    `<text x="${(left + 4).toFixed(2)}" y="${top + 13}">${escapeXml(shown)}</text></g>`
  );
}

/** The same name has the same colour in every graph; the hues keep to the warm quarter of the circle. */
function hueOf(name: string): number {
  let hash = 7;
  for (const letter of name) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) % 65_521;
  // Names that differ by a digit are spread over the hues.
  return 8 + (((hash * 7_919) % 65_521) % 48);
}

interface Page {
  readonly title: string;
  readonly total: number;
  readonly bars: readonly string[];
  readonly height: number;
}

const page = ({ title, total, bars, height }: Page): string =>
  [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="100%" preserveAspectRatio="xMidYMin" role="img" aria-label="${title}">`,
    `<style>${STYLE}</style>`,
    `<rect class="ground" width="${WIDTH}" height="${height}"/>`,
    `<text class="title" x="${MARGIN}" y="20">${title}</text>`,
    `<text class="note" x="${MARGIN}" y="36">${grouped(total)} fuel. Width is fuel, rows are calls. Click a bar to widen it.</text>`,
    ...bars,
    `<script>${SCRIPT}</script>`,
    '</svg>',
    '',
  ].join('\n');

const STYLE = `
svg { --s: 78%; --l: 72%; --root: #d8dade; --ink: #1c1d20; --dim: #5b5f66; --paper: #fbfbfa;
  font: 11px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-variant-numeric: tabular-nums; }
@media (prefers-color-scheme: dark) { svg { --s: 46%; --l: 34%; --root: #3a3d43; --ink: #eceef1; --dim: #9aa0a8; --paper: #131417; } }
.ground { fill: var(--paper); } text { fill: var(--ink); pointer-events: none; }
.title { font-size: 14px; font-weight: 600; } .note { fill: var(--dim); }
g { cursor: pointer; } g:hover rect { stroke: var(--ink); }
`;

// Bars keep their place in fuel (data-x, data-w); a zoom only draws them anew.
const SCRIPT = `
const bars = [...document.querySelectorAll('g')], left = ${MARGIN}, inner = ${INNER}, letter = ${LETTER};
function zoom(from, width) {
  for (const bar of bars) {
    const x0 = (bar.dataset.x - from) / width * inner, x1 = x0 + bar.dataset.w / width * inner;
    const a = Math.max(x0, 0), b = Math.min(x1, inner), [rect, text] = [bar.querySelector('rect'), bar.querySelector('text')];
    bar.style.display = b - a > 0.3 ? '' : 'none';
    rect.setAttribute('x', left + a); rect.setAttribute('width', Math.max(b - a - 0.6, 0.2));
    const name = bar.dataset.n, fits = Math.floor((b - a - 6) / letter);
    text.setAttribute('x', left + a + 4);
    text.textContent = name.length > fits ? (fits > 2 ? name.slice(0, fits - 1) + '…' : '') : name;
  }
}
for (const bar of bars) bar.addEventListener('click', () => zoom(+bar.dataset.x, +bar.dataset.w));
`;

const grouped = (value: number): string => Math.round(value).toLocaleString('en-US').replaceAll(',', ' ');

/** A part of a whole in per cent. */
export const share = (part: number, whole: number): string =>
  `${((100 * part) / Math.max(whole, 1)).toFixed(1)} %`;

const ESCAPES: Readonly<Record<string, string>> = {
  '<': '&lt;',
  '>': '&gt;',
  '&': '&amp;',
  '"': '&quot;',
  "'": '&apos;',
};

// Names come from a stranger's module: no markup, and none of the characters that XML cannot hold.
function escapeXml(text: string): string {
  return Array.from(terminalText(text), (letter) => ESCAPES[letter] ?? letter).join('');
}
