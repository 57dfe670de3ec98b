/**
 * Where a request comes from: the socket's address, or the last hop of `X-Forwarded-For` behind a proxy that the
 * operator says is there; and the network prefix that stands for a household or office.
 */
import type { IncomingMessage } from 'node:http';
import { isIP, isIPv4 } from 'node:net';

/** The remote address; with `trustProxy`, what the proxy next to us saw. */
export function remoteAddress(request: IncomingMessage, trustProxy: boolean): string {
  const own = plain(request.socket.remoteAddress ?? '');
  if (!trustProxy) return own;
  const header = request.headers['x-forwarded-for'];
  const hops = (Array.isArray(header) ? header.join(',') : (header ?? '')).split(',');
  // Only the last hop was written by our proxy; everything before it is the sender's own word.
  const last = plain((hops.at(-1) ?? '').trim());
  return isIP(last) === 0 ? own : last;
}

/** IPv4 in IPv6's clothes is the same machine. */
const plain = (address: string): string =>
  /^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(address) ? address.slice(7) : address.replace(/%.*$/, '');

/** `192.0.2.0/24` or `2001:db8:1::/48`; loopback and unreadable addresses stand for themselves. */
export function networkPrefix(address: string): string {
  const kind = isIP(address);
  if (kind === 0) return 'unknown';
  if (isIPv4(address)) return `${address.split('.').slice(0, 3).join('.')}.0/24`;
  return `${ipv6Groups(address).slice(0, 3).join(':')}::/48`;
}

/** The eight groups of an IPv6 address, each without leading zeros. */
function ipv6Groups(address: string): readonly string[] {
  const [head = '', tail] = address.toLowerCase().split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing = Math.max(0, 8 - left.length - right.length);
  return [...left, ...Array<string>(missing).fill('0'), ...right].map((group) =>
    Number.parseInt(group, 16).toString(16),
  );
}

/** Whether the person's own connection is encrypted, so that a cookie may be `Secure`. */
export const isSecure = (request: IncomingMessage, trustProxy: boolean): boolean =>
  'encrypted' in request.socket ||
  (trustProxy &&
    String(request.headers['x-forwarded-proto'] ?? '')
      .split(',')
      .at(-1)
      ?.trim() === 'https');
