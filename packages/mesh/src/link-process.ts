/**
 * Data channels to the coordinator end in a process of their own. When it dies, its links close, the sessions
 * on them resume over WebSocket, and it is started again after a pause.
 *
 *   starting ──ready──▶ running ──died──▶ paused ──▶ starting
 *       └─ no WebRTC here ──▶ unavailable                        any ──close──▶ closed
 */
import { type ChildProcess, fork } from 'node:child_process';
import {
  PROCESS_LINKS_MAX,
  PROCESS_RESTART_BASE_MS,
  PROCESS_RESTART_CAP_MS,
  PROCESS_STOP_MS,
} from './limits.ts';
import {
  batched,
  type FromChild,
  LOOPBACK_ONLY,
  ProcessPort,
  type ToChild,
} from './link-process-messages.ts';
import type { PeerHandle, PeerHandlers, PeerSource } from './peer-source.ts';
import { portLink } from './port-link.ts';

export interface LinkProcessOptions {
  /** The bundled `src/link-child.ts` (see `build-link-child.mjs`), from where `@roamhq/wrtc` resolves. */
  readonly entry: string;
  /** Places in the process. Default 250. */
  readonly maxLinks?: number;
  /** Whether peers keep to the loopback interface, as tests do. Default false. */
  readonly loopbackOnly?: boolean;
  /** Told when availability changes, for logs. */
  readonly onChanged?: (available: boolean, reason: string) => void;
}

export interface LinkProcess extends PeerSource {
  /** Resolves when the process first runs, or cannot. */
  readonly started: Promise<void>;
  /** The process's id while there is one. */
  readonly pid: number | undefined;
  /** Ends the process and with it all its links. */
  close(): Promise<void>;
}

export const startLinkProcess = (options: LinkProcessOptions): LinkProcess => new ForkedPeers(options);

interface ForkedPeer {
  readonly handlers: PeerHandlers;
  readonly port: ProcessPort;
  opened: boolean;
}

type State = 'starting' | 'running' | 'paused' | 'unavailable' | 'closed';

class ForkedPeers implements LinkProcess {
  readonly started: Promise<void>;
  readonly #options: LinkProcessOptions;
  readonly #linksMax: number;
  readonly #peers = new Map<number, ForkedPeer>();
  readonly #post = batched<ToChild>((batch) => {
    if (this.#child?.connected === true) this.#child.send([...batch], () => undefined);
  });
  #child: ChildProcess | undefined;
  #state: State = 'starting';
  #reason = 'the link process is starting';
  #complaints = '';
  #failures = 0;
  #nextId = 1;
  #restart: NodeJS.Timeout | undefined;
  #markStarted: () => void = () => undefined;

  constructor(options: LinkProcessOptions) {
    this.#options = options;
    this.#linksMax = options.maxLinks ?? PROCESS_LINKS_MAX;
    this.started = new Promise((resolve) => {
      this.#markStarted = resolve;
    });
    this.#fork();
  }

  get available(): boolean {
    return this.#state === 'running' && this.#peers.size < this.#linksMax;
  }

  get reason(): string {
    if (this.#state !== 'running') return this.#reason;
    return this.#peers.size < this.#linksMax ? '' : `all ${this.#linksMax} data channels are taken`;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  accept(handlers: PeerHandlers): PeerHandle {
    const id = this.#nextId;
    this.#nextId += 1;
    const port = new ProcessPort((message) => this.#post({ type: 'port', id, message }));
    this.#peers.set(id, { handlers, port, opened: false });
    this.#post({ type: 'open', id, iceServers: handlers.iceServers });
    return {
      signal: (data) => this.#post({ type: 'signal', id, data }),
      close: (reason) => this.#post({ type: 'drop', id, reason }),
    };
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#change('closed', 'the coordinator is ending');
    clearTimeout(this.#restart);
    this.#markStarted();
    const child = this.#child;
    if (child === undefined) return;
    const ended = new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
    });
    if (child.connected) child.disconnect();
    const kill = setTimeout(() => child.kill('SIGKILL'), PROCESS_STOP_MS);
    await ended;
    clearTimeout(kill);
  }

  #fork(): void {
    this.#change('starting', 'the link process is starting');
    this.#complaints = '';
    const child = fork(this.#options.entry, this.#options.loopbackOnly === true ? [LOOPBACK_ONLY] : [], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: [],
      // It parses what strangers send: the coordinator's secrets have no business there.
      env: bareEnv(),
    });
    this.#child = child;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#complaints = (this.#complaints + text).slice(-COMPLAINT_CHARACTERS_MAX);
    });
    child.on('message', (batch) => {
      for (const message of batch as readonly FromChild[]) this.#take(message);
    });
    child.on('error', (error) => {
      this.#complaints = error.message;
    });
    child.once('exit', (code, signal) => this.#died(child, code === null ? `${signal}` : `code ${code}`));
  }

  #take(message: FromChild): void {
    if (message.type === 'ready') {
      this.#change('running', '');
      return this.#markStarted();
    }
    if (message.type === 'unavailable') {
      this.#change('unavailable', message.reason);
      this.#child?.disconnect();
      return this.#markStarted();
    }
    const peer = this.#peers.get(message.id);
    if (peer === undefined) return;
    switch (message.type) {
      case 'signal':
        return peer.handlers.onSignal(message.data);
      case 'opened':
        peer.opened = true;
        return peer.handlers.onLink(portLink(peer.port, 'a node'));
      case 'failed':
        return peer.handlers.onFailed(message.reason);
      case 'port':
        return peer.port.deliver(message.message);
      case 'ended':
        this.#peers.delete(message.id);
        return peer.handlers.onEnded?.();
    }
  }

  #died(child: ChildProcess, how: string): void {
    if (child !== this.#child) return;
    this.#child = undefined;
    const reason = 'the link process ended';
    const peers = [...this.#peers.values()];
    this.#peers.clear();
    for (const peer of peers) {
      if (peer.opened) peer.port.deliver({ type: 'close', code: 'closed', reason });
      else peer.handlers.onFailed(reason);
      peer.handlers.onEnded?.();
    }
    if (this.#state === 'closed' || this.#state === 'unavailable') return;
    const pauseMs = Math.min(PROCESS_RESTART_CAP_MS, PROCESS_RESTART_BASE_MS * 2 ** this.#failures);
    this.#failures += 1;
    this.#change('paused', `the link process ended (${how})${this.#complaint()}; it starts again`);
    this.#restart = setTimeout(() => this.#fork(), pauseMs);
    this.#restart.unref();
  }

  #complaint(): string {
    const last = this.#complaints.trim().split('\n').at(-1) ?? '';
    return last === '' ? '' : `: ${last}`;
  }

  #change(state: State, reason: string): void {
    this.#state = state;
    this.#reason = reason;
    this.#options.onChanged?.(this.available, reason);
  }
}

/** How much of what a dying process says is kept to explain it. */
const COMPLAINT_CHARACTERS_MAX = 2_000;

/** Windows cannot start a process without its root; everywhere else nothing is needed. */
function bareEnv() {
  const { SystemRoot } = process.env;
  return { NODE_ENV: 'production' as const, ...(SystemRoot === undefined ? {} : { SystemRoot }) };
}
