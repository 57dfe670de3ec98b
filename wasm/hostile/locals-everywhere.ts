import { bytes, guestModule, type HostileModule, joined, manyFunctions, unsigned } from './module-bytes.ts';

export const localsEverywhere: HostileModule = {
  about: 'As many locals as are allowed in each of thirty thousand functions: 120 million, in 300 KB.',
  expect: 'completed',
  size: 30_000,
  scaleFrom: 4_000,
  build: (size) =>
    guestModule(
      manyFunctions(joined([bytes(1), unsigned(4_096), bytes(0x7c, 0x20, 0, 0x21, 1, 0x0b)]), size),
    ),
};
