// The buffer that everything prepared goes through never holds more than a prepared module may.
import { expect, it } from 'vitest';

import { PREPARED_BYTES_MAX } from './limits.ts';
import { Refusal } from './refusals.ts';
import { Writer } from './writer.ts';

it('holds as many bytes as a prepared module may have, and not one more', () => {
  const out = new Writer();
  const part = new Uint8Array(PREPARED_BYTES_MAX / 8);
  for (let count = 0; count < 8; count++) {
    out.copy(part, 0, part.length);
  }
  expect(out.length).toBe(PREPARED_BYTES_MAX);
  const tooMuch = (): void => out.u8(0);
  expect(tooMuch).toThrow(Refusal);
  expect(tooMuch).toThrow(`the limit is ${PREPARED_BYTES_MAX}`);
});
