/**
 * The coordinator's side of moving sessions to data channels: answers the offers that come as `signal`
 * messages and gives each opened channel to the host, where the node proves itself and resumes.
 */
import type { SignalMessage, Welcome } from '@trine/protocol';
import { type Clock, systemClock } from './clock.ts';
import { UPGRADE_PAUSE_MS } from './limits.ts';
import type { PeerHandle, PeerSource } from './peer-source.ts';
import type { HostSession, SessionHost } from './session-host.ts';
import { encodeSignal } from './signals.ts';

export interface WebRtcGateOptions {
  readonly host: Pick<SessionHost, 'accept'>;
  readonly peers: PeerSource;
  readonly iceServers: readonly { readonly urls: string }[];
  /** What became of an attempt, in words: for the node's page. */
  readonly onNote?: (session: HostSession, note: string) => void;
  readonly clock?: Clock;
}

export interface WebRtcGate {
  /** Takes each `signal` message of a session. */
  signal(session: HostSession, message: SignalMessage): void;
  /** Forgets a session that ended. */
  ended(session: HostSession): void;
  /** For the welcome: `undefined` while no channel can be taken. */
  offer(): Welcome['webrtc'];
}

interface Attempt {
  readonly number: number;
  readonly startedMs: number;
  readonly handle: PeerHandle | undefined;
}

export function createWebRtcGate(options: WebRtcGateOptions): WebRtcGate {
  const { host, peers, iceServers } = options;
  const clock = options.clock ?? systemClock;
  const attempts = new Map<HostSession, Attempt>();

  const decline = (session: HostSession, number: number, reason: string): void => {
    options.onNote?.(session, reason);
    session.send({ type: 'signal', attempt: number, data: encodeSignal({ type: 'declined', reason }) });
  };

  const begin = (session: HostSession, number: number): Attempt => {
    const before = attempts.get(session);
    const startedMs = clock.nowMs();
    before?.handle?.close('a newer attempt began');
    const soon = before !== undefined && startedMs - before.startedMs < UPGRADE_PAUSE_MS;
    const reason = soon ? 'attempts follow one another too fast' : peers.reason;
    if (soon || !peers.available) {
      decline(session, number, reason);
      return { number, startedMs, handle: undefined };
    }
    const handle = peers.accept({
      iceServers,
      onSignal: (data) => session.send({ type: 'signal', attempt: number, data }),
      onLink: (link) => host.accept(link, { remoteAddress: session.remoteAddress }),
      onFailed: (reason) => options.onNote?.(session, reason),
    });
    return { number, startedMs, handle };
  };

  return {
    signal(session, message) {
      const known = attempts.get(session);
      const number = known?.number ?? -1;
      if (message.attempt < number) return;
      const attempt = message.attempt === number && known ? known : begin(session, message.attempt);
      attempts.set(session, attempt);
      attempt.handle?.signal(message.data);
    },
    ended(session) {
      attempts.get(session)?.handle?.close('the session ended');
      attempts.delete(session);
    },
    offer: () => (peers.available ? { iceServers: iceServers.map(({ urls }) => ({ urls })) } : undefined),
  };
}
