/** An address that other devices in the room can open. */
import { networkInterfaces } from 'node:os';

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/;

/**
 * The page's own origin when it was opened by a name others can reach; else, for a page on loopback, this
 * machine's first IPv4 address on a network. Nothing when there is none. Told only to loopback visitors:
 * to others the address they used says enough.
 */
export function lanOrigin(host: string, scheme: string): string | undefined {
  if (!LOOPBACK.test(host)) return `${scheme}://${host}`;
  const address = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find((candidate) => candidate.family === 'IPv4' && !candidate.internal)?.address;
  if (address === undefined) return undefined;
  const port = /:(\d+)$/.exec(host)?.[1];
  return `${scheme}://${address}${port === undefined ? '' : `:${port}`}`;
}
