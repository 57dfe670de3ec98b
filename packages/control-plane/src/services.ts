/**
 * What the routers call. Interfaces only, free of any platform, so that the page, the SDK and the command line
 * can compile against the router's type without seeing how any of it is done.
 */
import type { JobId, JobState, KeyId, NodeId } from '@trine/protocol';
import type { Caller, KeyCaller } from './caller.ts';
import type { SubmitRequest } from './routers/schemas.ts';
import type { KeyRole } from './store/store.ts';
import type {
  JobView,
  KeyView,
  LiveView,
  NodeView,
  OverviewView,
  ResultView,
  TaskStateView,
  TaskView,
  TokenView,
} from './views.ts';

export interface JobsQuery {
  readonly state: JobState | undefined;
  /** Only jobs submitted before this time, for paging. */
  readonly before: number | undefined;
  readonly count: number;
}

export interface TaskRange {
  readonly job: JobId;
  readonly from: number;
  readonly count: number;
}

export interface JobService {
  submit(caller: KeyCaller, request: SubmitRequest): Promise<JobView>;
  get(caller: Caller, job: JobId): Promise<JobView>;
  list(caller: Caller, query: JobsQuery): Promise<readonly JobView[]>;
  cancel(caller: KeyCaller, job: JobId): Promise<JobView>;
  tasks(caller: Caller, range: TaskRange): Promise<readonly TaskView[]>;
  task(caller: Caller, job: JobId, index: number): Promise<TaskView>;
  taskStates(caller: Caller, range: TaskRange): Promise<readonly TaskStateView[]>;
  disagreements(caller: Caller, job: JobId | undefined, count: number): Promise<readonly TaskView[]>;
  /** Entries of the result log after a sequence number, in order. */
  resultsPage(
    caller: Caller,
    page: { readonly job: JobId; readonly after: number; readonly count: number },
  ): Promise<readonly ResultView[]>;
  /** The log from there on, as it grows; ends when the job has ended and everything was given. */
  results(
    caller: Caller,
    from: { readonly job: JobId; readonly after: number; readonly signal: AbortSignal },
  ): AsyncIterable<ResultView>;
}

/** A node with the tasks it touched last, newest first. */
export interface NodeDetailView extends NodeView {
  readonly recent: readonly TaskView[];
}

export interface ClusterService {
  overview(): Promise<OverviewView>;
  live(signal: AbortSignal): AsyncIterable<LiveView>;
  nodes(): Promise<readonly NodeView[]>;
  node(caller: Caller, node: NodeId): Promise<NodeDetailView>;
}

export interface AccessService {
  createKey(request: { readonly name: string; readonly role: KeyRole }): Promise<{
    /** The secret, shown this once. */
    readonly key: string;
    readonly view: KeyView;
  }>;
  listKeys(): Promise<readonly KeyView[]>;
  revokeKey(key: KeyId): Promise<boolean>;
  createToken(request: {
    readonly ownerName: string;
    readonly expiresInMs: number | undefined;
    readonly label: string;
  }): Promise<{
    /** The secret, shown this once. */
    readonly token: string;
    readonly view: TokenView;
  }>;
  listTokens(): Promise<readonly TokenView[]>;
  revokeToken(token: string): Promise<boolean>;
  createLink(key: KeyId): Promise<{
    /** Path below any origin of this coordinator; good for one sign-in. */
    readonly path: string;
    readonly expiresAtMs: number;
  }>;
}

export interface Services {
  readonly jobs: JobService;
  readonly cluster: ClusterService;
  readonly access: AccessService;
}

/** What every procedure sees. */
export interface RequestContext {
  readonly caller: Caller;
  readonly services: Services;
  /**
   * Takes task states out of what one HTTP request may ask for, over all calls of its batch; false when less is
   * left. Calls inside the process have none, and are not counted.
   */
  readonly takeStates?: (count: number) => boolean;
}
