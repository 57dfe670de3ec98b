import { bytes, guestModule, type HostileModule, joined, repeated, unsigned } from './module-bytes.ts';

export const segmentsElements: HostileModule = {
  about: 'Element segments of 200,000 expressions, each to be computed.',
  expect: 'completed',
  size: 200_000,
  scaleFrom: 20_000,
  build: (size) =>
    guestModule({
      elements: [joined([bytes(5, 0x70), unsigned(size), repeated(bytes(0xd2, 0, 0x0b), size)])],
    }),
};
