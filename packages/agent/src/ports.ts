/** What a node's loop needs from its home, the page's Worker or the headless runner. Only these differ. */
import type { AgentKind, ArtifactGrant, Digest, Heartbeat, NodeProfile } from '@trine/protocol';
import type { Clock, Entropy, Link, NodeIdentity, VerifySignature } from '@trine/mesh';
import type { ThreadFactory } from '@trine/sandbox';
import type { ChannelSource } from './channel-keeper.ts';

/** Small values by name, kept over restarts. Reads answer `undefined` for what is not there. */
export interface ByteStore {
  get(key: string): Promise<Uint8Array | undefined>;
  put(key: string, bytes: Uint8Array): Promise<void>;
  delete(key: string): Promise<void>;
}

/** Module bytes by digest. What it answers is verified by the reader, so it may be damaged or shared. */
export interface ModuleCache {
  get(digest: Digest): Promise<Uint8Array | undefined>;
  put(digest: Digest, bytes: Uint8Array): Promise<void>;
  delete(digest: Digest): Promise<void>;
}

/** The coordinator's artifacts over HTTP. Rejects when the transfer fails; the caller tries again. */
export interface ArtifactTransfer {
  fetch(origin: string, artifact: ArtifactGrant, signal: AbortSignal): Promise<Uint8Array>;
  upload(origin: string, upload: Upload, signal: AbortSignal): Promise<void>;
}

export interface Upload {
  readonly digest: Digest;
  readonly bytes: Uint8Array;
  readonly bearer: string;
}

/** The machine, as it describes itself. */
export interface Sensors {
  /** Everything but the threads lent and the measured speed, which the agent knows itself. */
  profile(): Promise<Omit<NodeProfile, 'agent' | 'threads' | 'fuelPerSecond' | 'webrtc'>>;
  /** Figures of this moment for the heartbeat; what the platform cannot tell is absent. */
  figures(): Promise<MachineFigures>;
}

export type MachineFigures = Pick<
  Heartbeat,
  'cpuPercent' | 'memoryUsedBytes' | 'temperatureCelsius' | 'batteryPercent' | 'onBattery' | 'uptimeSeconds'
>;

/** Structured log lines; secrets never reach it. */
export interface AgentLog {
  debug(fields: Readonly<Record<string, unknown>>, message: string): void;
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** Everything the loop needs. */
export interface AgentPorts {
  readonly kind: AgentKind;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly identity: NodeIdentity;
  /** Checks the coordinator's signature; portable code where absent. */
  readonly verify?: VerifySignature;
  /** Opens a link to the coordinator at this origin. */
  readonly dial: (origin: string) => Promise<Link>;
  readonly threads: ThreadFactory;
  /** SHA-256 by the platform's fastest means. */
  readonly hash: (bytes: Uint8Array) => Promise<Digest>;
  readonly modules: ModuleCache;
  readonly vault: ByteStore;
  readonly transfer: ArtifactTransfer;
  readonly sensors: Sensors;
  readonly channels: ChannelSource;
  readonly log: AgentLog;
  /** What is weaker on this platform, in sentences. */
  readonly weaker: readonly string[];
}
