import { bytes, guestModule, type HostileModule, manyFunctions } from './module-bytes.ts';

export const functions100000: HostileModule = {
  about:
    'A hundred thousand functions, all that are allowed: each costs something to read, to check and to write.',
  expect: 'completed',
  size: 99_998,
  scaleFrom: 10_000,
  build: (size) => guestModule(manyFunctions(bytes(0, 0x0b), size)),
};
