/** What `npm start` was asked for. */
export interface StartOptions {
  /** Run the demonstration jobs anew instead of showing the stored ones. */
  readonly again: boolean;
  /** An empty coordinator for real use. */
  readonly noDemo: boolean;
  readonly exitWhenDone: boolean;
  /** One JSON line last; everything else goes to standard error. */
  readonly json: boolean;
}

export const HELP = `npm start -- [options]

  (none)             set up, start the coordinator, run or show the demonstration, stay up
  --no-demo          start an empty coordinator for real use
  --again            run the demonstration jobs anew
  --exit-when-done   end when the demonstration is verified: code 0 if its answers match, else 1
  --json             print one JSON line last, on standard output

PORT, HOST, TRINE_DATA_DIR, DATABASE_URL and the rest are described in README.md.
`;

const KNOWN = ['--again', '--no-demo', '--exit-when-done', '--json'] as const;

/** The options, or a sentence about the first that is not one. */
export function parseOptions(args: readonly string[]): StartOptions | string {
  const unknown = args.find((arg) => !KNOWN.some((known) => known === arg));
  if (unknown !== undefined) return `npm start has no option "${unknown}".\n\n${HELP}`;
  const has = (option: (typeof KNOWN)[number]) => args.includes(option);
  if (has('--no-demo') && (has('--again') || has('--exit-when-done'))) {
    return '--no-demo starts no demonstration, so neither --again nor --exit-when-done can go with it.';
  }
  return {
    again: has('--again'),
    noDemo: has('--no-demo'),
    exitWhenDone: has('--exit-when-done'),
    json: has('--json'),
  };
}
