/** An address that other devices in the room can open. */
import { reachableOrigins } from '../addresses.ts';

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/;
const HTTP_PORT = 80;

export interface LanOriginOptions {
  /** The request's `Host`. */
  readonly requestHost: string;
  readonly scheme: 'http' | 'https';
  /** The address the coordinator listens on. */
  readonly listenHost: string;
}

/**
 * The page's own origin when it was opened by a name others can reach; else, for a page on loopback, an address
 * of this machine on a network it listens on. Nothing when there is none. Told only to loopback visitors: to
 * others the address they used says enough.
 */
export function lanOrigin({ requestHost, scheme, listenHost }: LanOriginOptions): string | undefined {
  if (!LOOPBACK.test(requestHost)) return `${scheme}://${requestHost}`;
  const port = Number(/:(\d+)$/.exec(requestHost)?.[1] ?? HTTP_PORT);
  return reachableOrigins(listenHost, port).find((origin) => !LOOPBACK.test(new URL(origin).host));
}
