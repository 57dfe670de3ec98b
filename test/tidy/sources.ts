/** Our own source files, for checks that read them. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const rootDir = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const FOLDERS = ['packages', 'apps', 'test', 'wasm'];
const MADE = new Set([
  'node_modules',
  'dist',
  '.next',
  'generated',
  'build',
  'assembly',
  '.turbo',
  'public',
  'output',
]);

export interface SourceFile {
  /** Relative to the root. */
  readonly path: string;
  readonly text: string;
}

/** Every file below the workspaces whose name matches, generated ones left out. */
export const sourceFiles = (name: RegExp): readonly SourceFile[] =>
  FOLDERS.flatMap((folder) => [...walk(join(rootDir, folder), name)]);

function* walk(dir: string, name: RegExp): Generator<SourceFile> {
  for (const entry of readdirSync(dir)) {
    if (MADE.has(entry)) continue;
    const path = join(dir, entry);
    if (statSync(path).isDirectory()) yield* walk(path, name);
    else if (name.test(entry)) yield { path: relative(rootDir, path), text: readFileSync(path, 'utf8') };
  }
}
