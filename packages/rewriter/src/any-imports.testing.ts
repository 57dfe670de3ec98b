// For measurements: prepares programs that were made for other hosts, and says what of the prepared bytes is
// whose.

import { assemble } from './assemble.ts';
import { MEMORY_PAGES_DEFAULT } from './limits.ts';
import { parseModule } from './parse-module.ts';
import type { Pass } from './passes/pass.ts';

/** Prepares a module whatever functions it imports and exports, or throws a `Refusal`. */
export function prepareAnyImports(passes: readonly Pass[], bytes: Uint8Array): Uint8Array {
  const module = parseModule(bytes);
  const maxPages = Math.min(module.memory?.max ?? MEMORY_PAGES_DEFAULT, MEMORY_PAGES_DEFAULT);
  return assemble(module, { passes, maxPages, isStep: false }).bytes;
}

/** Bytes that each kind of edit adds to a module's code, under the pass's name and the kind's number. */
export function bytesByEdit(passes: readonly Pass[], bytes: Uint8Array): ReadonlyMap<string, number> {
  const added = new Map<string, number>();
  const counted = passes.map(
    (pass): Pass => ({
      ...pass,
      plan(input, edits) {
        const write = pass.plan(input, edits);
        return (kind, value, out) => {
          const before = out.length;
          write(kind, value, out);
          const key = `${pass.name} ${kind}`;
          added.set(key, (added.get(key) ?? 0) + out.length - before);
        };
      },
    }),
  );
  prepareAnyImports(counted, bytes);
  return added;
}
