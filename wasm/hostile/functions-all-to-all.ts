import {
  body,
  bytes,
  guestModule,
  type HostileModule,
  joined,
  manyFunctions,
  OWN_FUNCTION,
  unsigned,
} from './module-bytes.ts';

export const functionsAllToAll: HostileModule = {
  about: 'Every function calls every other one: a graph of half a million edges in a megabyte.',
  expect: 'completed',
  size: 700,
  build: (size) => {
    const calls = joined(
      Array.from({ length: size }, (_, index) => joined([bytes(0x10), unsigned(OWN_FUNCTION + index)])),
    );
    return guestModule(manyFunctions(body(calls), size));
  },
};
