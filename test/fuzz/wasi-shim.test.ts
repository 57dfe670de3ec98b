/**
 * WASI commands under our host and under one that others wrote: the same streams and exit code for whatever arguments,
 * variables, input and files they are given. The other takes time and chance from the machine, so these are left out.
 */
import { readFile } from 'node:fs/promises';
import {
  ConsoleStdout,
  Directory,
  File,
  type Inode,
  OpenFile,
  PreopenDirectory,
  WASI,
} from '@bjorn3/browser_wasi_shim';
import { encodeWasiInput, parseWasiOutput, type WasiInput } from '@trine/protocol';
import { prepare } from '@trine/rewriter';
import { runGuest } from '@trine/sandbox';
import {
  array,
  assert,
  constantFrom,
  dictionary,
  property,
  record,
  string,
  stringMatching,
  uint8Array,
} from 'fast-check';
import { expect, test } from 'vitest';
import { WASI_PROGRAMS } from '../support/wasi-programs.ts';

const LIMITS = { fuel: 100_000_000_000n, memoryBytes: 268_435_456, outputBytes: 1_048_576 };
const HOOKS = { now: () => 0, onProgress: () => undefined, onLog: () => undefined };

interface Left {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

class Program {
  readonly #original: WebAssembly.Module;
  readonly #prepared: WebAssembly.Module;

  constructor(bytes: Uint8Array) {
    const prepared = prepare(bytes);
    if (prepared.type === 'refused') throw new Error(prepared.message);
    this.#original = new WebAssembly.Module(Uint8Array.from(bytes));
    this.#prepared = new WebAssembly.Module(Uint8Array.from(prepared.bytes));
  }

  here(input: WasiInput): Left {
    const run = {
      module: this.#prepared,
      abi: 'wasi-1',
      input: encodeWasiInput(input),
      limits: LIMITS,
    } as const;
    const end = runGuest(run, HOOKS);
    const output = end.outcome === 'completed' ? parseWasiOutput(end.output) : undefined;
    if (output === undefined) throw new Error(`${end.outcome}: ${end.reason}`);
    return { exitCode: output.exitCode, stdout: latin(output.stdout), stderr: latin(output.stderr) };
  }

