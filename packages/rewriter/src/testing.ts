// For tests only: what compares the strategies of the meter and reads the edition's numbers.

export { CALL_BUDGET_BYTES } from './limits.ts';
export type { MeterStrategy } from './passes/meter.ts';
export { prepareWith } from './prepare.ts';
