/** Names, reasons and log lines come from strangers: control characters in them would drive the reader's terminal. */

const DELETE = 0x7f;
const LAST_C1 = 0x9f;
const SPACE = 0x20;

/** The text with each control character shown as �. */
export const terminalText = (text: string): string => shown(text, '');

/** The same for text of several lines: ends of lines and tabs stay. */
export const terminalLines = (text: string): string => shown(text, '\n\t');

function shown(text: string, kept: string): string {
  return Array.from(text, (character) => {
    const code = character.codePointAt(0) ?? 0;
    const drives = code < SPACE || (code >= DELETE && code <= LAST_C1);
    return drives && !kept.includes(character) ? '\uFFFD' : character;
  }).join('');
}

/** The same for every string in a plain JSON value. */
export function forTerminal<T>(value: T): T {
  return clean(value) as T;
}

function clean(value: unknown): unknown {
  if (typeof value === 'string') return terminalText(value);
  if (Array.isArray(value)) return value.map(clean);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, clean(inner)]));
}
