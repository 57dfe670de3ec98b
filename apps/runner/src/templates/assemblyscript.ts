/** A guest in AssemblyScript: built from npm packages alone. */
import { sharedFiles, type Template } from './template.ts';

/** The compiler that the template was tried with. */
export const ASSEMBLYSCRIPT_VERSION = '0.28.20';

export function assemblyscriptTemplate(name: string): Template {
  const how = { build: ['npm install', 'npm run build'], needs: '' };
  return {
    ...how,
    programs: [],
    files: {
      'guest.ts': SOURCE,
      'tsconfig.json': `${JSON.stringify({ extends: 'assemblyscript/std/assembly.json', include: ['*.ts'] }, null, 2)}\n`,
      'package.json': `${JSON.stringify(packageJson(name), null, 2)}\n`,
      ...sharedFiles(name, 'guest.ts', how),
    },
  };
}

const packageJson = (name: string) => ({
  name,
  private: true,
  scripts: {
    build: `asc guest.ts -o ${name}.wasm --runtime stub --use abort= --noAssert -O3 --debug`,
  },
  devDependencies: { assemblyscript: ASSEMBLYSCRIPT_VERSION },
});

const SOURCE = `// The largest odd number whose next step still fits 64 bits.
const ODD_MAX: u64 = (u64.MAX_VALUE - 1) / 3;

/** Where the node puts the input. 0 would trap. */
export function alloc(size: i32): i32 {
  return heap.alloc(size) as i32;
}

/** Answers where the output is (high 32 bits) and how long it is (low 32 bits). */
export function run(pointer: i32, length: i32): i64 {
  if (length != 8) unreachable();
  const output = heap.alloc(8) as i32;
  store<u64>(output, steps(load<u64>(pointer)));
  return ((output as i64) << 32) | 8;
}

function steps(start: u64): u64 {
  let value = start;
  let count: u64 = 0;
  while (value > 1) {
    if ((value & 1) == 0) {
      value >>= 1;
    } else {
      // A trap is an answer too: three nodes agree on it like on any other.
      if (value > ODD_MAX) unreachable();
      value = value * 3 + 1;
    }
    count++;
  }
  return count;
}
`;
