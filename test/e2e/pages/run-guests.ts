/** Bundled into a test page: runs prepared guests in the sandbox's own browser threads. */
import type { Abi } from '@trine/protocol';
import { createBrowserThreads } from '@trine/sandbox/browser';
import type { GuestThread } from '@trine/sandbox';
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

declare global {
  interface Window {
    runGuests: (runs: readonly PageRun[]) => Promise<readonly PageResult[]>;
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

window.runGuests = async (runs) => {
  const results: PageResult[] = [];
  for (const run of runs) {
    const result = await thread.run(
      {
        module: await compile(run.module),
        abi: run.abi ?? 'trine-1',
        input: fromBase64(run.input),
        limits: { fuel: BigInt(run.fuel), memoryBytes: run.memoryBytes, outputBytes: run.outputBytes },
      },
      { wallMs: run.wallMs },
    );
    results.push({
      outcome: result.outcome,
      output: toBase64(result.output),
      fuel: result.fuel.toString(),
      reason: result.reason,
    });
  }
  return results;
};

window.runModules = (modules, fuel) =>
  modules.map((module) => {
    const run = runModule(fromBase64(module), BigInt(fuel));
    return `${run.outcome} ${run.fuel} ${run.digestHex}`;
  });
