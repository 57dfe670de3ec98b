import { describe, expect, it } from 'vitest';
import { lanOrigin } from './lan-origin.ts';

describe('lanOrigin', () => {
  it('keeps a name that others can reach', () => {
    expect(lanOrigin('trine.example.org', 'https')).toBe('https://trine.example.org');
    expect(lanOrigin('192.0.2.7:3000', 'http')).toBe('http://192.0.2.7:3000');
  });

  it('never offers loopback to another device', () => {
    for (const host of ['localhost:3000', '127.0.0.1:3000', '[::1]:3000']) {
      expect(lanOrigin(host, 'http') ?? 'none').not.toMatch(/localhost|127\.0|::1/);
    }
  });
});
