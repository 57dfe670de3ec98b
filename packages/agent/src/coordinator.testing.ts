// A coordinator in the same process, on the mesh's real session host: grants what it is told to, checks what it hears.
import {
  createMemoryLinkPair,
  createNobleIdentity,
  createSessionHost,
  type HostSession,
  type Link,
  type MemoryLinkPair,
  verifySignature,
} from '@trine/mesh';
import { createWebRtcGate, type PeerSource, type WebRtcGate } from '@trine/mesh/webrtc';
import {
  type AgentMessage,
  type CodeIdentity,
  type Digest,
  digestOf,
  type Grant,
  type Hello,
  type LeaseId,
  merkleRoot,
  nodeIdOf,
  parseJobId,
  type Report,
  type ReportedResult,
  reportLeaf,
  reportTranscript,
} from '@trine/protocol';
import wabt from 'wabt';
import type { ArtifactTransfer } from './ports.ts';

export const ORIGIN = 'http://coordinator.test:3000';

/**
 * One guest for all tests, in the shape the rewriter gives. The input's first byte says what it does:
 * 0 answers it plus one · 1 spins without spending fuel · 2 answers 8 KiB · 3 traps · 4 spends all its fuel ·
 * 5 tells its progress, then spins.
 */
const GUEST = `(module
  (import "trine" "progress" (func $progress (param i32 i32)))
  (import "trine" "log" (func $log (param i32 i32)))
  (memory (export "memory") 2 16)
  (global $fuel (export "trine:fuel") (mut i64) (i64.const 0))
  (global $aborted (export "trine:aborted") (mut i32) (i32.const 0))
  (func $spend (param i64)
    (global.set $fuel (i64.sub (global.get $fuel) (local.get 0)))
    (if (i64.lt_s (global.get $fuel) (i64.const 0)) (then unreachable)))
  (func $spin (loop $again (br $again)))
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "run") (param $at i32) (param $length i32) (result i64)
    (local $what i32)
    (local.set $what (i32.load8_u (local.get $at)))
    (call $spend (i64.const 1000))
    (if (i32.eq (local.get $what) (i32.const 1)) (then (call $spin)))
    (if (i32.eq (local.get $what) (i32.const 2))
      (then (return (i64.or (i64.shl (i64.const 4096) (i64.const 32)) (i64.const 8192)))))
    (if (i32.eq (local.get $what) (i32.const 3)) (then unreachable))
    (if (i32.eq (local.get $what) (i32.const 4)) (then (loop $again (call $spend (i64.const 1000)) (br $again))))
    (if (i32.eq (local.get $what) (i32.const 5))
      (then (call $progress (i32.const 1) (i32.const 4)) (call $spin)))
    (i32.store8 (i32.const 0) (i32.add (i32.load8_u offset=1 (local.get $at)) (i32.const 1)))
    (i64.const 1)))`;

export async function guestBytes(): Promise<Uint8Array> {
  const parsed = (await wabt()).parseWat('guest.wat', GUEST);
  try {
    return new Uint8Array(parsed.toBinary({}).buffer);
  } finally {
    parsed.destroy();
  }
}

const job = parseJobId(`j${'a'.repeat(20)}`);
if (job === undefined) throw new Error('The test job has a wrong id.');
const JOB = job;

export interface GrantChange extends Partial<Grant> {
  readonly bytes?: Uint8Array;
}

