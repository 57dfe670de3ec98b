import { describe, expect, it } from 'vitest';
import { pagePolicy } from './csp.ts';

describe('pagePolicy', () => {
  it('names the nonce and evaluates nothing in production', () => {
    const policy = pagePolicy({ nonce: 'abc=', development: false });
    expect(policy).toContain("'nonce-abc='");
    expect(policy).toContain("'wasm-unsafe-eval'");
    expect(policy).not.toContain("'unsafe-eval'");
    expect(policy).toMatch(/script-src [^;]*'strict-dynamic'/);
    expect(policy).not.toMatch(/script-src [^;]*'unsafe-inline'/);
    expect(policy).not.toContain('upgrade-insecure-requests');
    for (const none of ['object-src', 'base-uri', 'frame-ancestors'])
      expect(policy).toContain(`${none} 'none'`);
  });
});
