/** Makes what the loop says fit the wire: words cut to their limit, figures that are figures. */
import { LIMITS, TrineError } from '@trine/protocol';
import type { MachineFigures } from './ports.ts';

const SENTENCE_CHARACTERS_MAX = 1_000;

/** A reason for people, as long as a message may carry it. */
export const sentence = (text: string): string => text.slice(0, SENTENCE_CHARACTERS_MAX);

/** Words of a result's reason: 64 results share a frame. */
const RESULT_REASON_CHARACTERS_MAX = 200;

export const shortReason = (text: string): string => text.slice(0, RESULT_REASON_CHARACTERS_MAX);

/** A name, model or note, as long as the wire takes names. */
export const shortName = (text: string): string => text.slice(0, LIMITS.nameCharacters.value);

/** Refuses what a handshake could not carry, before anything is dialled. */
export function assertFits(what: string, text: string): void {
  if (text.length <= LIMITS.nameCharacters.value) return;
  throw new TrineError(
    'bad-request',
    `The ${what} has ${text.length} characters; the limit is ${LIMITS.nameCharacters.value}.`,
  );
}

/** Sensors answer NaN, null and −1 where they know nothing: such figures are left out. */
export function soundFigures(figures: MachineFigures): MachineFigures {
  const sound: Record<string, number | boolean> = {};
  for (const [name, value] of Object.entries(figures)) {
    if (typeof value === 'boolean') sound[name] = value;
    if (typeof value !== 'number' || !Number.isFinite(value)) continue;
    if (!COUNTS.has(name)) sound[name] = value;
    else if (value >= 0) sound[name] = Math.round(value);
  }
  return sound;
}

const COUNTS = new Set(['memoryUsedBytes', 'uptimeSeconds']);
