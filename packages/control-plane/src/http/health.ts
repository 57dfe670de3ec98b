/** `/health`: alive says the process answers, ready that everything it needs does. */
import type { Store } from '../store/store.ts';

export interface Dependency {
  readonly ok: boolean;
  /** What is wrong and what follows from it; empty when nothing is. */
  readonly message: string;
}

export interface Health {
  readonly alive: true;
  readonly ready: boolean;
  readonly version: string;
  readonly dependencies: {
    readonly store: Dependency;
    readonly shards: Dependency;
    /** WebRTC. Without it nodes stay on their WebSocket, so it does not count for `ready`. */
    readonly webrtc: Dependency;
    /** Free space. With too little of it intake stops and running work goes on, so it does not count either. */
    readonly disk: Dependency;
  };
}

export interface HealthOptions {
  readonly store: Pick<Store, 'ping'>;
  readonly shards: () => Dependency;
  readonly webrtc: () => Dependency;
  readonly disk: () => Dependency;
  readonly version: string;
}

/** A store that does not answer within this is taken as away. */
const PING_MS = 2_000;

export async function readHealth(options: HealthOptions): Promise<Health> {
  const store = await pingStore(options.store);
  const shards = options.shards();
  return {
    alive: true,
    ready: store.ok && shards.ok,
    version: options.version,
    dependencies: { store, shards, webrtc: options.webrtc(), disk: options.disk() },
  };
}

async function pingStore(store: Pick<Store, 'ping'>): Promise<Dependency> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Dependency>((resolve) => {
    timer = setTimeout(
      () => resolve({ ok: false, message: `the store did not answer within ${PING_MS / 1_000} s` }),
      PING_MS,
    );
  });
  const answered = store.ping().then(
    () => ({ ok: true, message: '' }),
    (cause: unknown) => ({
      ok: false,
      message: cause instanceof Error ? cause.message : 'the store is away',
    }),
  );
  return Promise.race([answered, late]).finally(() => clearTimeout(timer));
}
