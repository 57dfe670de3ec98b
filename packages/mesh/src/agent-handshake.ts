/**
 * The agent's side of a handshake on a fresh link: waits for the challenge, proves its key, checks that
 * the welcome was signed by the coordinator that sent the challenge, for the origin that was dialled.
 */
import {
  agentTranscript,
  type Challenge,
  coordinatorTranscript,
  type DecodedFrame,
  decodeFrame,
  encodeHandshake,
  type ErrorCode,
  type Hello,
  LIMITS,
  PROTOCOL_VERSIONS,
  type Refused,
  type Resume,
  type Welcome,
} from '@trine/protocol';
import type { Clock, Entropy } from './clock.ts';
import type { NodeIdentity, VerifySignature } from './identity.ts';
import type { Link, LinkListener } from './link.ts';

/** What a new session tells about the node. */
export type Introduction = Pick<Hello, 'profile' | 'held'> & { readonly token?: string };

/** The session to go on with. */
export interface Resumption {
  readonly session: number;
  readonly coordinatorKey: Uint8Array;
  /** Read when the challenge has come, so that it is as new as can be. */
  received(): number;
}

export interface HandshakeOptions {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly identity: NodeIdentity;
  readonly verify: VerifySignature;
  readonly origin: string;
  /** The only coordinator to talk to; any when absent. */
  readonly pinnedKey?: Uint8Array;
  /** The session to resume, if there is one. */
  readonly resume?: Resumption;
  /** Asked when there is nothing to resume, or the coordinator no longer knows it. Absent: never a new session. */
  readonly introduce?: () => Introduction;
}

export type HandshakeOutcome =
  | {
      readonly type: 'welcome';
      readonly welcome: Welcome;
      readonly coordinatorKey: Uint8Array;
      /** Gives the link to `listener`, first with what came behind the welcome while it was being checked. */
      readonly handOver: (listener: LinkListener) => void;
    }
  | { readonly type: 'refused'; readonly refused: Refusal }
  | { readonly type: 'lost'; readonly reason: string };

export interface Refusal {
  readonly code: ErrorCode | (string & {});
  readonly message: string;
  readonly retryAfterMs: number | undefined;
}

/** Runs the handshake. The link is closed unless the outcome is a welcome. Never rejects. */
export async function shakeHands(link: Link, options: HandshakeOptions): Promise<HandshakeOutcome> {
  const frames = new HandshakeFrames(link, options.clock);
  try {
    const outcome = await converse(link, frames, options);
    if (outcome.type !== 'welcome') link.close('closed', 'the handshake did not end in a session');
    return outcome;
  } catch (cause) {
    link.close('closed', 'the handshake did not end in a session');
    return { type: 'lost', reason: cause instanceof Error ? cause.message : 'the handshake broke off' };
  } finally {
    frames.stopTimer();
  }
}

async function converse(
  link: Link,
  frames: HandshakeFrames,
  options: HandshakeOptions,
): Promise<HandshakeOutcome> {
  const { handshake: challenge } = await frames.next();
  if (challenge.type === 'refused') return refusal(challenge);
  if (challenge.type !== 'challenge') return refuse('handshake-failed', 'no challenge came first');
  const version = PROTOCOL_VERSIONS.find((known) => challenge.versions.includes(known));
  if (version === undefined) {
    return refuse('version-unsupported', `the coordinator speaks version ${challenge.versions.join(', ')}`);
  }
  if (options.pinnedKey !== undefined && !equalBytes(options.pinnedKey, challenge.coordinatorKey)) {
    return refuse('handshake-failed', 'another coordinator answers at this address: its key has changed');
  }
  const talk: Talk = { link, frames, options, challenge, version };
  const { resume } = options;
  if (resume !== undefined && equalBytes(resume.coordinatorKey, challenge.coordinatorKey)) {
    const outcome = await ask(talk, await resumeFrame(talk, resume));
    const forgotten = outcome.type === 'refused' && outcome.refused.code === 'session-unknown';
    if (!forgotten || options.introduce === undefined) return outcome;
  }
  if (options.introduce === undefined) return refuse('session-unknown', 'there is no session to resume');
  return ask(talk, await helloFrame(talk, options.introduce()));
}

interface Talk {
  readonly link: Link;
  readonly frames: HandshakeFrames;
  readonly options: HandshakeOptions;
  readonly challenge: Challenge;
  readonly version: number;
}

