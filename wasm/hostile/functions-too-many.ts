import { bytes, guestModule, type HostileModule, manyFunctions } from './module-bytes.ts';

export const functionsTooMany: HostileModule = {
  about: 'One function more than are allowed.',
  expect: 'refused limit-functions',
  size: 99_999,
  build: (size) => guestModule(manyFunctions(bytes(0, 0x0b), size)),
};
