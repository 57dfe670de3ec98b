import { body, bytes, guestModule, type HostileModule, NOTHING_TYPE, repeated } from './module-bytes.ts';

export const nesting50000: HostileModule = {
  about: 'Fifty thousand blocks, one in the other: whoever reads them by recursion falls off its stack.',
  expect: 'refused limit-nesting',
  size: 50_000,
  scaleFrom: 600,
  build: (size) =>
    guestModule({
      functions: [NOTHING_TYPE],
      bodies: [body(repeated(bytes(0x02, 0x40), size), repeated(bytes(0x0b), size))],
    }),
};
