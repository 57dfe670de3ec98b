/**
 * Which origins this coordinator answers to. A browser names the page's origin in every mutation and upgrade; an
 * agent names, under its signature, the origin it dialled. Known are loopback, this machine's own addresses
 * and host name, and what `TRINE_ORIGINS` lists. A name that merely resolves here is not enough: that is what DNS
 * rebinding is.
 */
import { hostname, networkInterfaces } from 'node:os';

export interface OriginRules {
  /** Whether a request that a page of `origin` made to `host` (the Host header) may change anything. */
  allowsRequest(origin: string, host: string | undefined): boolean;
  /** Whether an agent that dialled `origin` dialled us. */
  allowsDialled(origin: string): boolean;
  /** Called when the port is known: origins of our own names count with these ports alone. */
  listening(origins: readonly string[]): void;
}

/** The sentence for whoever is refused. */
export const originRefusal = (origin: string): string =>
  `The origin ${origin.slice(0, 200)} is not one this coordinator answers to. ` +
  'Open it by an address of this machine, or add the origin to TRINE_ORIGINS.';

export interface OriginSettings {
  /** What `TRINE_ORIGINS` lists, e.g. `https://trine.example.org`. */
  readonly origins: readonly string[];
  /** This machine's names and addresses; the operating system's unless told. */
  readonly ownHosts?: () => ReadonlySet<string>;
}

export function createOriginRules(settings: OriginSettings): OriginRules {
  const listed = new Set(settings.origins.flatMap((origin) => parseOrigin(origin)?.origin ?? []));
  const ownHosts = settings.ownHosts ?? systemHosts;
  let ports: ReadonlySet<string> | undefined;
  const isOwn = (url: URL): boolean => isLoopback(url.hostname) || ownHosts().has(url.hostname);

  return {
    allowsRequest: (origin, host) => {
      const url = parseOrigin(origin);
      if (url === undefined) return false;
      return listed.has(url.origin) || (url.host === host?.toLowerCase() && isOwn(url));
    },
    allowsDialled: (origin) => {
      const url = parseOrigin(origin);
      if (url === undefined) return false;
      return listed.has(url.origin) || (isOwn(url) && (ports === undefined || ports.has(portOf(url))));
    },
    listening: (origins) => {
      const urls = origins.flatMap((origin) => parseOrigin(origin) ?? []);
      ports = new Set(urls.map(portOf));
      for (const url of urls) listed.add(url.origin);
    },
  };
}

function parseOrigin(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url !== undefined && (url.protocol === 'http:' || url.protocol === 'https:') ? url : undefined;
}

const portOf = (url: URL): string => url.port || (url.protocol === 'https:' ? '443' : '80');

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);

/** Names and addresses as a URL's `hostname` shows them. */
function systemHosts(): ReadonlySet<string> {
  const hosts = new Set<string>();
  const name = hostname().toLowerCase();
  if (name !== '') hosts.add(name).add(`${name}.local`);
  for (const addresses of Object.values(networkInterfaces())) {
    for (const { address, family } of addresses ?? []) {
      hosts.add(family === 'IPv6' ? `[${address.replace(/%.*$/, '')}]` : address);
    }
  }
  return hosts;
}
