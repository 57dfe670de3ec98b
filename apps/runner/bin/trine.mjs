#!/usr/bin/env node
// Runs the built command, or says how to build it.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const built = new URL('../dist/trine.mjs', import.meta.url);
if (existsSync(fileURLToPath(built))) {
  await import(built.href);
} else {
  console.error('The trine command is not built yet. Run `npm run build` in the clone, then try again.');
  process.exitCode = 1;
}
