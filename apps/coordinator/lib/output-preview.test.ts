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
});
