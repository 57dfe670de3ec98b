import {
  body,
  bytes,
  guestModule,
  type HostileModule,
  NOTHING_TYPE,
  OWN_FUNCTION,
  unsigned,
} from './module-bytes.ts';

export const functionsChained: HostileModule = {
  about:
    'A hundred thousand functions, each of which calls the next: whoever follows calls by recursion falls off its stack.',
  expect: 'completed',
  size: 99_998,
  scaleFrom: 5_000,
  build: (size) =>
    guestModule({
      functions: new Uint8Array(size).fill(NOTHING_TYPE),
      bodies: Array.from({ length: size }, (_, index) =>
        body(bytes(0x10), unsigned(OWN_FUNCTION + ((index + 1) % size))),
      ),
    }),
};
