/**
 * The agent's side of moving a session to a data channel: makes the offer, passes signals through the session,
 * moves when the channel opens. Whatever fails, the session stays where it is and a sentence says why.
 */
import type { AgentMessage, SignalMessage } from '@trine/protocol';
import type { Link } from './link.ts';
import type { PeerAttempt } from './peer-link.ts';

export interface UpgradeOptions {
  readonly session: {
    send(message: AgentMessage): void;
    moveTo(link: Link, note?: string): Promise<boolean>;
  };
  /** Higher with each attempt of a session: signals of an older one are dropped. */
  readonly attempt: number;
  /** Makes the peer, as initiator; in an agent's worker the page does it and lends the link. */
  readonly open: (onSignal: (data: string) => void) => Pick<PeerAttempt, 'opened' | 'signal' | 'close'>;
}

export type UpgradeOutcome = { readonly type: 'moved' } | { readonly type: 'stayed'; readonly note: string };

export interface Upgrade {
  /** Takes each `signal` message of the session. */
  signal(message: SignalMessage): void;
  /** Never rejects. */
  readonly done: Promise<UpgradeOutcome>;
  /** Gives the attempt up, for instance because the session ended. */
  cancel(reason: string): void;
}

export function upgradeToWebRtc(options: UpgradeOptions): Upgrade {
  const { session, attempt } = options;
  const peer = options.open((data) => session.send({ type: 'signal', attempt, data }));
  return {
    signal: (message) => {
      if (message.attempt === attempt) peer.signal(message.data);
    },
    done: moveWhenOpen(session, peer.opened),
    cancel: (reason) => peer.close(reason),
  };
}

async function moveWhenOpen(
  session: UpgradeOptions['session'],
  opened: Promise<Link>,
): Promise<UpgradeOutcome> {
  try {
    const moved = await session.moveTo(await opened, 'a data channel to the coordinator');
    return moved
      ? { type: 'moved' }
      : { type: 'stayed', note: 'The data channel opened, but the session could not move to it.' };
  } catch (cause) {
    return { type: 'stayed', note: `No WebRTC: ${cause instanceof Error ? cause.message : 'it failed'}.` };
  }
}
