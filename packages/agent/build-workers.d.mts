/** Names of the files that were written, without a folder. */
export interface WorkerManifest {
  readonly agent: string;
  readonly guest: string;
}

/** Bundles the agent's Worker and its guest threads into `outdir`, beside a `manifest.json`. */
export declare function buildBrowserWorkers(options: { readonly outdir: string }): Promise<WorkerManifest>;
