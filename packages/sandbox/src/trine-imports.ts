// What a `trine-1` guest may call: words for people, which cannot change how a run ends.
import type { GuestHooks } from './guest-driver.ts';
import { LOG_LINE_BYTES_MAX, LOG_LINES_MAX, PROGRESS_INTERVAL_MS } from './limits.ts';

/** The host imports; `memory` answers the guest's once it is opened. */
export function trineImports(
  memory: () => WebAssembly.Memory | undefined,
  hooks: GuestHooks,
): WebAssembly.Imports {
  let progressAt = Number.NEGATIVE_INFINITY;
  let lines = 0;
  return {
    trine: {
      progress: (done: number, total: number): void => {
        const now = hooks.now();
        if (now - progressAt < PROGRESS_INTERVAL_MS) return;
        progressAt = now;
        hooks.onProgress(done, total);
      },
      // A range outside the memory is dropped: logging must not be able to change how a run ends.
      log: (pointer: number, length: number): void => {
        const buffer = memory()?.buffer;
        if (lines >= LOG_LINES_MAX || buffer === undefined) return;
        const start = pointer >>> 0;
        const size = length >>> 0;
        if (start + size > buffer.byteLength) return;
        lines += 1;
        const cut = Math.min(size, LOG_LINE_BYTES_MAX);
        hooks.onLog(new TextDecoder().decode(new Uint8Array(buffer, start, cut)));
      },
    },
  };
}
