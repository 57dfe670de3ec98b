/** A coordinator's process in little: holds the embedded Postgres of a directory until it is told to stop. */
import { startEmbeddedPostgres } from './embedded-postgres.ts';

/** What the process says on standard output, one JSON object a line. */
export interface SupervisorLine {
  readonly url: string;
  readonly pid: number;
  readonly isAdopted: boolean;
}

export async function superviseForTest(dataDir: string): Promise<void> {
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const postgres = await startEmbeddedPostgres({ dataDir, log });
  const { url, pid, isAdopted } = postgres;
  process.stdout.write(`${JSON.stringify({ url, pid, isAdopted } satisfies SupervisorLine)}\n`);
  process.stdin.resume();
}
