// Who asks, from where, and with what: origins, addresses, secrets, bearers.
import type { IncomingMessage } from 'node:http';
import type { Digest, LeaseId, NodeId } from '@trine/protocol';
import { expect, test } from 'vitest';
import { networkPrefix, remoteAddress } from './addresses.ts';
import { createBearers } from './bearers.ts';
import { createOriginRules } from './origins.ts';
import { hashOfSecret, KEY_PREFIX, newApiKey, newJoinToken } from './secrets.ts';

const rules = (origins: readonly string[] = []) =>
  createOriginRules({ origins, ownHosts: () => new Set(['192.0.2.7', 'den.local', '[2001:db8::7]']) });

test.each([
  ['http://localhost:3000', 'localhost:3000', true],
  ['http://127.0.0.1:3000', '127.0.0.1:3000', true],
  ['http://[::1]:3000', '[::1]:3000', true],
  ['http://192.0.2.7:3000', '192.0.2.7:3000', true],
  ['http://den.local:3000', 'DEN.local:3000', true],
  ['http://[2001:db8::7]:3000', '[2001:db8::7]:3000', true],
  // Another program's page on this machine: same site, other port.
  ['http://localhost:8080', 'localhost:3000', false],
  // DNS rebinding: the name resolves here, and Host agrees with Origin.
  ['http://evil.example:3000', 'evil.example:3000', false],
  ['http://192.0.2.8:3000', '192.0.2.8:3000', false],
  ['null', 'localhost:3000', false],
  ['file://', 'localhost:3000', false],
  ['https://trine.example.org', '127.0.0.1:3000', true],
])('a page of %s asking %s is allowed: %s', (origin, host, allowed) => {
  expect(rules(['https://trine.example.org']).allowsRequest(origin, host)).toBe(allowed);
});

test('an agent must have dialled one of our names at one of our ports', () => {
  const own = rules(['https://trine.example.org']);
  expect(own.allowsDialled('http://192.0.2.7:9999')).toBe(true);
  own.listening(['http://127.0.0.1:3000']);
  expect(own.allowsDialled('http://192.0.2.7:3000')).toBe(true);
  expect(own.allowsDialled('http://192.0.2.7:9999')).toBe(false);
  expect(own.allowsDialled('http://evil.example:3000')).toBe(false);
  expect(own.allowsDialled('https://trine.example.org')).toBe(true);
  expect(own.allowsDialled('not a url')).toBe(false);
});

test.each([
  ['192.0.2.77', '192.0.2.0/24'],
  ['2001:db8:1:2::3', '2001:db8:1::/48'],
  ['2001:0DB8:0001:ffff:0:0:0:9', '2001:db8:1::/48'],
  ['::1', '0:0:0::/48'],
  ['', 'unknown'],
  ['not an address', 'unknown'],
])('the network prefix of %s is %s', (address, prefix) => {
  expect(networkPrefix(address)).toBe(prefix);
});

const request = (remote: string, forwarded?: string): IncomingMessage =>
  ({
    socket: { remoteAddress: remote },
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
  }) as unknown as IncomingMessage;

test('a forwarded address counts only behind a trusted proxy, and only its last hop', () => {
  const forwarded = request('::ffff:10.0.0.1', '203.0.113.5, 198.51.100.9');
  expect(remoteAddress(forwarded, false)).toBe('10.0.0.1');
  expect(remoteAddress(forwarded, true)).toBe('198.51.100.9');
  expect(remoteAddress(request('10.0.0.1', 'garbage'), true)).toBe('10.0.0.1');
  expect(remoteAddress(request('10.0.0.1'), true)).toBe('10.0.0.1');
});

test('only a secret with its own prefix and shape has a hash', () => {
  const key = newApiKey();
  expect(hashOfSecret(key, KEY_PREFIX)).toMatch(/^[0-9a-f]{64}$/);
  expect(hashOfSecret(newJoinToken(), KEY_PREFIX)).toBeUndefined();
  expect(hashOfSecret(`${key}a`, KEY_PREFIX)).toBeUndefined();
  expect(hashOfSecret('', KEY_PREFIX)).toBeUndefined();
});

const NODE = '0'.repeat(32) as NodeId;
const DIGEST = 'a'.repeat(64) as Digest;
const OTHER = 'b'.repeat(64) as Digest;

function clockedBearers() {
  const clock = { ms: 1_000_000 };
  return { clock, bearers: createBearers(new Uint8Array(32).fill(7), () => clock.ms) };
}

test('a reading bearer is good for its digest and its time, and for nothing else', () => {
  const { clock, bearers } = clockedBearers();
  const bearer = bearers.forReading(NODE, DIGEST);
  expect(bearer.length).toBeLessThanOrEqual(120);
  expect(bearers.reader(bearer, DIGEST)).toBe(NODE);
  expect(bearers.reader(bearer, OTHER)).toBeUndefined();
  expect(bearers.uploader(bearer, DIGEST)).toBeUndefined();
  expect(bearers.reader(bearer.replace(NODE, '1'.repeat(32)), DIGEST)).toBeUndefined();
  expect(createBearers(new Uint8Array(32), () => clock.ms).reader(bearer, DIGEST)).toBeUndefined();
  clock.ms += 15 * 60_000;
  expect(bearers.reader(bearer, DIGEST)).toBeUndefined();
});

test('a reading bearer is used again while it has half of its life before it', () => {
  const { clock, bearers } = clockedBearers();
  const first = bearers.forReading(NODE, DIGEST);
  clock.ms += 7 * 60_000;
  expect(bearers.forReading(NODE, DIGEST)).toBe(first);
  expect(bearers.forReading(NODE, OTHER)).not.toBe(first);
  clock.ms += 60_000;
  expect(bearers.forReading(NODE, DIGEST)).not.toBe(first);
});

test('an upload bearer says who may upload what, for which lease', () => {
  const { bearers } = clockedBearers();
  const claim = {
    node: NODE,
    lease: Number.MAX_SAFE_INTEGER as LeaseId,
    digest: DIGEST,
    sizeBytes: 16_777_216,
  };
  const bearer = bearers.forUpload(claim);
  expect(bearer.length).toBeLessThanOrEqual(120);
  expect(bearers.uploader(bearer, DIGEST)).toEqual(claim);
  expect(bearers.uploader(bearer, OTHER)).toBeUndefined();
  expect(bearers.reader(bearer, DIGEST)).toBeUndefined();
});
