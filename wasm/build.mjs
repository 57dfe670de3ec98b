// Compiles every AssemblyScript guest to guests/<name>/build/<name>.wasm, from npm packages alone.
import { existsSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createMemoryStream, main as compile } from 'assemblyscript/asc';

const GUESTS = fileURLToPath(new URL('./guests', import.meta.url));

/** No runtime, no abort import and no assertions: a module that imports only what it declares. Vectors where asked for. */
const FLAGS = ['--runtime', 'stub', '--use', 'abort=', '--noAssert', '-O3', '--enable', 'simd'];

/** Builds one guest and returns the path of its module. Throws with the compiler's words when it fails. */
export async function buildGuest(name) {
  const folder = join(GUESTS, name);
  await mkdir(join(folder, 'build'), { recursive: true });
  const stderr = createMemoryStream();
  const { error } = await compile(
    ['assembly/index.ts', '-o', `build/${name}.wasm`, '--baseDir', folder, ...FLAGS],
    { stderr },
  );
  if (error) throw new Error(`Guest ${name} did not compile.\n${stderr.toString()}`, { cause: error });
  return join(folder, 'build', `${name}.wasm`);
}

/** Builds every guest in the folder that is written in AssemblyScript, in name order. The others' modules are committed. */
export async function buildGuests() {
  const names = (await readdir(GUESTS)).filter((name) => existsSync(join(GUESTS, name, 'assembly')));
  const paths = [];
  for (const name of names.toSorted()) paths.push(await buildGuest(name));
  return paths;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const path of await buildGuests()) console.log(path);
}
