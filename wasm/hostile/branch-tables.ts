import {
  body,
  bytes,
  guestModule,
  type HostileModule,
  joined,
  manyFunctions,
  repeated,
  unsigned,
} from './module-bytes.ts';

export const branchTables: HostileModule = {
  about: 'Branch tables of 60,000 targets, a hundred times.',
  expect: 'completed',
  size: 100,
  scaleFrom: 20,
  build: (size) =>
    guestModule(
      manyFunctions(body(joined([bytes(0x41, 0, 0x0e), unsigned(60_000), repeated(bytes(0), 60_001)])), size),
    ),
};
