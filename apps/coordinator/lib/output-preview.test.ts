import { describe, expect, it } from 'vitest';
import { encodeWasiOutput } from '@trine/protocol';
import { previewOutput as preview } from './output-preview.ts';
import type { OutputView } from './views.ts';

describe('previewOutput', () => {
  const previewOutput = (base64: string, output: OutputView | undefined) =>
    preview(base64, { output, abi: 'trine-1' });
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

  it('shows text as text and bytes as hex', () => {
    expect(previewOutput(base64(new TextEncoder().encode('prime\n')), undefined)).toEqual({
      text: 'prime',
      kind: 'text',
    });
    expect(previewOutput(base64(Uint8Array.of(0, 255)), undefined)).toEqual({ text: '00 ff', kind: 'hex' });
    expect(previewOutput('', undefined).kind).toBe('empty');
  });

  it('believes a manifest that says bytes', () => {
    expect(previewOutput(base64(new TextEncoder().encode('ab')), { kind: 'bytes' })).toEqual({
      text: '61 62',
      kind: 'hex',
    });
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
    expect(previewOutput(base64(bytes), output)).toEqual({
      text: 'p 2281, 2^p − 1 prime, residue 000000000000000f',
      kind: 'text',
    });
    expect(previewOutput(base64(bytes.subarray(0, 6)), output).kind).toBe('hex');
  });

  it('reads numbers of 128 bits', () => {
    const fields = [{ name: 'n', offset: 1, type: 'u128' as const }];
    const bytes = Uint8Array.of(9, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0);
    expect(previewOutput(base64(bytes), { kind: 'fields', fields }).text).toBe('n 36893488147419103233');
    expect(previewOutput(base64(bytes.subarray(0, 16)), { kind: 'fields', fields }).kind).toBe('hex');
  });

  it('shows what a WASI command printed, and an exit code that is not 0', () => {
    const printed = (exitCode: number, stdout: string, abi = 'wasi-1') => {
      const stderr = new TextEncoder().encode('noise');
      const output = encodeWasiOutput({ exitCode, stdout: new TextEncoder().encode(stdout), stderr });
      return preview(base64(output), { output: undefined, abi });
    };
    expect(printed(0, '3 words\n')).toEqual({ text: '3 words', kind: 'text' });
    expect(printed(0, '').kind).toBe('empty');
    expect(printed(2, '')).toEqual({ text: 'exit 2', kind: 'text' });
    expect(printed(2, 'so far\n').text).toBe('exit 2 so far');
    expect(printed(0, '3 words', 'trine-1').kind).toBe('hex');
  });

  it('is bounded', () => {
    expect(previewOutput(base64(new Uint8Array(4_096)), { kind: 'bytes' }).text.length).toBeLessThan(100);
    expect(previewOutput(base64(new Uint8Array(4_096).fill(97)), { kind: 'text' }).text.length).toBeLessThan(
      130,
    );
  });
});
