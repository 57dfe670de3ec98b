/** Values on the command line: text in, a number or a sentence about what was expected out. */
import { InvalidArgumentError } from 'commander';
import { FUEL_MAX } from '@trine/sandbox';
import { asCount, asDurationMs } from './settings.ts';

const fromText =
  <T>(parse: (text: string) => T) =>
  (text: string): T => {
    try {
      return parse(text);
    } catch (cause) {
      throw new InvalidArgumentError(cause instanceof Error ? `${cause.message}.` : '');
    }
  };

export const count = fromText(asCount(0, Number.MAX_SAFE_INTEGER));
export const duration = fromText(asDurationMs);
export const fuel = fromText((text: string): bigint => {
  const value = /^[0-9]{1,19}$/.test(text) ? BigInt(text) : undefined;
  if (value !== undefined && value <= FUEL_MAX) return value;
  throw new Error(`decimal digits expected, at most ${FUEL_MAX}`);
});
