/** What a submitter imports: submit a module with inputs, read verified results as they come. */
export { TrineError, type WasiInput, type WasiOutput } from '@trine/protocol';
export type {
  JobManifest,
  JobView,
  KeyView,
  NodeView,
  OutputView,
  TokenView,
} from '@trine/control-plane/router';
export { createTrine, type Trine, type TrineOptions, type WhoAmI } from './trine.ts';
export type { Job, JobResult, ResultsOptions, WaitOptions } from './job.ts';
export type { Inputs, Submission } from './submission.ts';
