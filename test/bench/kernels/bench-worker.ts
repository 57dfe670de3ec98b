// Measures in a Web Worker, over modules that it is given once: a page's own thread may not compile large ones.

import { measureFirstRuns, measureKernel } from './measure.ts';
import type { BenchQuestion } from './page.ts';

const bytesOf = new Map<string, Uint8Array<ArrayBuffer>>();
const modules = new Map<string, WebAssembly.Module>();

addEventListener('message', ({ data }: MessageEvent<BenchQuestion>) => {
  answer(data).then(
    (times) => postMessage({ times }),
    (error: unknown) => postMessage({ error: String(error) }),
  );
});

async function answer(question: BenchQuestion): Promise<readonly number[]> {
  if (question.type === 'module') {
    bytesOf.set(
      question.key,
      Uint8Array.from(atob(question.base64), (letter) => letter.charCodeAt(0)),
    );
    return [];
  }
  if (question.type === 'kernel') {
    return measureKernel(question.call, await Promise.all(question.keys.map(moduleOf)));
  }
  return measureFirstRuns(
    question.calls,
    question.keys.map((key) => bytesOf.get(key) ?? new Uint8Array()),
  );
}

async function moduleOf(key: string): Promise<WebAssembly.Module> {
  const module = modules.get(key) ?? (await WebAssembly.compile(bytesOf.get(key) ?? new Uint8Array()));
  modules.set(key, module);
  return module;
}
