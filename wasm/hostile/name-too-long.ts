import { exported, guestModule, type HostileModule } from './module-bytes.ts';

export const nameTooLong: HostileModule = {
  about: 'One export with a name of a megabyte.',
  expect: 'refused limit-name-bytes',
  size: 1_048_576,
  build: (size) => guestModule({ exports: [exported('x'.repeat(size), 0, 0)] }),
};
