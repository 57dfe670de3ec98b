import {
  bytes,
  guestModule,
  type HostileModule,
  joined,
  NOTHING_TYPE,
  repeated,
  unsigned,
} from './module-bytes.ts';

export const localsGroups: HostileModule = {
  about: 'Groups of no locals: a million of them declare nothing.',
  expect: 'completed',
  size: 500_000,
  scaleFrom: 50_000,
  build: (size) =>
    guestModule({
      functions: [NOTHING_TYPE],
      bodies: [joined([unsigned(size), repeated(bytes(0, 0x7f), size), bytes(0x0b)])],
    }),
};
