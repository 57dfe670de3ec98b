/** What the donate page knows of the agent before it runs. */

/** What this browser remembers of its person's choices. */
export interface Preferences {
  readonly consentedAtMs: number | undefined;
  readonly threads: number;
}

/** Figures of earlier visits, shown before the agent runs. */
export interface KeptCounters {
  readonly valid: number;
  readonly credit: string;
}

/** Where the prebuilt thread programs are served. */
export interface WorkerUrls {
  readonly agent: string;
  readonly guest: string;
}
