// @trine/rewriter: guest bytes in, prepared bytes out.

export { ABORT_GLOBAL, FUEL_GLOBAL, type GuestAbi, START_EXPORT } from './abi.ts';
export { EDITION } from './edition.ts';
export { MEMORY_PAGES_DEFAULT, MODULE_BYTES_MAX, PAGE_BYTES } from './limits.ts';
export { prepare, type PrepareOptions, type PrepareReport, type Prepared } from './prepare.ts';
export type { RefusalCode } from './refusals.ts';
export { WASI_CALL_PARAMETERS, WASI_MODULE } from './wasi-calls.ts';
