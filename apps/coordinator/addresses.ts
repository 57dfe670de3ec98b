/** The addresses a coordinator can be opened at, for the sentence that tells people. */
import { networkInterfaces } from 'node:os';

/** Loopback first, then each IPv4 address of this machine when all interfaces are listened on. */
export function reachableOrigins(host: string, port: number): readonly string[] {
  const loopback = `http://127.0.0.1:${port}`;
  if (host === '127.0.0.1' || host === 'localhost') return [loopback];
  if (host !== '0.0.0.0' && host !== '::')
    return [`http://${host.includes(':') ? `[${host}]` : host}:${port}`];
  const lan = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter((address) => address.family === 'IPv4' && !address.internal)
    .map((address) => `http://${address.address}:${port}`);
  return [loopback, ...lan];
}
