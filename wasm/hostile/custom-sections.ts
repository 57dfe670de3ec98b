import { bytes, guestModule, type HostileModule, joined, repeated } from './module-bytes.ts';

export const customSections: HostileModule = {
  about: 'A million custom sections with nothing in them.',
  expect: 'completed',
  size: 1_000_000,
  scaleFrom: 100_000,
  build: (size) => joined([guestModule({}), repeated(bytes(0, 1, 0), size)]),
};
