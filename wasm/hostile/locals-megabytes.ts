import { bytes, guestModule, type HostileModule, joined, NOTHING_TYPE, unsigned } from './module-bytes.ts';

export const localsMegabytes: HostileModule = {
  about: 'One function that declares four million locals in six bytes: a frame of 32 MB.',
  expect: 'refused limit-locals',
  size: 4_194_304,
  build: (size) =>
    guestModule({
      functions: [NOTHING_TYPE],
      bodies: [joined([bytes(1), unsigned(size), bytes(0x7e, 0x0b)])],
    }),
};
