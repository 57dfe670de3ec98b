/**
 * Unmodified WASI commands in Node and in Chromium: C by Debian's clang, Rust by Debian's rustc, and two programs that others
 * made, a whole Python (26 MB) and the hardware synthesiser Yosys (31 MB). The same digest and fuel in both, clocks,
 * chance and folders included.
 */
import { readFile } from 'node:fs/promises';
import { encodeWasiInput, parseWasiOutput, type WasiInput } from '@trine/protocol';
import { prepare } from '@trine/rewriter';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { base64, type GuestPage, startGuestPage } from '../support/guest-page.ts';
import { WASI_PROGRAMS } from '../support/wasi-programs.ts';
import type { PageResult, PageRun } from './pages/run-guests.ts';

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);

let guests: GuestPage;

async function prepared(path: string): Promise<Uint8Array> {
  const answer = prepare(await readFile(path));
  if (answer.type === 'refused') throw new Error(`${path}: ${answer.message}`);
  expect(answer.report.abi).toBe('wasi-1');
  return answer.bytes;
}

beforeAll(async () => {
  guests = await startGuestPage({
    '/tour.wasm': await prepared(WASI_PROGRAMS.tour),
    '/words.wasm': await prepared(WASI_PROGRAMS.words),
    '/python.wasm': await prepared(WASI_PROGRAMS.python),
    '/yosys.wasm': await prepared(WASI_PROGRAMS.yosys),
  });
});

afterAll(() => guests?.close());

const FILES = { 'texts/one.txt': bytes('One two THREE'), 'texts/deep/er': bytes('x') };

const pageRun = (module: string, input: WasiInput, limits: Partial<PageRun> = {}): PageRun => ({
  module: `/${module}.wasm`,
  abi: 'wasi-1',
  input: base64(encodeWasiInput(input)),
  fuel: '20000000000',
  memoryBytes: 268_435_456,
  outputBytes: 65_536,
  wallMs: 120_000,
  ...limits,
});

function printed(result: PageResult | undefined): string {
  const output = parseWasiOutput(Uint8Array.from(Buffer.from(result?.output ?? '', 'base64')));
  if (output === undefined) throw new Error(`${result?.outcome}: ${result?.reason}`);
  return `${text(output.stdout)}${text(output.stderr)}exit ${output.exitCode}`;
}

test('a command in C', async () => {
  const stdin = bytes('a line\nanother\n');
  const [tour, host, ...ends] = await guests.runBoth([
    pageRun('tour', { args: ['tour', 'tour', 'ü'], env: { COLOUR: 'red' }, stdin, files: FILES }),
    pageRun('tour', { args: ['tour', 'host'], files: FILES }),
    pageRun('tour', { args: ['tour', 'fail'] }),
    pageRun('tour', { args: ['tour', 'trap'] }),
    pageRun('tour', { args: ['tour', 'spin'] }, { fuel: '30000000' }),
    pageRun('tour', { args: ['tour', 'flood'] }),
    pageRun('tour', {}, { input: base64(bytes('no input')) }),
  ]);
  expect(printed(tour)).toContain('standard input: 2 lines, 15 bytes');
  expect(printed(tour)).toContain('    er file 1\n');
  expect(printed(host)).toContain('it is 946684803, and 3 s later');
  expect(printed(ends[0])).toContain('exit 3');
  expect(ends.map(({ outcome }) => outcome)).toEqual([
    'completed',
    'trapped',
    'out-of-fuel',
    'trapped',
    'trapped',
  ]);
});

test('a command in Rust', async () => {
  const [words, host, none] = await guests.runBoth([
    pageRun('words', { stdin: bytes('two Two'), files: { 'texts/one.txt': bytes('One two') } }),
    pageRun('words', { args: ['words', 'host'], stdin: bytes('x') }),
    pageRun('words', {}),
  ]);
  expect(printed(words)).toBe('/texts/one.txt: 7 bytes\n1 one\n3 two\nexit 0');
  expect(printed(host)).toContain('slept 1500 ms\n946684801 s\n');
  expect(printed(none)).toBe('no words\nexit 2');
});

const PROGRAM = `
import collections, decimal, hashlib, json, os, random, re, sys, time
print(sys.version_info[:3], sys.argv, os.environ['TRINE_TASK_INDEX'], sorted(os.listdir('/data')))
print(collections.Counter(open('/data/words.txt').read().split()).most_common(2))
print(hashlib.sha256(b'abc').hexdigest())
print(decimal.Decimal(2).sqrt(), json.dumps({'a': [1, 2.5, None]}), re.findall(r'\\d+', 'a1b22'))
print(random.random(), hash('text'), {'x', 'y', 'z'}, id(object()), time.time(), time.perf_counter())
begun = time.monotonic(); time.sleep(3600); print(round(time.monotonic() - begun))
print(sys.stdin.read().upper(), sum(n * n for n in range(20000)))
sys.exit(7)
`;

test('Python, as others built it', async () => {
  const [program, wrong] = await guests.runBoth([
    pageRun('python', {
      args: ['python', '/main.py', 'x'],
      env: { TRINE_TASK_INDEX: '12' },
      stdin: bytes('hello'),
      files: { 'main.py': bytes(PROGRAM), 'data/words.txt': bytes('b a b') },
    }),
    pageRun('python', { args: ['python', '-c', 'open("/new", "w")'] }),
  ]);
  const lines = printed(program).split('\n');
  expect(lines[0]).toBe("(3, 12, 0) ['/main.py', 'x'] 12 ['words.txt']");
  expect(lines[1]).toBe("[('b', 2), ('a', 1)]");
  expect(lines[2]).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  expect(lines[3]).toBe("1.414213562373095048801688724 {\"a\": [1, 2.5, null]} ['1', '22']");
  expect(lines.slice(5)).toEqual(['3600', 'HELLO 2666466670000', 'exit 7']);
  expect(printed(wrong)).toContain("Read-only file system: '/new'\nexit 1");
});

const ADDER = 'module add(input [3:0] a, b, output [4:0] s); assign s = a + b; endmodule';

test('Yosys, as others built it', async () => {
  const [synthesised, wrong] = await guests.runBoth([
    pageRun('yosys', {
      args: ['yosys', '-q', '-p', 'read_verilog add.v; proc; opt; alumacc; opt; write_verilog -noattr'],
      files: { 'add.v': bytes(ADDER) },
    }),
    pageRun('yosys', { args: ['yosys', '-q', 'none.v'] }),
  ]);
  expect(printed(synthesised)).toMatch(
    /module add\(a, b, s\);[^]*\$alu {2}#\([^]*\.Y_WIDTH\(32'd5\)[^]*exit 0$/,
  );
  expect(printed(wrong)).toContain('exit 1');
});
