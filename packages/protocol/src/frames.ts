/**
 * Frames of an open session: the CBOR array `[sequence, acknowledged, messages]`, one per WebSocket or
 * data-channel message. A frame with messages has the next sequence number from 1 and is kept by its sender
 * until acknowledged; an empty frame has sequence 0, is never kept, and serves as keepalive and
 * acknowledgement. A number received twice is a repeat and is dropped.
 */
import * as z from 'zod/mini';
import type { CborValue } from './cbor-writer.ts';
import { decodeCbor, encodeCbor } from './codec.ts';
import { type Handshake, handshakeSchema, type Said } from './handshake.ts';
import { LIMITS } from './limits.ts';

export interface Frame {
  readonly sequence: number;
  readonly acknowledged: number;
  /** Encoded messages, still to be parsed by the side that knows their schema. */
  readonly messages: readonly unknown[];
}

export type DecodedFrame =
  | { readonly type: 'frame'; readonly frame: Frame }
  | { readonly type: 'handshake'; readonly handshake: Handshake; readonly said: Said }
  | { readonly type: 'malformed'; readonly reason: string };

const sequence = z.int().check(z.gte(0));
const frameSchema = z.tuple([
  sequence,
  sequence,
  z.array(z.unknown()).check(z.maxLength(LIMITS.frameMessages.value)),
]);

export const encodeFrame = (frame: {
  readonly sequence: number;
  readonly acknowledged: number;
  readonly messages: readonly CborValue[];
}): Uint8Array => encodeCbor([frame.sequence, frame.acknowledged, frame.messages]);

export const encodeHandshake = (handshake: Handshake): Uint8Array =>
  encodeCbor(z.encode(handshakeSchema, handshake));

/** Decodes whatever a stranger sent. Never throws. */
export function decodeFrame(bytes: Uint8Array): DecodedFrame {
  if (bytes.length > LIMITS.frameBytes.value) {
    return {
      type: 'malformed',
      reason: `a frame of ${bytes.length} bytes is over the limit of ${LIMITS.frameBytes.value}`,
    };
  }
  const decoded = decodeCbor(bytes);
  if (decoded === undefined) return { type: 'malformed', reason: 'not one deterministic CBOR item' };
  return Array.isArray(decoded.value) ? sessionFrame(decoded.value) : handshakeFrame(decoded.value);
}

function sessionFrame(value: unknown): DecodedFrame {
  const parsed = frameSchema.safeParse(value);
  if (!parsed.success) return { type: 'malformed', reason: 'not [sequence, acknowledged, messages]' };
  const [number, acknowledged, messages] = parsed.data;
  if ((number === 0) !== (messages.length === 0)) {
    return { type: 'malformed', reason: 'sequence 0 belongs to empty frames and to them alone' };
  }
  return { type: 'frame', frame: { sequence: number, acknowledged, messages } };
}

function handshakeFrame(value: unknown): DecodedFrame {
  const parsed = handshakeSchema.safeParse(value);
  return parsed.success
    ? { type: 'handshake', handshake: parsed.data, said: value as Said }
    : {
        type: 'malformed',
        reason: `not a handshake frame: ${parsed.error.issues[0]?.message ?? 'unknown shape'}`,
      };
}
