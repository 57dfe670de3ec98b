import {
  body,
  bytes,
  functionType,
  guestModule,
  type HostileModule,
  NOTHING_TYPE,
  OWN_FUNCTION,
  OWN_TYPE,
  repeated,
} from './module-bytes.ts';

export const callsUnreachable: HostileModule = {
  about:
    'Calls with 255 operands where nothing can be reached: two bytes each, and engines look at every operand.',
  expect: 'refused limit-unreachable-operands',
  size: 380_000,
  build: (size) =>
    guestModule({
      types: [functionType(Array.from<number>({ length: 255 }).fill(0x7c), [])],
      functions: [OWN_TYPE, ...Array.from<number>({ length: Math.ceil(size / 19_000) }).fill(NOTHING_TYPE)],
      bodies: [
        body(),
        ...Array.from<Uint8Array>({ length: Math.ceil(size / 19_000) }).fill(
          body(bytes(0), repeated(bytes(0x10, OWN_FUNCTION), 19_000)),
        ),
      ],
    }),
};
