import {
  body,
  bytes,
  guestModule,
  type HostileModule,
  NOTHING_TYPE,
  OWN_FUNCTION,
  repeated,
} from './module-bytes.ts';

export const compileCalls: HostileModule = {
  about: 'Half a million calls in one function: an optimising compiler took 2 GB for them.',
  expect: 'refused limit-calls',
  size: 500_000,
  build: (size) =>
    guestModule({
      functions: [NOTHING_TYPE, NOTHING_TYPE],
      bodies: [body(repeated(bytes(0x10, OWN_FUNCTION + 1), size)), body()],
    }),
};
