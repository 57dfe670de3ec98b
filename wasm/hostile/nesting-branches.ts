import { body, bytes, guestModule, type HostileModule, manyFunctions, repeated } from './module-bytes.ts';

export const nestingBranches: HostileModule = {
  about: 'Blocks as deep as they may be, and as many branches as may be out of all of them.',
  expect: 'completed',
  size: 10,
  scaleFrom: 2,
  build: (size) =>
    guestModule(
      manyFunctions(
        body(
          repeated(bytes(0x02, 0x40), 4_999),
          repeated(bytes(0x41, 0, 0x0d, 0x86, 0x27), 30_000),
          repeated(bytes(0x0b), 4_999),
        ),
        size,
      ),
    ),
};
