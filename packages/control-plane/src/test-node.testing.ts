/** For tests: a node that speaks the real protocol over a real WebSocket and does exactly what a test says. */
import { createHash, randomBytes } from 'node:crypto';
import { type AgentSession, createAgentSession, type Refusal } from '@trine/mesh';
import { createNodeIdentity } from '@trine/mesh/identity-node';
import { dialWebSocket } from '@trine/mesh/websocket';
import {
  type CoordinatorMessage,
  digestFromBytes,
  type Grant,
  grantDigest,
  type LeaseId,
  merkleRoot,
  type NodeId,
  nodeIdOf,
  type NodeProfile,
  type Outcome,
  type ReportedResult,
  reportLeaf,
  reportTranscript,
} from '@trine/protocol';
import { WebSocket } from 'ws';

/** What a run ended as; the rest of a result follows from it. */
export interface Answer {
  readonly outcome?: Outcome;
  readonly output?: Uint8Array;
  readonly fuel?: bigint;
}

type MessageOf<T extends CoordinatorMessage['type']> = Extract<CoordinatorMessage, { readonly type: T }>;

export interface TestNodeOptions {
  readonly url: string;
  readonly token?: string;
  readonly seed?: Uint8Array;
  readonly name?: string;
  readonly capacity?: number;
  readonly held?: readonly LeaseId[];
  /** Origin it says it dialled; the URL unless told. */
  readonly origin?: string;
  /** Takes the signals of an attempt to move to a data channel. */
  readonly onSignal?: (signal: MessageOf<'signal'>) => void;
  /** Answers each grant as it comes; without it grants only pile up. */
  readonly answer?: (grant: Grant) => Answer | undefined;
}

export interface TestNode {
  readonly node: NodeId;
  readonly session: AgentSession;
  /** Leases granted and neither recorded nor abandoned. */
  readonly grants: ReadonlyMap<LeaseId, Grant>;
  /** Everything heard, oldest first. */
  readonly heard: readonly CoordinatorMessage[];
  readonly refusals: readonly Refusal[];
  /** Resolves once the node is welcomed. */
  readonly opened: Promise<{ readonly session: number; readonly owner: string }>;
  /** Resolves with the first message of this type, heard already or to come, that fits. */
  wait<T extends CoordinatorMessage['type']>(
    type: T,
    fits?: (message: MessageOf<T>) => boolean,
  ): Promise<MessageOf<T>>;
  waitRefused(): Promise<Refusal>;
  /** Signs and sends results. */
  report(results: readonly ReportedResult[], change?: { readonly signature?: Uint8Array }): Promise<void>;
  /** Cuts the link without a word, as a lost network does. */
  cut(): void;
  /** Cuts the link and never comes back. */
  vanish(): void;
  leave(): Promise<void>;
}

export const sha256 = (bytes: Uint8Array) => digestFromBytes(createHash('sha256').update(bytes).digest());

export function resultFor(grant: Grant, answer: Answer = {}): ReportedResult {
  const output = answer.output ?? new Uint8Array();
  return {
    lease: grant.lease,
    grant: grantDigest(grant),
    outcome: answer.outcome ?? 'completed',
    outputDigest: sha256(output),
    outputBytes: output.length,
    ...(output.length <= 4_096 ? { output } : {}),
    fuel: answer.fuel ?? 7n,
    wallMs: 1,
  };
}

