import { functionType, guestModule, type HostileModule } from './module-bytes.ts';

export const typesWide: HostileModule = {
  about: 'Types of 255 parameters each: megabytes of types that nothing uses.',
  expect: 'completed',
  size: 20_000,
  scaleFrom: 2_000,
  build: (size) =>
    guestModule({
      types: Array.from<Uint8Array>({ length: size }).fill(
        functionType(Array.from<number>({ length: 255 }).fill(0x7f), []),
      ),
    }),
};
