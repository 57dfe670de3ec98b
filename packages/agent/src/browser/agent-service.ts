/** What crosses between the page and the agent's Worker. Types only. */
import type { AgentView } from '../view.ts';

export interface AgentWorkerSettings {
  readonly origin: string;
  /** Absolute. */
  readonly guestUrl: string;
  readonly threads: number;
  readonly token?: string | undefined;
  /** A name its person gave this browser. */
  readonly name?: string | undefined;
}

/** What the page lends, called from the Worker. */
export interface PeerLender {
  /** Opens a peer as initiator; everything else about it travels over the port as {@link PeerPortMessage}. */
  open(iceServers: readonly { readonly urls: string }[], port: MessagePort): void;
}

export type PeerPortMessage =
  /** Both ways: text for or from the other side. */
  | { readonly type: 'signal'; readonly data: string }
  /** Page to Worker: the channel is open, its frames travel over this second port. */
  | { readonly type: 'opened'; readonly port: MessagePort }
  /** Page to Worker: it will not open. */
  | { readonly type: 'failed'; readonly reason: string }
  /** Worker to page: the attempt is given up. */
  | { readonly type: 'close'; readonly reason: string };

/** What the Worker exposes. `open` comes first, once. */
export interface AgentService {
  open(settings: AgentWorkerSettings, lender: PeerLender): Promise<void>;
  start(): Promise<void>;
  stop(reason: string): Promise<void>;
  pause(reason: string): void;
  resume(): void;
  setThreads(threads: number): void;
  watch(listener: (view: AgentView) => void): void;
}