export class TestCoordinator {
  readonly artifacts = new Map<Digest, Uint8Array>();
  readonly results = new Map<LeaseId, ReportedResult>();
  readonly returned = new Map<LeaseId, string>();
  readonly heard: AgentMessage[] = [];
  readonly hellos: Hello[] = [];
  /** How often each artifact was asked for. */
  readonly fetches: Digest[] = [];
  /** The address that agents must have dialled. */
  origin = ORIGIN;
  capacity: number | undefined;
  session: HostSession | undefined;
  ended: string | undefined;
  /** False: results are heard and not acknowledged as recorded, as before a crash. */
  records = true;
  /** Transfers fail this many times before they succeed. */
  failures = 0;
  #sessions = 0;
  #links: MemoryLinkPair[] = [];
  #lease = 64;
  readonly #module: Uint8Array;
  readonly #gate: WebRtcGate | undefined;
  readonly #waiting = new Set<() => void>();
  readonly #host = createSessionHost({
    identity: createNobleIdentity(new Uint8Array(32).fill(7)),
    originsAllowed: (origin) => origin === this.origin,
    coordinators: () => [ORIGIN],
    webrtc: () => this.#gate?.offer(),
    admit: async (hello) => {
      this.hellos.push(hello);
      this.#sessions += 1;
      return { type: 'admitted', node: nodeIdOf(hello.key), owner: 'itself', session: this.#sessions };
    },
    on: {
      opened: (session) => {
        this.session = session;
        this.capacity = undefined;
        this.#changed();
      },
      messages: (session, messages) => {
        for (const message of messages) this.#hear(session, message);
        this.#changed();
      },
      suspended: () => this.#changed(),
      resumed: () => this.#changed(),
      ended: (session, reason) => {
        this.#gate?.ended(session);
        this.ended = reason;
        this.#changed();
      },
    },
  });

  /** With `peers` it takes data channels as well. */
  constructor(module: Uint8Array, peers?: PeerSource) {
    this.#module = module;
    this.#gate = peers && createWebRtcGate({ host: this.#host, peers, iceServers: [] });
    this.artifacts.set(digestOf(module), module);
  }

  readonly dial = async (): Promise<Link> => {
    const pair = createMemoryLinkPair();
    this.#links.push(pair);
    this.accept(pair.right);
    return pair.left;
  };

  accept(link: Link): void {
    this.#host.accept(link, { remoteAddress: '192.0.2.1' });
  }

  readonly transfer: ArtifactTransfer = {
    fetch: async (_origin, artifact) => {
      this.fetches.push(artifact.digest);
      if (this.failures > 0) {
        this.failures -= 1;
        throw new Error('the connection was cut');
      }
      const bytes = this.artifacts.get(artifact.digest);
      if (bytes === undefined) throw new Error('404');
      return bytes;
    },
    upload: async (_origin, { digest, bytes, bearer }) => {
      if (bearer !== `bearer-${digest}`) throw new Error('403');
      this.artifacts.set(digest, bytes);
    },
  };

  /** A lease on the test guest; its input is `[what, value]`. */
  grant(what: number, value = 0, change: GrantChange = {}): Grant {
    const bytes = change.bytes ?? Uint8Array.of(what, value);
    this.#lease += 64;
    const code: CodeIdentity = { module: digestOf(this.#module), edition: 'test' };
    return {
      lease: this.#lease as LeaseId,
      job: JOB,
      index: value,
      code,
      abi: 'trine-1',
      module: this.artifactOf(this.#module),
      input: { type: 'inline', bytes },
      inputDigest: digestOf(bytes),
      limits: { fuel: 1_000_000n, memoryBytes: 1_048_576, outputBytes: 65_536 },
      deadlineMs: 60_000,
      jobName: 'test job',
      ...change,
    };
  }

  artifactOf(bytes: Uint8Array): Grant['module'] {
    return {
      digest: digestOf(bytes),
      sizeBytes: bytes.length,
      chunks: digestOf(digestBytes(bytes)),
      bearer: 'b',
    };
  }

  offer(...grants: readonly Grant[]): void {
    this.session?.send({ type: 'grants', grants: [...grants] });
  }

  abandon(...leases: readonly LeaseId[]): void {
    this.session?.send({ type: 'abandon', leases: [...leases], reason: 'decided without it' });
  }

  record(...leases: readonly LeaseId[]): void {
    this.session?.send({ type: 'results-recorded', leases: [...leases] });
  }

  /** Cuts the links without a word, as a lost network does. */
  cut(): void {
    for (const link of this.#links.splice(0)) link.cut('cut by the test');
  }

  /** Resolves when the condition holds; it is looked at after everything that is heard. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!condition()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  close(): Promise<void> {
    return this.#host.close();
  }

  #changed(): void {
    for (const look of this.#waiting) look();
  }

  #hear(session: HostSession, message: AgentMessage): void {
    this.heard.push(message);
    if (message.type === 'signal') this.#gate?.signal(session, message);
    if (message.type === 'capacity') this.capacity = message.leases;
    if (message.type === 'return-leases') {
      for (const lease of message.leases) this.returned.set(lease, message.reason);
    }
    if (message.type === 'upload-request') {
      const { lease, digest } = message;
      session.send({ type: 'upload-granted', lease, digest, bearer: `bearer-${digest}` });
    }
    if (message.type === 'report') this.#report(session, message);
  }

  #report(session: HostSession, report: Report): void {
    const transcript = reportTranscript(merkleRoot(report.results.map(reportLeaf)), report.results.length);
    if (verifySignature(session.publicKey, transcript, report.signature) !== true) {
      throw new Error('A report whose signature does not hold.');
    }
    for (const result of report.results) this.results.set(result.lease, result);
    if (this.records) this.record(...report.results.map(({ lease }) => lease));
  }
}

const digestBytes = (bytes: Uint8Array): Uint8Array => Uint8Array.from(Buffer.from(digestOf(bytes), 'hex'));
