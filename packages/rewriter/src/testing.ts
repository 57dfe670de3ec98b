// For tests only: what compares the strategies of the meter and reads the edition's numbers.

export { bytesByEdit, prepareAnyImports } from './any-imports.testing.ts';
export { editionPasses } from './edition.ts';
export { CALL_BUDGET_BYTES } from './limits.ts';
export type { MeterStrategy } from './passes/meter.ts';
export type { Pass } from './passes/pass.ts';
export { createScrambleNan } from './passes/scramble-nan.testing.ts';
export { prepareThrough, prepareWith } from './prepare.ts';
