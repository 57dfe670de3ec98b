/** Bundles the command into one file. */
export declare function buildRunner(options: { readonly outfile: string }): Promise<void>;