  underShim({ args = ['guest'], env = {}, stdin = new Uint8Array(0), files = {} }: WasiInput): Left {
    const streams = { stdout: '', stderr: '' };
    const wasi = new WASI(
      [...args],
      Object.entries(env).map(([name, value]) => `${name}=${value}`),
      [
        new OpenFile(new File(stdin)),
        new ConsoleStdout((bytes) => (streams.stdout += latin(bytes))),
        new ConsoleStdout((bytes) => (streams.stderr += latin(bytes))),
        new PreopenDirectory('/', folderOf(files)),
      ],
    );
    const instance = new WebAssembly.Instance(this.#original, { wasi_snapshot_preview1: wasi.wasiImport });
    const exitCode = wasi.start(instance as Parameters<WASI['start']>[0]);
    return { exitCode, ...streams };
  }
}

const latin = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

function folderOf(files: Readonly<Record<string, Uint8Array>>): Map<string, Inode> {
  const root = new Map<string, Inode>();
  for (const [path, content] of Object.entries(files)) {
    const names = path.split('/');
    let folder = root;
    for (const name of names.slice(0, -1)) {
      const known = folder.get(name);
      const next = known instanceof Directory ? known : new Directory(new Map());
      folder.set(name, next);
      folder = next.contents;
    }
    folder.set(names.at(-1) ?? '', new File(content));
  }
  return root;
}

const load = async (path: string): Promise<Program> => new Program(await readFile(path));

/** ASCII, because the shim tells a guest the length of other texts in UTF-16 units. */
const word = string({ unit: 'grapheme-ascii', maxLength: 12 });
const name = stringMatching(/^[a-zA-Z0-9_ü-]{1,8}$/);
const prose = array(constantFrom('one', 'two', 'TWO', 'three', ' ', '\n', '\t', 'ü'), { maxLength: 200 }).map(
  (parts) => new TextEncoder().encode(parts.join('')),
);
/** Files on two levels; a name stands for a file or for a folder, never both. */
const tree = (content: typeof prose) =>
  record({
    top: dictionary(name, content, { maxKeys: 4 }),
    texts: dictionary(name, content, { maxKeys: 4 }),
  }).map(({ top, texts }) => ({
    ...Object.fromEntries(Object.entries(top).map(([key, value]) => [`f${key}`, value])),
    ...Object.fromEntries(Object.entries(texts).map(([key, value]) => [`texts/${key}`, value])),
  }));

test('a command in C', async () => {
  const tour = await load(WASI_PROGRAMS.tour);
  const inputs = record({
    args: array(word, { maxLength: 5 }).map((words) => ['tour', 'tour', ...words]),
    env: dictionary(constantFrom('COLOUR', 'OTHER', 'PATH'), word),
    stdin: uint8Array({ maxLength: 2_000 }).map((bytes) => bytes.map((byte) => byte || 10)),
    files: tree(prose),
  });
  assert(
    property(inputs, (input) => {
      expect(tour.here(input)).toEqual(tour.underShim(input));
    }),
    { numRuns: 100 },
  );
});

test('a command in Rust', async () => {
  const words = await load(WASI_PROGRAMS.words);
  assert(
    property(record({ stdin: prose, files: tree(prose) }), (input) => {
      expect(words.here(input)).toEqual(words.underShim(input));
    }),
    { numRuns: 100 },
  );
});

const SCRIPT = `
import base64, bisect, collections, csv, decimal, fractions, heapq, io, itertools, json, math, os, re, string, sys, textwrap, zlib
print(sys.argv, os.environ.get('COLOUR'), sorted(os.listdir('/')))
data = sys.stdin.buffer.read()
print(len(data), zlib.crc32(data), zlib.decompress(zlib.compress(data)) == data)
for folder, folders, files in sorted(os.walk('/data')):
    print(folder, sorted(folders), [(f, os.path.getsize(os.path.join(folder, f))) for f in sorted(files)])
print(json.dumps({k: v for k, v in zip('abc', itertools.accumulate([1.5, 2, 1e300]))}))
print(decimal.Decimal(1) / 7, fractions.Fraction(3, 9), math.gamma(5.5), 2 ** 200, -7 // 2, 0.1 + 0.2)
print(list(csv.reader(io.StringIO('a,"b,c",d')))[0], re.split(r'[,;]\\s*', 'x, y;z'))
print(textwrap.fill('the quick brown fox jumps over the lazy dog', 20))
with open('/data/deep/numbers') as f: print(sum(map(int, f)), heapq.nlargest(2, [3, 1, 4, 1, 5]))
try: open('/data/none')
except OSError as e: print(type(e).__name__)
class Deep:
    def __getattr__(self, name): return name * 2
print(Deep().ab, [f'{n:>5.1f}' for n in (1, 22.25)], bytes(range(5)).hex())
sys.stderr.write('done\\n'); sys.exit(4)
`;

test('Python, as others built it', async () => {
  const python = await load(WASI_PROGRAMS.python);
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
  const input: WasiInput = {
    args: ['python', '-X', 'utf8', '/main.py', 'x', 'y'],
    env: { COLOUR: 'red', PYTHONHASHSEED: '0', PYTHONDONTWRITEBYTECODE: '1' },
    stdin: encode('some input\n'.repeat(100)),
    files: { 'main.py': encode(SCRIPT), 'data/deep/numbers': encode('1\n22\n333\n'), 'data/b': encode('') },
  };
  const left = python.here(input);
  expect(left).toEqual(python.underShim(input));
  expect(left).toMatchObject({ exitCode: 4, stderr: 'done\n' });
  expect(left.stdout).toContain('356 [5, 4]');
});