async function ask(talk: Talk, frame: Hello | Resume): Promise<HandshakeOutcome> {
  talk.link.send(encodeHandshake(frame));
  const { handshake: answer, said } = await talk.frames.next();
  if (answer.type === 'refused') return refusal(answer);
  if (answer.type !== 'welcome') return refuse('handshake-failed', 'neither a welcome nor a refusal came');
  const transcript = coordinatorTranscript(frame, said);
  const holds = await talk.options.verify(talk.challenge.coordinatorKey, transcript, answer.signature);
  if (!holds) return refuse('bad-signature', 'the welcome was not signed by the coordinator');
  if (frame.type === 'resume' && (!answer.resumed || answer.session !== frame.session)) {
    return refuse('handshake-failed', 'another session was welcomed than the one to resume');
  }
  if (frame.type === 'hello' && (answer.resumed || answer.received !== 0)) {
    return refuse('handshake-failed', 'a new session was asked for and an old one welcomed');
  }
  return {
    type: 'welcome',
    welcome: answer,
    coordinatorKey: talk.challenge.coordinatorKey,
    handOver: (listener) => talk.frames.handOver(listener),
  };
}

const proofFields = (talk: Talk) => ({
  version: talk.version,
  key: talk.options.identity.publicKey,
  nonce: talk.options.entropy(32),
  origin: talk.options.origin,
});

async function helloFrame(talk: Talk, introduction: Introduction): Promise<Hello> {
  const { profile, token, held } = introduction;
  const unsigned = {
    type: 'hello' as const,
    ...proofFields(talk),
    profile,
    held,
    ...(token === undefined ? {} : { token }),
  };
  return { ...unsigned, signature: await sign(talk, unsigned) };
}

async function resumeFrame(talk: Talk, resume: Resumption): Promise<Resume> {
  const { session } = resume;
  const unsigned = { type: 'resume' as const, ...proofFields(talk), session, received: resume.received() };
  return { ...unsigned, signature: await sign(talk, unsigned) };
}

const sign = (talk: Talk, unsigned: Parameters<typeof agentTranscript>[1]): Promise<Uint8Array> =>
  talk.options.identity.sign(agentTranscript(talk.challenge, unsigned));

type HandshakeFrame = Extract<DecodedFrame, { readonly type: 'handshake' }>;

/** The link's frames one at a time, under one deadline for all of them. */
class HandshakeFrames {
  readonly #link: Link;
  readonly #stopTimer: () => void;
  #frames: Uint8Array[] = [];
  #bytes = 0;
  #ended: string | undefined;
  #wake: (() => void) | undefined;

  constructor(link: Link, clock: Clock) {
    this.#link = link;
    this.#stopTimer = clock.setTimer(LIMITS.handshakeMs.value, () => this.#end('no answer in time'));
    link.listen({
      onFrame: (frame) => this.#keep(frame),
      onClose: (_code, reason) => this.#end(reason),
    });
  }

  async next(): Promise<HandshakeFrame> {
    if (this.#frames.length === 0 && this.#ended === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const frame = this.#frames.shift();
    if (frame === undefined) throw new Error(this.#ended ?? 'the link ended');
    const decoded = decodeFrame(frame);
    if (decoded.type !== 'handshake') throw new Error('not a handshake frame');
    return decoded;
  }

  handOver(listener: LinkListener): void {
    const early = this.#frames;
    this.#frames = [];
    for (const frame of early) listener.onFrame(frame);
    this.#link.listen(listener);
    if (this.#ended !== undefined) listener.onClose('closed', this.#ended);
  }

  stopTimer(): void {
    this.#stopTimer();
  }

  #keep(frame: Uint8Array): void {
    this.#bytes += frame.length;
    if (this.#bytes > LIMITS.unacknowledgedBytes.value) return this.#end('too much before the welcome');
    this.#frames.push(frame);
    this.#wake?.();
  }

  #end(reason: string): void {
    this.#ended ??= reason;
    this.#wake?.();
  }
}

const refuse = (code: ErrorCode, message: string): HandshakeOutcome => ({
  type: 'refused',
  refused: { code, message, retryAfterMs: undefined },
});

const refusal = ({ code, message, retryAfterMs }: Refused): HandshakeOutcome => ({
  type: 'refused',
  refused: { code, message, retryAfterMs },
});

const equalBytes = (left: Uint8Array, right: Uint8Array): boolean =>
  left.length === right.length && left.every((byte, index) => byte === right[index]);
