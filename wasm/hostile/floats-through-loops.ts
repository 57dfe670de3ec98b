import {
  bytes,
  guestModule,
  type HostileModule,
  joined,
  manyFunctions,
  repeated,
  unsigned,
} from './module-bytes.ts';

export const floatsThroughLoops: HostileModule = {
  about:
    'Floats copied from local to local in nested loops: whoever follows where their bits come from follows all of it.',
  expect: 'refused limit-module-loop-locals',
  size: 40,
  scaleFrom: 2,
  build: (size) =>
    guestModule(
      manyFunctions(
        joined([
          bytes(1),
          unsigned(240),
          bytes(0x7c, 0x20, 0, 0x20, 1, 0xa0, 0x21, 0),
          repeated(bytes(0x03, 0x40), 400),
          ...Array.from({ length: 2_000 }, (_, index) => bytes(0x20, (index + 1) % 100, 0x21, index % 100)),
          repeated(bytes(0x41, 0, 0x0d, 0, 0x0b), 400),
          bytes(0x0b),
        ]),
        size,
      ),
    ),
};
