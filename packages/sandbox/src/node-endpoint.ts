// Comlink's adapter for worker_threads, with the types that it lacks. The reference brings them to every package
// that compiles this source: a consumer's own tsconfig does not include our declaration file, and an import of an
// ambient declaration is none.
// oxlint-disable-next-line typescript/triple-slash-reference
/// <reference path="./comlink-node-adapter.d.ts" />
export { default as nodeEndpoint } from 'comlink/dist/esm/node-adapter.mjs';
