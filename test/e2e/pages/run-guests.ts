/** Bundled into a test page: runs prepared guests in the sandbox's own browser threads. */
import './contained.ts';
import type { Abi } from '@trine/protocol';
import { createBrowserThreads } from '@trine/sandbox/browser';
import type { GuestThread, RunRequest, RunResult, TaskIdentity } from '@trine/sandbox';
import { runModule } from '../../fuzz/run-module.ts';

/** What crosses from the test into the page: JSON. */
export interface PageRun {
  /** Base64, or the path that it is served under. */
  readonly module: string;
  /** Default `trine-1`. */
  readonly abi?: Abi;
  readonly input: string;
  readonly fuel: string;
  readonly memoryBytes: number;
  readonly outputBytes: number;
  readonly wallMs: number;
}

export interface PageResult {
  readonly outcome: string;
  /** Base64. */
  readonly output: string;
  readonly fuel: string;
  readonly reason: string;
}

/** A part of a run of a step guest. */
export interface PagePart extends PageRun {
  readonly task: TaskIdentity;
  /** Base64. */
  readonly resume?: string;
  readonly pauseAfterSteps?: number;
}

export type PagePartResult =
  | { readonly type: 'ended'; readonly result: PageResult }
  | { readonly type: 'paused'; readonly checkpoint: string; readonly root: string; readonly fuel: string };

declare global {
  interface Window {
    runGuests: (runs: readonly PageRun[]) => Promise<readonly PageResult[]>;
    runPart: (part: PagePart) => Promise<PagePartResult>;
    /** Outcome, fuel and a digest over answer, whole memory and host calls, one line a module. */
    runModules: (modules: readonly string[], fuel: string) => readonly string[];
  }
}

const fromBase64 = (text: string) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
const toBase64 = (bytes: Uint8Array) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));

const compile = async (module: string): Promise<WebAssembly.Module> =>
  module.startsWith('/')
    ? WebAssembly.compileStreaming(fetch(module))
    : WebAssembly.compile(fromBase64(module));

const url = document.documentElement.dataset['guest'] ?? '';
const thread: GuestThread = createBrowserThreads({ url })();

const requestOf = async (run: PageRun): Promise<RunRequest> => ({
  module: await compile(run.module),
  abi: run.abi ?? 'trine-1',
  input: fromBase64(run.input),
  limits: { fuel: BigInt(run.fuel), memoryBytes: run.memoryBytes, outputBytes: run.outputBytes },
});

const pageResult = (result: RunResult): PageResult => ({
  outcome: result.outcome,
  output: toBase64(result.output),
  fuel: result.fuel.toString(),
  reason: result.reason,
});

window.runGuests = async (runs) => {
  const results: PageResult[] = [];
  for (const run of runs) {
    results.push(pageResult(await thread.run(await requestOf(run), { wallMs: run.wallMs })));
  }
  return results;
};

window.runPart = async (part) => {
  const { task, resume, pauseAfterSteps, wallMs } = part;
  const request = { ...(await requestOf(part)), task };
  const answer = await thread.runPart(
    resume === undefined ? request : { ...request, resume: fromBase64(resume) },
    pauseAfterSteps === undefined ? { wallMs } : { wallMs, pauseAfterSteps },
  );
  if (answer.type === 'ended') return { type: 'ended', result: pageResult(answer.result) };
  const { bytes, root, fuel } = answer.checkpoint;
  return { type: 'paused', checkpoint: toBase64(bytes), root, fuel: fuel.toString() };
};

window.runModules = (modules, fuel) =>
  modules.map((module) => {
    const run = runModule(fromBase64(module), BigInt(fuel));
    return `${run.outcome} ${run.fuel} ${run.digestHex}`;
  });
