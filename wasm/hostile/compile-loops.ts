import { body, bytes, guestModule, type HostileModule, NOTHING_TYPE, repeated } from './module-bytes.ts';

export const compileLoops: HostileModule = {
  about: 'Eighty thousand loops in one function: an optimising compiler went on for more than half a minute.',
  expect: 'refused limit-loops',
  size: 80_000,
  build: (size) =>
    guestModule({
      functions: [NOTHING_TYPE],
      bodies: [body(repeated(bytes(0x03, 0x40, 0x41, 0, 0x0d, 0, 0x0b), size))],
    }),
};
