import { bytes, guestModule, type HostileModule, joined, repeated } from './module-bytes.ts';

export const constantChain: HostileModule = {
  about: 'A global whose initial value is a product of 200,000 numbers: computed here, so here it must end.',
  expect: 'completed',
  size: 200_000,
  scaleFrom: 15_000,
  build: (size) =>
    guestModule({
      globals: [joined([bytes(0x7f, 0, 0x41, 1), repeated(bytes(0x41, 3, 0x6c), size), bytes(0x0b)])],
    }),
};
