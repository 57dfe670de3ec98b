import { describe, expect, it } from 'vitest';
import { lanOrigin } from './lan-origin.ts';

describe('lanOrigin', () => {
  it('keeps a name that others can reach', () => {
    const listenHost = '127.0.0.1';
    expect(lanOrigin({ requestHost: 'trine.example.org', scheme: 'https', listenHost })).toBe(
      'https://trine.example.org',
    );
    expect(lanOrigin({ requestHost: '192.0.2.7:3000', scheme: 'http', listenHost })).toBe(
      'http://192.0.2.7:3000',
    );
  });

  it('never offers loopback to another device', () => {
    for (const requestHost of ['localhost:3000', '127.0.0.1:3000', '[::1]:3000']) {
      const offered = lanOrigin({ requestHost, scheme: 'http', listenHost: '0.0.0.0' });
      expect(offered ?? 'none').not.toMatch(/localhost|127\.0|::1/);
    }
  });

  it('offers nothing when only this machine is listened to', () => {
    expect(
      lanOrigin({ requestHost: 'localhost:3000', scheme: 'http', listenHost: '127.0.0.1' }),
    ).toBeUndefined();
  });

  it('offers the one address that is listened on', () => {
    expect(lanOrigin({ requestHost: 'localhost:3000', scheme: 'http', listenHost: '192.0.2.9' })).toBe(
      'http://192.0.2.9:3000',
    );
  });
});
