/** Writes the guest thread's bundle into `outdir` and returns its absolute path (hashed name for the browser). */
export function buildGuestThread(options: {
  readonly platform: 'browser' | 'node';
  readonly outdir: string;
}): Promise<string>;
