import {
  bytes,
  guestModule,
  type HostileModule,
  joined,
  NOTHING_TYPE,
  OWN_FUNCTION,
  unsigned,
} from './module-bytes.ts';

export const hotAndLarge: HostileModule = {
  about:
    'A function as large and as branchy as may be, called in a loop, so that every engine optimises it; a run that is ended must not go on compiling it.',
  expect: 'out-of-fuel',
  size: 39_000,
  build: (size) =>
    guestModule({
      functions: [NOTHING_TYPE],
      bodies: [
        joined([
          bytes(1),
          unsigned(90),
          bytes(0x7f, 0x02, 0x40),
          ...Array.from({ length: size }, (_, index) =>
            bytes(0x20, index % 90, 0x41, 3, 0x6a, 0x22, (index + 1) % 90, 0x41, 7, 0x46, 0x0d, 0),
          ),
          bytes(0x0b, 0x41, 0, 0x20, 1, 0x36, 2, 0, 0x0b),
        ]),
      ],
      run: bytes(0x03, 0x40, 0x10, OWN_FUNCTION, 0x0c, 0, 0x0b),
    }),
};
