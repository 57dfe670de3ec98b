import {
  body,
  bytes,
  functionType,
  guestModule,
  type HostileModule,
  joined,
  NOTHING_TYPE,
  OWN_TYPE,
  repeated,
  unsigned,
} from './module-bytes.ts';

export const branchTablesWide: HostileModule = {
  about:
    'Tables of 64,000 targets to a loop that takes 255 values: each byte of them is 255 checks, for us and for each engine.',
  expect: 'refused limit-block-parameters',
  size: 1,
  build: (size) =>
    guestModule({
      types: [functionType(Array.from<number>({ length: 255 }).fill(0x7f), [])],
      functions: [NOTHING_TYPE],
      bodies: [
        body(
          repeated(bytes(0x41, 0), 255),
          bytes(0x03, OWN_TYPE, 0),
          repeated(joined([bytes(0x41, 0, 0x0e), unsigned(64_000), repeated(bytes(0), 64_001)]), size),
          bytes(0x0b),
        ),
      ],
    }),
};
