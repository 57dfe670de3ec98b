import { describe, expect, it } from 'vitest';
import { previewOutput } from './output-preview.ts';

describe('previewOutput', () => {
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
    expect(previewOutput(base64(new TextEncoder().encode('ab')), 'bytes')).toEqual({
      text: '61 62',
      kind: 'hex',
    });
  });

  it('is bounded', () => {
    expect(previewOutput(base64(new Uint8Array(4_096)), 'bytes').text.length).toBeLessThan(100);
    expect(previewOutput(base64(new Uint8Array(4_096).fill(97)), 'text').text.length).toBeLessThan(130);
  });
});