export function startTestNode(options: TestNodeOptions): TestNode {
  const identity = createNodeIdentity(options.seed ?? randomBytes(32));
  const heard: CoordinatorMessage[] = [];
  const refusals: Refusal[] = [];
  const grants = new Map<LeaseId, Grant>();
  /** Results of `answer`, kept and repeated in each new session until they are recorded. */
  const unrecorded = new Map<LeaseId, ReportedResult>();
  const watchers = new Set<() => void>();
  let socket: WebSocket | undefined;
  let isGone = false;
  let welcome: (value: { readonly session: number; readonly owner: string }) => void = () => undefined;
  const opened = new Promise<{ readonly session: number; readonly owner: string }>((resolve) => {
    welcome = resolve;
  });
  const wake = (): void => {
    for (const watcher of watchers) watcher();
  };

  const hear = (message: CoordinatorMessage): void => {
    heard.push(message);
    if (message.type === 'signal') options.onSignal?.(message);
    if (message.type === 'grants') {
      for (const grant of message.grants) grants.set(grant.lease, grant);
      const answered = message.grants.flatMap((grant) => {
        const answer = options.answer?.(grant);
        return answer === undefined ? [] : [resultFor(grant, answer)];
      });
      for (const result of answered) unrecorded.set(result.lease, result);
      if (answered.length > 0) void report(answered);
    }
    if (message.type === 'results-recorded' || message.type === 'abandon') {
      for (const lease of message.leases) {
        grants.delete(lease);
        unrecorded.delete(lease);
      }
    }
  };

  const session = createAgentSession({
    dial: () => {
      if (isGone) return new Promise(() => undefined);
      socket = new WebSocket(`${options.url.replace('http', 'ws')}/session`);
      return dialWebSocket(socket, options.url);
    },
    origin: options.origin ?? options.url,
    identity,
    hello: () => ({
      profile: profileOf(options),
      held: [...(options.held ?? []), ...grants.keys()],
      ...(options.token === undefined ? {} : { token: options.token }),
    }),
    on: {
      opened: ({ session: number, owner, resumed }) => {
        session.keepalive(true);
        session.send({ type: 'capacity', leases: options.capacity ?? 4 });
        if (!resumed && unrecorded.size > 0) void report([...unrecorded.values()]);
        welcome({ session: number, owner });
      },
      messages: (messages) => {
        for (const message of messages) hear(message);
        wake();
      },
      suspended: () => undefined,
      refused: (refusal) => {
        refusals.push(refusal);
        wake();
      },
      closed: () => wake(),
      linkChanged: () => undefined,
    },
  });

  const report: TestNode['report'] = async (results, change) => {
    const root = merkleRoot(results.map(reportLeaf));
    const signature = change?.signature ?? (await identity.sign(reportTranscript(root, results.length)));
    session.send({ type: 'report', results: [...results], signature });
  };

  const watch = <T>(look: () => T | undefined): Promise<T> =>
    new Promise((resolve) => {
      const watcher = (): void => {
        const found = look();
        if (found === undefined) return;
        watchers.delete(watcher);
        resolve(found);
      };
      watchers.add(watcher);
      watcher();
    });

  return {
    node: nodeIdOf(identity.publicKey),
    session,
    grants,
    heard,
    refusals,
    opened,
    wait: (type, fits) =>
      watch(() =>
        heard.find(
          (message): message is MessageOf<typeof type> =>
            message.type === type && (fits?.(message as MessageOf<typeof type>) ?? true),
        ),
      ),
    waitRefused: () => watch(() => refusals[0]),
    report,
    cut: () => socket?.terminate(),
    vanish: () => {
      isGone = true;
      socket?.terminate();
    },
    leave: () => session.close('the test is over'),
  };
}

const profileOf = (options: TestNodeOptions): NodeProfile => ({
  agent: 'runner',
  version: '0.1.0',
  name: options.name ?? 'test node',
  cores: 4,
  threads: 4,
  features: [],
  labels: [],
});

/** A guest whose output is its input: `memory`, `alloc` and `run`, without imports. */
export const ECHO_MODULE = new Uint8Array(
  Buffer.from(
    'AGFzbQEAAAABDAJgAX8Bf2ACf38BfgMDAgABBQMBAAEHGAMGbWVtb3J5AgAFYWxsb2MAAANydW4AAQoUAgUAQYAICwwAIACtQiCGIAGthAs=',
    'base64',
  ),
);

/** The input of a grant, as the guest would get it. */
export const inputOf = (grant: Grant): Uint8Array =>
  grant.input.type === 'inline' ? grant.input.bytes : new Uint8Array();
