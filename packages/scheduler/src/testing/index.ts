/** Test support for those who drive the state machine: rows kept and audited, scenarios as text. */
export { auditLedger, createLedger, type Ledger, readStored, writeChanges } from './ledger.ts';
export { artifact, plainScenario, playScenario, printRows, TEST_CONTEXT, testJob } from './scenario.ts';
