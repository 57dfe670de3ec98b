/** A node made of bare bytes: says what a test wants on a real socket, true or not, and keeps what it is answered. */
import { randomBytes } from 'node:crypto';
import { createNodeIdentity } from '@trine/mesh/identity-node';
import {
  agentTranscript,
  type CborValue,
  type Challenge,
  type CoordinatorMessage,
  decodeCoordinatorMessages,
  decodeFrame,
  digestToBytes,
  encodeCbor,
  type Grant,
  grantDigest,
  merkleRoot,
  nodeIdOf,
  type ReportedResult,
  reportLeaf,
  reportTranscript,
  type Welcome,
} from '@trine/protocol';
import { WebSocket } from 'ws';
import { until } from './processes.ts';

const ANSWER_MS = 30_000;

/** How the coordinator ended it: a code of the table and a sentence. */
export interface Ended {
  readonly code: string;
  readonly message: string;
}

type MessageOf<T extends CoordinatorMessage['type']> = Extract<CoordinatorMessage, { readonly type: T }>;

export interface RawNode {
  readonly id: string;
  readonly seed: Uint8Array;
  readonly heard: readonly CoordinatorMessage[];
  readonly isOpen: () => boolean;
  challenge(): Promise<Challenge>;
  welcome(): Promise<Welcome>;
  /** Any bytes, or text, as one WebSocket message. */
  send(data: Uint8Array | string): void;
  /** Messages in the next frame of the session. */
  say(...messages: readonly CborValue[]): void;
  /** Number of the last frame that was said. */
  readonly sequence: () => number;
  wait<T extends CoordinatorMessage['type']>(
    type: T,
    fits?: (message: MessageOf<T>) => boolean,
  ): Promise<MessageOf<T>>;
  /** A report of these results, signed as it should be unless a signature is given. */
  report(results: readonly ReportedResult[], signature?: Uint8Array): Promise<void>;
  /** A hello for this challenge, changed before or after it is signed. */
  hello(change?: HelloChange): Promise<Uint8Array>;
  ended(): Promise<Ended>;
  close(): void;
}

export interface HelloChange {
  readonly before?: Readonly<Record<string, CborValue>>;
  readonly after?: Readonly<Record<string, CborValue>>;
}

export interface RawNodeOptions {
  readonly seed?: Uint8Array;
  /** Headers of the upgrade. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A link whose handshake has not begun: only the challenge comes. */
export function dialRaw(url: string, options: RawNodeOptions = {}): RawNode {
  const seed = options.seed ?? randomBytes(32);
  const identity = createNodeIdentity(seed);
  const socket = new WebSocket(`${url.replace('http', 'ws')}/session`, { headers: { ...options.headers } });
  socket.binaryType = 'nodebuffer';
  const heard: CoordinatorMessage[] = [];
  let challenge: Challenge | undefined;
  let welcome: Welcome | undefined;
  let said: Ended | undefined;
  let closed: Ended | undefined;
  let sequence = 0;
  let received = 0;

  const take = (bytes: Uint8Array): void => {
    const decoded = decodeFrame(bytes);
    if (decoded.type === 'handshake') {
      if (decoded.handshake.type === 'challenge') challenge = decoded.handshake;
      if (decoded.handshake.type === 'welcome') welcome = decoded.handshake;
      if (decoded.handshake.type === 'refused') said = decoded.handshake;
    }
    if (decoded.type !== 'frame' || decoded.frame.sequence === 0) return;
    received = decoded.frame.sequence;
    for (const message of decodeCoordinatorMessages(decoded.frame.messages).messages) {
      heard.push(message);
      if (message.type === 'go-away') said = { code: message.code, message: message.message };
    }
    if (socket.readyState === WebSocket.OPEN) socket.send(encodeCbor([0, received, []]));
  };
  socket.on('message', (data: Buffer) => take(new Uint8Array(data)));
  socket.on('unexpected-response', (_request, response) => {
    const pieces: Buffer[] = [];
    response.on('data', (piece: Buffer) => pieces.push(piece));
    response.on('end', () => {
      closed = { code: String(response.statusCode), message: Buffer.concat(pieces).toString() };
    });
  });
  socket.on('error', () => undefined);
  socket.on('close', (status, reason) => {
    const [code = '', ...rest] = reason.toString().split(': ');
    closed ??=
      rest.length === 0 ? { code: String(status), message: code } : { code, message: rest.join(': ') };
  });

  const node: RawNode = {
    id: nodeIdOf(identity.publicKey),
    seed,
    heard,
    isOpen: () => socket.readyState === WebSocket.OPEN,
    challenge: () => until('a challenge', async () => challenge, ANSWER_MS),
    welcome: () => until('a welcome', async () => welcome, ANSWER_MS),
    send: (data) => socket.send(data),
    say(...messages) {
      sequence += 1;
      socket.send(encodeCbor([sequence, received, messages]));
    },
    sequence: () => sequence,
    wait: (type, fits) =>
      until(
        `a message ${type}`,
        async () =>
          heard.find(
            (message): message is MessageOf<typeof type> =>
              message.type === type && (fits?.(message as MessageOf<typeof type>) ?? true),
          ),
        ANSWER_MS,
      ),
    async report(results, signature) {
      const root = merkleRoot(results.map(reportLeaf));
      node.say({
        type: 'report',
        results: results.map(wireResult),
        signature: signature ?? (await identity.sign(reportTranscript(root, results.length))),
      });
    },
    async hello({ before = {}, after = {} } = {}) {
      const unsigned = {
        type: 'hello',
        version: 1,
        key: identity.publicKey,
        nonce: new Uint8Array(randomBytes(32)),
        origin: url,
        profile: PROFILE,
        held: [],
        ...before,
      };
      const transcript = agentTranscript(await node.challenge(), unsigned);
      return encodeCbor({ ...unsigned, signature: await identity.sign(transcript), ...after });
    },
    ended: () =>
      until(
        'an end',
        async () => (said ?? closed) && (closed === undefined ? undefined : (said ?? closed)),
        ANSWER_MS,
      ),
    close: () => socket.terminate(),
  };
  return node;
}

const PROFILE = {
  agent: 'runner',
  version: '0.0.0',
  name: 'raw',
  cores: 1,
  threads: 1,
  features: [],
  labels: [],
};

/** A node that was welcomed, with the owner of `token` behind it. */
export async function joinRaw(
  url: string,
  options: RawNodeOptions & {
    readonly token?: string;
    readonly held?: readonly number[];
    readonly capacity?: number;
  } = {},
): Promise<RawNode> {
  const node = dialRaw(url, options);
  const { token, held = [], capacity = 0 } = options;
  node.send(await node.hello({ before: { held, ...(token === undefined ? {} : { token }) } }));
  await node.welcome();
  node.say({ type: 'capacity', leases: capacity });
  return node;
}

/** What `grant` is answered with when nobody runs it: whatever the test claims. */
export const claim = (grant: Grant, change: Partial<ReportedResult> = {}): ReportedResult => ({
  lease: grant.lease,
  grant: grantDigest(grant),
  outcome: 'completed',
  outputDigest: EMPTY_DIGEST as ReportedResult['outputDigest'],
  outputBytes: 0,
  output: new Uint8Array(),
  fuel: 1n,
  wallMs: 1,
  ...change,
});

const EMPTY_DIGEST = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

const wireResult = ({ grant, outputDigest, ...rest }: ReportedResult): CborValue => ({
  ...rest,
  grant: digestToBytes(grant),
  outputDigest: digestToBytes(outputDigest),
});
