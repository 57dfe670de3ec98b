import { body, bytes, guestModule, type HostileModule, NOTHING_TYPE, repeated } from './module-bytes.ts';

export const bodyBytes5m: HostileModule = {
  about: 'One function of five megabytes.',
  expect: 'refused limit-body-bytes',
  size: 5_000_000,
  build: (size) => guestModule({ functions: [NOTHING_TYPE], bodies: [body(repeated(bytes(1), size))] }),
};
