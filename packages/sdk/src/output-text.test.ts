import { describe, expect, it, test } from 'vitest';
import { isOutputView, outputText, printableText } from './output-text.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('outputText', () => {
  it('shows text as text and bytes as hex', () => {
    expect(outputText(bytesOf('prime\n'), undefined)).toEqual({ text: 'prime', kind: 'text' });
    expect(outputText(Uint8Array.of(0, 255), undefined)).toEqual({ text: '00 ff', kind: 'hex' });
    expect(outputText(new Uint8Array(0), undefined).kind).toBe('empty');
  });

  it('believes a manifest that says bytes', () => {
    expect(outputText(bytesOf('ab'), { kind: 'bytes' })).toEqual({ text: '61 62', kind: 'hex' });
  });

  it('reads fields by name, with words for values, and falls back to hex when the output is too short', () => {
    const output = {
      kind: 'fields' as const,
      fields: [
        { name: 'p', offset: 0, type: 'u32' as const },
        { name: '2^p − 1', offset: 4, type: 'u32' as const, words: { '1': 'prime' } },
        { name: 'residue', offset: 8, type: 'hex64' as const },
      ],
    };
    const bytes = Uint8Array.of(0xe9, 8, 0, 0, 1, 0, 0, 0, 0x0f, 0, 0, 0, 0, 0, 0, 0);
    expect(outputText(bytes, output)).toEqual({
      text: 'p 2281, 2^p − 1 prime, residue 000000000000000f',
      kind: 'text',
    });
    expect(outputText(bytes.subarray(0, 6), output).kind).toBe('hex');
  });

  it('reads numbers of 128 bits', () => {
    const fields = [{ name: 'n', offset: 1, type: 'u128' as const }];
    const bytes = Uint8Array.of(9, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0);
    expect(outputText(bytes, { kind: 'fields', fields }).text).toBe('n 36893488147419103233');
    expect(outputText(bytes.subarray(0, 16), { kind: 'fields', fields }).kind).toBe('hex');
  });

  it('is bounded', () => {
    expect(outputText(new Uint8Array(4_096), { kind: 'bytes' }).text.length).toBeLessThan(100);
    expect(outputText(new Uint8Array(4_096).fill(97), { kind: 'text' }).text.length).toBeLessThan(130);
  });
});

test.each<[unknown, boolean]>([
  [{ kind: 'text' }, true],
  [{ kind: 'fields', fields: [{ name: 'a', offset: 0, type: 'u128' }] }, true],
  [{ kind: 'fields', fields: [{ name: 'a', offset: 0, type: 'toString' }] }, false],
  [{ kind: 'fields', fields: [{ name: 'a', offset: -1, type: 'u8' }] }, false],
  [{ kind: 'fields', fields: [null] }, false],
  [{ kind: 'fields' }, false],
  [{ kind: 'words' }, false],
  ['text', false],
  [null, false],
])('%j is a view: %s', (value, expected) => {
  expect(isOutputView(value)).toBe(expected);
});

describe('printableText', () => {
  it('takes every script, ends of lines and tabs, and nothing that drives a terminal', () => {
    for (const text of ['', 'a\tb\r\n', 'é as e\u0301, 漢字, 🙂\n'])
      expect(printableText(bytesOf(text))).toBe(text);
    for (const text of ['\u001b[2J', 'a\nb\u0000', '\u009b1m'])
      expect(printableText(bytesOf(text))).toBeUndefined();
    expect(printableText(Uint8Array.of(0xc3, 0x28))).toBeUndefined();
  });
});
