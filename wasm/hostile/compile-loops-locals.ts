import {
  bytes,
  guestModule,
  type HostileModule,
  joined,
  NOTHING_TYPE,
  repeated,
  unsigned,
} from './module-bytes.ts';

export const compileLoopsLocals: HostileModule = {
  about:
    'Loops around writes of many locals: compilers keep a value of each local for each loop, which is gigabytes.',
  expect: 'refused limit-loop-locals',
  size: 900,
  build: (size) =>
    guestModule({
      functions: [NOTHING_TYPE],
      bodies: [
        joined([
          bytes(1),
          unsigned(2_000),
          bytes(0x7f),
          repeated(bytes(0x03, 0x40), size),
          repeated(bytes(0x20, 0, 0x21, 1), 2_000),
          repeated(bytes(0x0b), size + 1),
        ]),
      ],
    }),
};
