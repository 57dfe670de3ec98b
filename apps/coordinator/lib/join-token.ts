/** A join token arrives after the `#`, which browsers never send to a server. */

/** Takes `#join=<token>` apart; nothing when the fragment holds none. */
export function joinTokenOf(fragment: string): string | undefined {
  const token = new URLSearchParams(fragment.replace(/^#/, '')).get('join')?.trim();
  return token === undefined || token === '' ? undefined : token;
}

/** Takes the token and cleans the address bar and history of it, so that a screenshot or a bookmark holds none. */
export function takeJoinToken(): string | undefined {
  if (!new URLSearchParams(window.location.hash.slice(1)).has('join')) return undefined;
  const token = joinTokenOf(window.location.hash);
  window.history.replaceState(window.history.state, '', window.location.pathname + window.location.search);
  return token;
}
