import {
  bytes,
  guestModule,
  type HostileModule,
  joined,
  NOTHING_TYPE,
  repeated,
  unsigned,
} from './module-bytes.ts';

export const compileBranchesLocals: HostileModule = {
  about: 'Branches in a function of many locals: compilers keep a value of each local at each branch.',
  expect: 'refused limit-merged-values',
  size: 20_000,
  build: (size) =>
    guestModule({
      functions: [NOTHING_TYPE],
      bodies: [
        joined([
          bytes(1),
          unsigned(1_000),
          bytes(0x7f),
          repeated(bytes(0x20, 0, 0x04, 0x40, 0x20, 0, 0x21, 1, 0x0b), size),
          bytes(0x0b),
        ]),
      ],
    }),
};
