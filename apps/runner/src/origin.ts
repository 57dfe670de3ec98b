/** From what a person types to a coordinator's origin: a bare host means http and the default port. */
import { TrineError } from '@trine/protocol';

const DEFAULT_PORT = 3_000;

export interface CoordinatorAddress {
  /** Scheme, host and port, without a path. */
  readonly origin: string;
  /** From `#join=<token>`, as the page's own links carry it. */
  readonly token: string | undefined;
}

/** Throws with what was expected. */
export function parseAddress(text: string): CoordinatorAddress {
  const hasScheme = /^[a-z]+:\/\//i.test(text);
  const url = urlOf(hasScheme ? text : `http://${text}`);
  if (url === undefined || !['http:', 'https:'].includes(url.protocol) || url.hostname === '') {
    throw new TrineError(
      'bad-request',
      `“${text}” is no coordinator address. Give a host, or http(s)://host[:port].`,
    );
  }
  if (!hasScheme && url.port === '') url.port = String(DEFAULT_PORT);
  const token = new URLSearchParams(url.hash.slice(1)).get('join') ?? undefined;
  return { origin: url.origin, token };
}

function urlOf(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}
