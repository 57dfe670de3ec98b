/** Inputs and outputs of WASI tasks: their bytes are fixed, and nothing else is taken for one. */
import { assert, constant, dictionary, property, record, string, uint8Array } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeCbor } from './codec.ts';
import { LIMITS } from './limits.ts';
import { encodeWasiInput, encodeWasiOutput, parseWasiInput, parseWasiShared } from './wasi.ts';
import { parseWasiOutput } from './wasi-output.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const index = (value: number): Uint8Array => {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true);
  return bytes;
};
const joined = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

const WHOLE = {
  args: ['count', '-w', 'ü'],
  env: { LANG: 'C', __proto__x: '1' },
  stdin: bytesOf('a b\n'),
  files: { 'data/b.txt': bytesOf('B'), 'a.txt': bytesOf('') },
};

describe('inputs', () => {
  test('have these bytes', () => {
    expect(hex(encodeWasiInput({}))).toBe('a0');
    expect(hex(encodeWasiInput(WHOLE))).toBe(
      'a4' +
        '63656e76a2644c414e476143' +
        '6a5f5f70726f746f5f5f786131' +
        '64617267738365636f756e74622d7762c3bc' +
        '6566696c6573a265612e747874406a646174612f622e7478744142' +
        '65737464696e446120620a',
    );
  });

  test('come back as they were, and so do their bytes', () => {
    expect(parseWasiInput(encodeWasiInput(WHOLE))).toEqual({
      type: 'task',
      task: {
        args: WHOLE.args,
        env: [
          ['LANG', 'C'],
          ['__proto__x', '1'],
        ],
        stdin: WHOLE.stdin,
        files: [
          ['a.txt', bytesOf('')],
          ['data/b.txt', bytesOf('B')],
        ],
      },
    });
    const nothing = { args: ['guest'], env: [], stdin: bytesOf(''), files: [] };
    for (const input of [new Uint8Array(0), encodeWasiInput({})]) {
      expect(parseWasiInput(input)).toEqual({ type: 'task', task: nothing });
    }
  });

  test('of a range job carry their number as a variable', () => {
    const env = (input: Uint8Array): unknown => {
      const parsed = parseWasiInput(input);
      return parsed.type === 'task' ? parsed.task.env : parsed;
    };
    expect(env(index(258))).toEqual([['TRINE_TASK_INDEX', '258']]);
    expect(env(joined(encodeWasiInput({}), index(2 ** 53 - 1)))).toEqual([
      ['TRINE_TASK_INDEX', '9007199254740991'],
    ]);
    const own = encodeWasiInput({ env: { TRINE_TASK_INDEX: 'x', A: 'b' } });
    expect(env(joined(own, index(7)))).toEqual([
      ['A', 'b'],
      ['TRINE_TASK_INDEX', '7'],
    ]);
    expect(parseWasiShared(own)).toMatchObject({ type: 'task' });
    expect(parseWasiShared(joined(own, index(7)))).toMatchObject({ type: 'invalid' });
  });

  test('of a range job without shared bytes are numbers, whatever item they begin like', () => {
    for (let number = 0; number < 1_024; number += 1) {
      const variable = ['TRINE_TASK_INDEX', String(number)];
      expect(parseWasiInput(index(number))).toMatchObject({ type: 'task', task: { env: [variable] } });
    }
  });

  test.each([{ stdin: new Uint8Array(0) }, { args: [''] }])('of eight bytes are no numbers: %j', (input) => {
    const bytes = encodeWasiInput(input);
    expect(bytes).toHaveLength(8);
    expect(parseWasiInput(bytes)).toMatchObject({ type: 'task', task: { env: [], ...input } });
  });

  test.each<[string, Uint8Array]>([
    ['eight bytes that are no task’s number', bytesOf('no input')],
    ['no CBOR', bytesOf('hello world')],
    ['a number', Uint8Array.of(7)],
    ['another field', encodeCbor({ argv: [] })],
    ['a wrong type', encodeCbor({ stdin: 'text' })],
    ['a head that is longer than it must be', Uint8Array.of(0xb8, 0)],
    ['an endless map', Uint8Array.of(0xbf, 0xff)],
    [
      'keys out of order',
      Uint8Array.of(0xa2, 0x64, 0x61, 0x72, 0x67, 0x73, 0x80, 0x63, 0x65, 0x6e, 0x76, 0xa0),
    ],
    ['a cut end', encodeWasiInput(WHOLE).subarray(0, -1)],
    ['bytes behind the item', joined(encodeWasiInput(WHOLE), Uint8Array.of(0))],
    ['a NUL in an argument', encodeCbor({ args: ['a\0'] })],
    ['a variable without a name', encodeCbor({ env: { '': 'x' } })],
    ['a variable with “=” in its name', encodeCbor({ env: { 'a=b': 'x' } })],
    ['a lone surrogate', Uint8Array.of(0xa1, 0x64, 0x61, 0x72, 0x67, 0x73, 0x81, 0x63, 0xed, 0xa0, 0x80)],
    ['overlong UTF-8', Uint8Array.of(0xa1, 0x64, 0x61, 0x72, 0x67, 0x73, 0x81, 0x62, 0xc0, 0x80)],
    ...['', '/a', 'a/', 'a//b', '.', 'a/../b', 'a\0', 'x'.repeat(LIMITS.wasiPathBytes.value + 1)].map(
      (path): [string, Uint8Array] => [
        `the path ${path.slice(0, 9)}`,
        encodeCbor({ files: { [path]: bytesOf('') } }),
      ],
    ),
    ['a file that is a folder', encodeCbor({ files: { a: bytesOf(''), 'a/b': bytesOf('') } })],
    [
      'too many arguments',
      encodeCbor({ args: Array.from({ length: LIMITS.wasiTexts.value + 1 }, () => '') }),
    ],
    ['too much in arguments', encodeCbor({ args: ['x'.repeat(LIMITS.wasiTextBytes.value + 1)] })],
    ['a promise of many files', Uint8Array.of(0xa1, 0x65, 0x66, 0x69, 0x6c, 0x65, 0x73, 0xb9, 0x3f, 0xff)],
  ])('%s is no input', (_name, bytes) => {
    expect(parseWasiInput(bytes)).toEqual({
      type: 'invalid',
      message: expect.stringMatching(/^(has|is|goes) /),
    });
  });

  test('that cannot be are refused when they are made', () => {
    expect(() => encodeWasiInput({ files: { '../x': bytesOf('') } })).toThrow('has the part “..”');
  });

  test('of any texts and bytes come back', () => {
    const texts = string({ unit: 'binary' }).filter((text) => !text.includes('\0'));
    const names = texts.filter((text) => text !== '' && !text.includes('='));
    const input = record(
      { args: constant(['a', '\u{1F600}']), env: dictionary(names, texts), stdin: uint8Array() },
      { requiredKeys: [] },
    );
    assert(
      property(input, (given) => {
        const parsed = parseWasiInput(encodeWasiInput(given));
        if (parsed.type === 'invalid') throw new Error(parsed.message);
        expect(Object.fromEntries(parsed.task.env)).toEqual({ ...given.env });
        expect(parsed.task.stdin).toEqual(given.stdin ?? bytesOf(''));
        expect(parsed.task.args).toEqual(given.args ?? ['guest']);
      }),
    );
  });

  test('of any bytes are a task or an invalid one, never an exception', () => {
    const whole = encodeWasiInput(WHOLE);
    assert(
      property(uint8Array({ maxLength: 40 }), uint8Array({ maxLength: 4 }), (bytes, change) => {
        parseWasiInput(bytes);
        const spoiled = whole.slice();
        for (const at of change)
          spoiled[at % spoiled.length] = (spoiled[at % spoiled.length] ?? 0) ^ (at + 1);
        parseWasiInput(spoiled);
        parseWasiOutput(bytes);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('outputs', () => {
  const output = { exitCode: 3, stdout: bytesOf('out'), stderr: bytesOf('') };

  test('have these bytes and come back', () => {
    expect(hex(encodeWasiOutput(output))).toBe(
      'a36673746465727240667374646f7574436f75746865786974436f646503',
    );
    expect(parseWasiOutput(encodeWasiOutput(output))).toEqual(output);
  });

  test('are nothing else', () => {
    for (const bytes of [
      new Uint8Array(0),
      encodeCbor({ exitCode: 1 }),
      encodeCbor({ ...output, more: 1 }),
    ]) {
      expect(parseWasiOutput(bytes)).toBeUndefined();
    }
    expect(parseWasiOutput(joined(encodeWasiOutput(output), Uint8Array.of(0)))).toBeUndefined();
  });
});
