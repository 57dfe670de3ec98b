// The page's side of the metering bench: hands questions to its worker, one after the other.

import type { KernelCall } from './programs.ts';

export type BenchQuestion =
  | { readonly type: 'module'; readonly key: string; readonly base64: string }
  | { readonly type: 'kernel'; readonly call: KernelCall; readonly keys: readonly string[] }
  | { readonly type: 'first-runs'; readonly calls: readonly KernelCall[]; readonly keys: readonly string[] };

declare global {
  interface Window {
    startBenchWorker: (source: string) => void;
    askBench: (question: BenchQuestion) => Promise<readonly number[]>;
  }
}

type Answer = { readonly times: readonly number[] } | { readonly error: string };

window.startBenchWorker = (source) => {
  const worker = new Worker(URL.createObjectURL(new Blob([source], { type: 'text/javascript' })));
  window.askBench = (question) =>
    new Promise((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<Answer>) =>
        'error' in data ? reject(new Error(data.error)) : resolve(data.times);
      worker.onerror = (event) => reject(new Error(event.message));
      worker.postMessage(question);
    });
};
