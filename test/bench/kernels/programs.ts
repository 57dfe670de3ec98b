// How the bench calls what it measures: kernels that export `(n) → number`, and real programs from npm packages,
// each with the few lines of glue that its exports need. Runs in any engine.

import { encodeWasiInput } from '@trine/protocol';
import { runGuest } from '@trine/sandbox';

/** `export`: a function of the module by the kernel's name. The others are real programs. */
export type Program = 'export' | 'schema' | 'image' | 'python';

/** Does work in proportion to `n` and answers a checksum. */
export type Kernel = (n: number) => number;

export interface OpenedKernel {
  readonly kernel: Kernel;
  readonly refuel: () => void;
  readonly fuelUsed: () => bigint;
}

/** What to call in a module. */
export interface KernelCall {
  readonly name: string;
  readonly program: Program;
}

const FUEL = 2n ** 62n;

type Callable = (...values: readonly number[]) => unknown;

/** Instantiates a module, prepared or not, for one kernel. */
export function openKernel({ name, program }: KernelCall, module: WebAssembly.Module): OpenedKernel {
  if (program === 'python') return openPython(module);
  const { exports } = new WebAssembly.Instance(module, stubsFor(module));
  const fuel = exports['trine:fuel'];
  const refuel = () => {
    if (fuel instanceof WebAssembly.Global) fuel.value = FUEL;
  };
  refuel();
  return {
    kernel: openProgram(program, name, exports),
    refuel,
    fuelUsed: () => (fuel instanceof WebAssembly.Global ? FUEL - (fuel.value as bigint) : 0n),
  };
}

// None of the imports is called for anything that matters: messages of errors, timers, progress.
function stubsFor(module: WebAssembly.Module): WebAssembly.Imports {
  const imports: Record<string, Record<string, () => number>> = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    const functions = imports[from] ?? {};
    functions[name] = () => 0;
    imports[from] = functions;
  }
  return imports;
}

function openProgram(
  program: Exclude<Program, 'python'>,
  name: string,
  exports: WebAssembly.Exports,
): Kernel {
  if (program === 'schema') return openSchemaFormatter(exports);
  return program === 'image' ? openImageEncoder(exports) : (functionOf(exports, name) as Kernel);
}

function functionOf(exports: WebAssembly.Exports, name: string): Callable {
  const found = exports[name];
  if (typeof found !== 'function') throw new Error(`There is no function "${name}".`);
  return found as Callable;
}

function memoryOf(exports: WebAssembly.Exports, name: string): WebAssembly.Memory {
  const found = exports[name];
  if (!(found instanceof WebAssembly.Memory)) throw new Error(`There is no memory "${name}".`);
  return found;
}

const SCHEMA_MODELS = 12;
const FORMAT_PARAMS =
  '{"textDocument":{"uri":"file:/schema.prisma"},"options":{"tabSize":2,"insertSpaces":true}}';

// Prisma's schema formatter, written in Rust: parses a schema and lays it out anew.
function openSchemaFormatter(exports: WebAssembly.Exports): Kernel {
  const memory = memoryOf(exports, 'memory');
  const allocate = functionOf(exports, '__wbindgen_malloc');
  const free = functionOf(exports, '__wbindgen_free');
  const format = functionOf(exports, 'format');
  const schema = new TextEncoder().encode(JSON.stringify([['schema.prisma', schemaText()]]));
  const params = new TextEncoder().encode(FORMAT_PARAMS);
  const place = (bytes: Uint8Array): number => {
    const at = Number(allocate(bytes.length, 1));
    new Uint8Array(memory.buffer).set(bytes, at);
    return at;
  };
  return (n) => {
    let sum = 0;
    for (let round = 0; round < n; round++) {
      const [at = 0, length = 0] = format(
        place(schema),
        schema.length,
        place(params),
        params.length,
      ) as readonly number[];
      sum = checksum(new Uint8Array(memory.buffer, at, length), sum);
      free(at, length, 1);
    }
    return sum;
  };
}

