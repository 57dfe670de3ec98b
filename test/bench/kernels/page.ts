// The page's side of the metering bench: the same measurements, over modules that it is given once.

import { measureFirstRuns, measureKernel } from './measure.ts';
import type { KernelCall } from './programs.ts';

declare global {
  interface Window {
    addModule: (key: string, base64: string) => void;
    measureKernel: (call: KernelCall, keys: readonly string[]) => readonly number[];
    measureFirstRuns: (calls: readonly KernelCall[], keys: readonly string[]) => readonly number[];
  }
}

const bytesOf = new Map<string, Uint8Array<ArrayBuffer>>();
const modules = new Map<string, WebAssembly.Module>();

window.addModule = (key, base64) => {
  bytesOf.set(
    key,
    Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)),
  );
};

window.measureKernel = (call, keys) => measureKernel(call, keys.map(moduleOf));

window.measureFirstRuns = (calls, keys) =>
  measureFirstRuns(
    calls,
    keys.map((key) => bytesOf.get(key) ?? new Uint8Array()),
  );

function moduleOf(key: string): WebAssembly.Module {
  const module = modules.get(key) ?? new WebAssembly.Module(bytesOf.get(key) ?? new Uint8Array());
  modules.set(key, module);
  return module;
}
