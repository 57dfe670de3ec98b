/** Writes the link process to `outfile` (`….cjs`), which must lie where `@roamhq/wrtc` resolves from. */
export declare function buildLinkChild(options: { readonly outfile: string }): Promise<void>;
