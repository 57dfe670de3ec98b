/** One word, one thing: exported names use the glossary's words, never the ones it replaced. */
import { expect, test } from 'vitest';
import { sourceFiles } from './sources.ts';

/** Word → what it is called here. Platform names (`Worker`, `WebSocket`) are the platform's own. */
const REPLACED: ReadonlyMap<RegExp, string> = new Map([
  [/^Node$/, "NodeId or NodeProfile (Node is the DOM's)"],
  [/Donor|Donator/, 'volunteer'],
  [/(^|[a-z])Admin([A-Z]|$)/, 'operator'],
  [/WorkUnit|Slice$/, 'task'],
  [/Daemon/, 'agent'],
  [/Consensus/, 'quorum'],
  [/(^|[a-z])Gas([A-Z]|$)/, 'fuel'],
  [/Winner/, 'canonical result'],
  [/Plugin/, 'guest'],
  [/(^|[a-z])Cid([A-Z]|$)/, 'digest'],
  [/Region/, 'zone'],
  [/Instrumented/, 'prepared module'],
]);

const EXPORTED =
  /^export (?:declare )?(?:abstract )?(?:async )?(?:class|interface|type|const|function\*?|let) (\w+)/gm;

test('exported names use the words of the glossary', () => {
  const wrong: string[] = [];
  for (const { path, text } of sourceFiles(/\.tsx?$/)) {
    for (const [, name = ''] of text.matchAll(EXPORTED)) {
      for (const [word, instead] of REPLACED) {
        if (word.test(name)) wrong.push(`${path}: ${name}: say ${instead}`);
      }
    }
  }
  expect(wrong).toEqual([]);
});
