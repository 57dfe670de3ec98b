/**
 * What two ends tell one another to open a data channel: session descriptions and candidates, as JSON text.
 * Nothing else of simple-peer's vocabulary is let through: a stranger's text never reaches it unchecked.
 */
import { SIGNAL_CHARACTERS_MAX } from './limits.ts';

export type PeerSignal =
  | { readonly type: 'offer' | 'answer'; readonly sdp: string }
  | {
      readonly type: 'candidate';
      readonly candidate: {
        readonly candidate: string;
        readonly sdpMLineIndex: number | null;
        readonly sdpMid: string | null;
      };
    }
  /** The other side will not take part, and says why. */
  | { readonly type: 'declined'; readonly reason: string };

export const encodeSignal = (signal: PeerSignal): string => JSON.stringify(signal);

/** The signal, or `undefined` for anything else. Never throws. */
export function parseSignal(text: string): PeerSignal | undefined {
  if (text.length > SIGNAL_CHARACTERS_MAX) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? signalFrom(value) : undefined;
  } catch {
    return undefined;
  }
}

function signalFrom(value: Record<string, unknown>): PeerSignal | undefined {
  const { type, sdp, reason } = value;
  if ((type === 'offer' || type === 'answer') && typeof sdp === 'string') return { type, sdp };
  if (type === 'declined' && typeof reason === 'string') return { type, reason };
  if (type !== 'candidate' || !isRecord(value['candidate'])) return undefined;
  const { candidate, sdpMLineIndex, sdpMid } = value['candidate'];
  // The empty candidate only says that there are no more; implementations disagree on taking it.
  if (typeof candidate !== 'string' || candidate === '') return undefined;
  return {
    type,
    candidate: {
      candidate,
      sdpMLineIndex: typeof sdpMLineIndex === 'number' ? sdpMLineIndex : null,
      sdpMid: typeof sdpMid === 'string' ? sdpMid : null,
    },
  };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
