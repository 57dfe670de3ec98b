import { bytes, guestModule, type HostileModule, joined, unsigned } from './module-bytes.ts';

export const moduleBytes100m: HostileModule = {
  about: 'A hundred megabytes of nothing, in a custom section: refused by its length, before a byte is read.',
  expect: 'refused limit-module-bytes',
  size: 100_000_000,
  build: (size) => {
    const padding = new Uint8Array(size);
    return joined([guestModule({}), bytes(0), unsigned(size + 2), bytes(1, 0x78), padding]);
  },
};