function schemaText(): string {
  const models = Array.from(
    { length: SCHEMA_MODELS },
    (_, at) =>
      `model Thing${at} {\n id Int @id @default(autoincrement())\n name String?   @map("n_${at}")\n` +
      ` price Decimal @default(0)\n at DateTime    @default(now())\n next Thing${at}[] @relation("r${at}")\n` +
      ` previous Thing${at}? @relation("r${at}", fields: [previousId], references: [id])\n previousId Int?\n` +
      ' @@index([name, at])\n}\n',
  );
  return `datasource db { provider = "postgresql" }\n${models.join('\n')}`;
}

// Objects, dictionaries, integers of any size, floats and text: what scripts do.
const PYTHON_SCRIPT = `
import math, sys
def primes(n):
    return [i for i in range(2, n) if all(i % j for j in range(2, math.isqrt(i) + 1))]
class Point:
    def __init__(self, x, y): self.x, self.y = x, y
    def far(self): return math.hypot(self.x, self.y)
words = {}
for at in range(3000):
    words.setdefault('w%d' % (at * 7919 % 251), []).append(at)
points = sorted((Point(at * 37 % 101, at * 53 % 97) for at in range(800)), key=Point.far)
print(len(primes(2500)), sum(map(len, words.values())), points[400].far(), 3 ** 2000 % 1000003, sys.argv[1])
`;
const PYTHON_LIMITS = { fuel: 2n ** 60n, memoryBytes: 268_435_456, outputBytes: 65_536 };

// CPython, written in C, through the sandbox: each run starts the interpreter anew.
function openPython(module: WebAssembly.Module): OpenedKernel {
  const hooks = { now: () => 0, onProgress: () => undefined, onLog: () => undefined };
  let used = 0n;
  return {
    kernel(n) {
      let sum = 0;
      for (let round = 0; round < n; round++) {
        const input = encodeWasiInput({ args: ['python', '-c', PYTHON_SCRIPT, String(round)] });
        const end = runGuest({ module, abi: 'wasi-1', input, limits: PYTHON_LIMITS }, hooks);
        if (end.outcome !== 'completed') throw new Error(`Python: ${end.reason}`);
        used = end.fuel;
        for (const byte of end.output) sum = (Math.imul(sum, 31) + byte) | 0;
      }
      return sum;
    },
    refuel: () => undefined,
    fuelUsed: () => used,
  };
}

const IMAGE_SIZE = 64;
const IMAGE_QUALITY = 75;

// libwebp, written in C: encodes a small picture. Its exports have one letter each.
function openImageEncoder(exports: WebAssembly.Exports): Kernel {
  const memory = memoryOf(exports, 'f');
  const initialise = functionOf(exports, 'g');
  const encode = functionOf(exports, 'h');
  const release = functionOf(exports, 'j');
  const allocate = functionOf(exports, 'k');
  initialise();
  const pixels = Number(allocate(IMAGE_SIZE * IMAGE_SIZE * 4));
  const sizeAt = Number(allocate(4));
  new Uint8Array(memory.buffer).set(picture(), pixels);
  return (n) => {
    let sum = 0;
    for (let round = 0; round < n; round++) {
      const at = Number(encode(pixels, IMAGE_SIZE, IMAGE_SIZE, IMAGE_QUALITY, 0, sizeAt));
      const size = new DataView(memory.buffer).getUint32(sizeAt, true);
      sum = checksum(new Uint8Array(memory.buffer, at, size), sum);
      release(at);
    }
    return sum;
  };
}

function picture(): Uint8Array {
  return Uint8Array.from({ length: IMAGE_SIZE * IMAGE_SIZE * 4 }, (_, at) => {
    const x = (at >> 2) % IMAGE_SIZE;
    const y = Math.floor(at / 4 / IMAGE_SIZE);
    return (at & 3) === 3 ? 255 : (x * 3 + y * (1 + (at & 3)) + ((x * y) & 31)) & 255;
  });
}

// Of every few bytes only, so that it costs nothing beside the program.
function checksum(bytes: Uint8Array, seed: number): number {
  let sum = (seed + bytes.length) | 0;
  for (let at = 0; at < bytes.length; at += 64) sum = (Math.imul(sum, 31) + (bytes[at] ?? 0)) | 0;
  return sum;
}
