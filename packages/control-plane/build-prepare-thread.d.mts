/** Writes the bundled preparing thread into `outdir` and returns its absolute path, for `prepareThreadEntry`. */
export function buildPrepareThread(options: { readonly outdir: string }): Promise<string>;
