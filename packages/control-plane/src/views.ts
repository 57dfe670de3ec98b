/**
 * What pages, SDK and command line are shown: plain JSON (the API has no transformer, so curl and Python read
 * it as it is). Fuel and credit are decimal strings, times are milliseconds since 1970, digests 64 hex characters,
 * bytes base64.
 */
import type {
  AgentKind,
  JobState,
  LinkKind,
  NodeProfile,
  Outcome,
  ResultKind,
  TaskState,
  Verdict,
} from '@trine/protocol';

export interface JobView {
  readonly id: string;
  readonly name: string;
  readonly state: JobState;
  /** Why it is in this state or what it waits for, in words; empty when it simply runs. */
  readonly reason: string;
  readonly moduleDigest: string;
  readonly moduleBytes: number;
  /** Edition that prepared the module; absent while it is prepared. */
  readonly edition?: string | undefined;
  readonly abi: string;
  readonly tasks: TaskCounts;
  readonly fuel: string;
  readonly invalidResults: number;
  readonly submittedAtMs: number;
  readonly finishedAtMs?: number | undefined;
  readonly isPublic: boolean;
  /** True when the caller's key made it. */
  readonly isMine: boolean;
  readonly manifest: JobManifest;
  readonly policy: {
    readonly replicas: number;
    readonly quorum: number;
    readonly replicasMax: number;
    readonly timeoutMs: number;
    readonly priority: number;
  };
  readonly limits: { readonly fuel: string; readonly memoryBytes: number; readonly outputBytes: number };
  /** Last sequence of the result log. */
  readonly resultSequence: number;
}

export interface TaskCounts {
  readonly total: number;
  readonly waiting: number;
  readonly running: number;
  readonly verified: number;
  readonly disputed: number;
  readonly abandoned: number;
}

/** What a submitter may say about a job, for people: shown, never trusted. */
export interface JobManifest {
  readonly title?: string | undefined;
  readonly summary?: string | undefined;
  readonly output?: OutputView | undefined;
}

export interface OutputField {
  readonly name: string;
  /** Bytes from the output's beginning. */
  readonly offset: number;
  /** `hex64` is a u64 shown as 16 hex characters. */
  readonly type: 'u8' | 'u16' | 'u32' | 'i32' | 'u64' | 'i64' | 'u128' | 'f64' | 'hex64';
  /** Words for values, e.g. `{ "1": "prime" }`. */
  readonly words?: Readonly<Record<string, string>> | undefined;
}

/** How outputs are shown. */
export type OutputView =
  | { readonly kind: 'bytes' }
  | { readonly kind: 'text' }
  /** Little-endian numbers at fixed offsets, with their names. */
  | { readonly kind: 'fields'; readonly fields: readonly OutputField[] }
  | {
      readonly kind: 'image';
      readonly columns: number;
      readonly rows: number;
      readonly tileWidth: number;
      readonly tileHeight: number;
      /** `palette8`: one byte a pixel into `palette`, RGB triples as hex; `rgba8`: four bytes a pixel. */
      readonly format: 'palette8' | 'rgba8';
      readonly palette?: string | undefined;
    };

export interface TaskStateView {
  readonly index: number;
  readonly state: TaskState;
}

export interface ReplicaView {
  readonly lease: number;
  readonly node: string;
  readonly nodeName: string;
  readonly owner: string;
  readonly ownerName: string;
  /** Set for nodes that lie for a demonstration. */
  readonly nodeLabel: string;
  readonly grantedAtMs: number;
  readonly ended?: string | undefined;
  readonly outcome?: Outcome | undefined;
  readonly outputDigest?: string | undefined;
  readonly fuel?: string | undefined;
  readonly wallMs?: number | undefined;
  readonly verdict?: Verdict | undefined;
  readonly reason: string;
}

export interface TaskView {
  readonly job: string;
  readonly index: number;
  readonly state: TaskState;
  readonly reason: string;
  readonly inputDigest: string;
  readonly canonical?:
    | {
        readonly outcome: Outcome;
        readonly outputDigest: string;
        readonly outputBytes: number;
        readonly fuel: string;
      }
    | undefined;
  readonly replicas: readonly ReplicaView[];
  readonly changedAtMs: number;
}

export interface ResultView {
  readonly job: string;
  readonly sequence: number;
  readonly index: number;
  readonly kind: ResultKind;
  readonly outcome?: Outcome | undefined;
  readonly outputDigest?: string | undefined;
  readonly outputBytes: number;
  /** Base64 of an output of at most 4 KiB; larger ones are fetched by digest. */
  readonly output?: string | undefined;
  readonly fuel: string;
  readonly reason: string;
}

export interface NodeView {
  readonly id: string;
  readonly name: string;
  readonly agent: AgentKind;
  readonly owner: string;
  readonly ownerName: string;
  /** True when the owner is proved by a join token. */
  readonly hasToken: boolean;
  readonly label: string;
  readonly online: boolean;
  /** State with its reason, as the node says it. */
  readonly state: string;
  /** Which link carries its session now, and why not WebRTC where it is not. */
  readonly link?: LinkKind | undefined;
  readonly linkNote: string;
  readonly leases: number;
  readonly capacity: number;
  readonly profile: NodeProfile;
  readonly verdicts: {
    readonly valid: number;
    readonly invalid: number;
    readonly inconclusive: number;
    readonly late: number;
    readonly unanswered: number;
  };
  readonly credit: string;
  readonly figures: {
    readonly cpuPercent?: number | undefined;
    readonly memoryUsedBytes?: number | undefined;
    readonly temperatureCelsius?: number | undefined;
    readonly batteryPercent?: number | undefined;
    readonly fuelPerSecond?: number | undefined;
    readonly atMs?: number | undefined;
  };
  readonly firstSeenAtMs: number;
  readonly lastSeenAtMs: number;
}

export interface OverviewView {
  readonly coordinator: {
    readonly name: string;
    readonly version: string;
    readonly startedAtMs: number;
    readonly key: string;
  };
  /** What is stopped, why, and what to do; absent when nothing is. */
  readonly notice?: string | undefined;
  readonly nodesOnline: number;
  readonly ownersOnline: number;
  readonly nodesKnown: number;
  readonly leases: number;
  readonly capacity: number;
  readonly jobs: { readonly running: number; readonly total: number };
  readonly tasks: {
    readonly total: number;
    readonly verified: number;
    readonly disputed: number;
    readonly abandoned: number;
  };
  readonly invalidResults: number;
  readonly fuel: string;
  /** The last two minutes, one point a second, oldest first. */
  readonly throughput: readonly {
    readonly atMs: number;
    readonly verified: number;
    readonly results: number;
    readonly fuel: string;
  }[];
}

/** One tick of the live view: at most four a second, and only when something changed. */
export interface LiveView {
  readonly overview: OverviewView;
  readonly jobsChanged: readonly string[];
  readonly nodesChanged: boolean;
}

export interface KeyView {
  readonly id: string;
  readonly name: string;
  readonly role: 'operator' | 'submitter';
  readonly createdAtMs: number;
  readonly revokedAtMs?: number | undefined;
  readonly lastUsedAtMs?: number | undefined;
}

export interface TokenView {
  readonly id: string;
  readonly ownerName: string;
  readonly createdAtMs: number;
  readonly expiresAtMs?: number | undefined;
  readonly revokedAtMs?: number | undefined;
  readonly uses: number;
}
