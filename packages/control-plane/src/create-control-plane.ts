/** Builds the coordinator without its pages: one object that answers requests and upgrades, and closes cleanly. */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { type Clock, createSessionHost, type SessionHost, systemClock } from '@trine/mesh';
import { createNodeIdentity, verifyWithNode } from '@trine/mesh/identity-node';
import { type LinkProcess, startLinkProcess } from '@trine/mesh/link-process';
import { createWebRtcGate, type WebRtcGate } from '@trine/mesh/webrtc';
import { LIMITS, type ShardId } from '@trine/protocol';
import type { Logger } from 'pino';
import { type Announcements, createAnnouncements } from './announcements.ts';
import { openArtifactFiles } from './artifacts/artifact-files.ts';
import { createAccessService } from './auth/access-service.ts';
import { createBearers } from './auth/bearers.ts';
import { createOriginRules } from './auth/origins.ts';
import { sha256 } from './auth/secrets.ts';
import type { Caller } from './caller.ts';
import { type Activity, createActivity } from './cluster/activity.ts';
import { createClusterService } from './cluster/cluster-service.ts';
import { carryOut } from './effects.ts';
import type { EventSink } from './event-sink.ts';
import { Gateway } from './gateway/gateway.ts';
import { createNewcomers } from './gateway/newcomers.ts';
import { createAuthRoutes } from './http/auth-routes.ts';
import { type Health, readHealth } from './http/health.ts';
import { createMetrics, type Metrics } from './http/metrics.ts';
import { createRequestHandler, type RequestHandler } from './http/request-handler.ts';
import { createSessionUpgrades } from './http/session-upgrades.ts';
import { createTrpcRoutes } from './http/trpc-routes.ts';
import { createJobService } from './jobs/job-service.ts';
import { createNodeDirectory } from './node-directory.ts';
import { createPreparation } from './prepare/preparation.ts';
import { createPreparer } from './prepare/preparer.ts';
import { type DiskWatch, openDiskWatch } from './retention/disk-watch.ts';
import { createRetention, type Retention, type RetentionSettings } from './retention/retention.ts';
import { createRouterCaller } from './router.ts';
import type { AccessService, Services } from './services.ts';
import { createShardLoop, type ShardLoop, type ShardLoopFaults } from './shards/shard-loop.ts';
import type { Store } from './store/store.ts';
import { COORDINATOR_VERSION } from './version.ts';

export interface ControlPlaneOptions {
  /** Stays the caller's: `close` leaves it open. */
  readonly store: Store;
  /** Artifacts live in `artifacts` below it. */
  readonly dataDir: string;
  /** What people are shown this coordinator is called. */
  readonly name: string;
  readonly log: Logger;
  /** Whether `X-Forwarded-For` and `-Proto` were written by a proxy of the operator's. */
  readonly trustProxy: boolean;
  /** Origins this coordinator is reached by, `TRINE_ORIGINS` among them. */
  readonly origins: readonly string[];
  /** The bundled runner, served at `/runner.mjs`. */
  readonly runnerBundlePath?: string;
  /** The bundled process that data channels end in; without it nodes stay on their WebSocket. */
  readonly linkProcessEntry?: string;
  /** The bundled preparing thread; `prepare-thread.mjs` beside this file unless told. */
  readonly prepareThreadEntry?: string;
  /** How long what is over is kept; the named limits unless told. */
  readonly retention?: RetentionSettings;
  /** Free bytes of the data directory's disk below which intake stops; from the named limits unless told. */
  readonly diskFloorBytes?: number | undefined;
  /** Wall clock of one preparation, ms. */
  readonly prepareTimeoutMs?: number;
  /** Whether data channels keep to loopback, as tests do. */
  readonly loopbackOnly?: boolean;
  /** New nodes without a token that one network prefix may bring in a window; the named limit unless told. */
  readonly newNodesPerPrefix?: number;
  readonly clock?: Clock;
  readonly nowMs?: () => number;
  /** For tests: what stands for a store that fails. */
  readonly faults?: ShardLoopFaults;
}

export interface ControlPlane {
  /** Answers what is ours; `false` leaves the request untouched for whoever renders pages. */
  readonly handleRequest: RequestHandler;
  /** Takes node sessions; `false` leaves the socket untouched. */
  handleUpgrade(req: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  /** Tells where the port is open, once it is. */
  listening(origins: readonly string[]): void;
  health(): Promise<Health>;
  /** The operator's key, the one time it is known: when it was made by this start. */
  readonly operatorKey: string | undefined;
  /** A link below `origin` that signs its opener in as the operator, once. */
  createSignInUrl(origin: string): Promise<string>;
  readonly access: AccessService;
  /** Calls the API without HTTP. */
  caller(caller: Caller): ReturnType<typeof createRouterCaller>;
  readonly gateway: Gateway;
  readonly loop: ShardLoop;
  readonly retention: Retention;
  /** Ends sessions and streams, waits for the commit in flight. Safe to call twice. */
  close(): Promise<void>;
}

/** Resolves when every shard is held, and it is known whether data channels can be had. */
export async function createControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { registry } = options.store;
  const secrets = {
    seed: await registry.secret('coordinator-seed', () => randomBytes(32)),
    bearers: await registry.secret('bearer-key', () => randomBytes(32)),
  };
  const identity = createNodeIdentity(secrets.seed);
  const core = await buildCore(options, secrets.bearers);
  const retention = buildRetention(options, core);
  await retention.recover();
  const origins = createOriginRules({ origins: options.origins });
  const webrtc = openWebRtc(options, core.gateway, () => host);
  const host: SessionHost = createSessionHost({
    identity,
    verify: verifyWithNode,
    originsAllowed: (origin) => origins.allowsDialled(origin),
    admit: (hello, address) => core.gateway.admit(hello, address),
    // One coordinator holds all shards: there is no other address to try.
    coordinators: () => [],
    webrtc: () => webrtc?.gate.offer(),
    on: core.gateway.events,
    clock: core.clock,
  });
  core.connect({
    onSignal: (session, signal) => webrtc?.gate.signal(session, signal),
    onEnded: (session) => webrtc?.gate.ended(session),
  });
  // Nodes that join at once are told of data channels in their welcome, so it is waited for whether there are any.
  await Promise.all([core.loop.ready(), webrtc?.peers.started]);

  const { access, services } = buildServices(options, core, Buffer.from(identity.publicKey).toString('hex'));
  const health = (): Promise<Health> =>
    readHealth({
      store: options.store,
      shards: () => shardHealth(core.loop),
      webrtc: () => webrtcHealth(webrtc?.peers),
      disk: () => ({ ok: core.disk.state() === 'enough', message: core.disk.message() }),
      version: COORDINATOR_VERSION,
    });
  const edge = buildEdge(options, { core, origins, services, host, health });
  const operatorKey = await firstOperatorKey(options.store, access);
  retention.start();
  let closing: Promise<void> | undefined;
  const closeAll = async (): Promise<void> => {
    core.disk.close();
    const retentionClosed = retention.close();
    const gatewayClosed = core.gateway.close();
    await host.close();
    await gatewayClosed;
    edge.close();
    await core.preparation.close();
    await core.loop.close();
    await retentionClosed;
    await webrtc?.peers.close();
  };

  return {
    handleRequest: edge.handleRequest,
    handleUpgrade: edge.handleUpgrade,
    listening: (own) => origins.listening(own),
    health,
    operatorKey,
    createSignInUrl: (origin) => signInUrl(options.store, access, origin),
    access,
    caller: (caller) => createRouterCaller({ caller, services }),
    gateway: core.gateway,
    loop: core.loop,
    retention,
    close: () => (closing ??= closeAll()),
  };
}

// ── the core: what decides and what carries out ──────────────────────────────────────────────────────

interface Core {
  readonly disk: DiskWatch;
  readonly clock: Clock;
  readonly nowMs: () => number;
  readonly metrics: Metrics;
  readonly announcements: Announcements;
  readonly activity: Activity;
  readonly directory: ReturnType<typeof createNodeDirectory>;
  readonly files: Awaited<ReturnType<typeof openArtifactFiles>>;
  readonly bearers: ReturnType<typeof createBearers>;
  readonly gateway: Gateway;
  readonly preparation: ReturnType<typeof createPreparation>;
  readonly loop: ShardLoop;
  readonly sink: EventSink;
  /** Wires what is made after the gateway. */
  connect(ports: SessionPorts): void;
}

type SessionPorts = Pick<ConstructorParameters<typeof Gateway>[0], 'onSignal' | 'onEnded'>;

async function buildCore(options: ControlPlaneOptions, bearerKey: Uint8Array): Promise<Core> {
  const { store, log } = options;
  const clock = options.clock ?? systemClock;
  const nowMs = options.nowMs ?? Date.now;
  const files = await openArtifactFiles(join(options.dataDir, 'artifacts'));
  const metrics = createMetrics();
  const announcements = createAnnouncements();
  const activity = createActivity(nowMs, metrics);
  const directory = createNodeDirectory(store.views);
  const bearers = createBearers(bearerKey, nowMs);
  let ports: SessionPorts = { onSignal: () => undefined, onEnded: () => undefined };
  // The loop calls back in a later turn than the one that makes it, so the cycle closes in time.
  const sink: EventSink = {
    submit: (shard, event) => loop.submit(shard, event),
    request: (shard, event) => loop.request(shard, event),
  };
  const gateway = new Gateway({
    store,
    sink,
    bearers,
    clock,
    nowMs,
    announcements,
    activity,
    directory,
    newcomers: createNewcomers({
      directory,
      ...(options.newNodesPerPrefix === undefined ? {} : { countMax: options.newNodesPerPrefix }),
    }),
    log,
    isDeciding: () => loop.running().state === 'running',
    onSignal: (session, signal) => ports.onSignal(session, signal),
    onEnded: (session) => ports.onEnded(session),
  });
  const hold = holder(gateway);
  const preparation = createPreparation({
    preparer: createPreparer({
      threadEntry:
        options.prepareThreadEntry ?? fileURLToPath(new URL('./prepare-thread.mjs', import.meta.url)),
      ...(options.prepareTimeoutMs === undefined ? {} : { timeoutMs: options.prepareTimeoutMs }),
    }),
    files,
    registry: store.registry,
    sink,
    log,
  });
  const loop = createShardLoop({
    store,
    clock,
    sha256,
    log,
    shards: Array.from({ length: LIMITS.shards.value }, (_, index) => index as ShardId),
    holder: options.name,
    wallMs: nowMs,
    random: (sizeBytes) => randomBytes(sizeBytes),
    onEffects: (shard, effects) => {
      for (const effect of effects)
        carryOut({ gateway, preparation, announcements, activity }, shard, effect);
    },
    onRecovered: (shards) => gateway.recovered(shards),
    onPressure: (isHigh) => hold({ pressure: isHigh }),
    onCommit: (commit) => metrics.commit(commit),
    ...(options.faults === undefined ? {} : { faults: options.faults }),
  });
  const disk = await openDiskWatch({
    directory: options.dataDir,
    floorBytes: options.diskFloorBytes,
    clock,
    log,
    onLeases: (areStopped) => hold({ disk: areStopped }),
  });
  metrics.watch({ ...gaugesOf(gateway, loop), diskFree: () => disk.freeBytes() });
  return {
    disk,
    clock,
    nowMs,
    metrics,
    announcements,
    activity,
    directory,
    files,
    bearers,
    gateway,
    preparation,
    loop,
    sink,
    connect: (made) => {
      ports = made;
    },
  };
}

const buildRetention = (
  { store, retention = {}, log }: ControlPlaneOptions,
  { files, clock, nowMs, metrics }: Core,
): Retention =>
  createRetention({
    store: store.retention,
    files,
    clock,
    nowMs,
    settings: retention,
    log,
    onTrimmed: (kind, count) => metrics.trimmed(kind, count),
  });

/** New work waits while the loop has too much to do, or the disk too little room. */
function holder(
  gateway: Gateway,
): (change: { readonly pressure?: boolean; readonly disk?: boolean }) => void {
  let why = { pressure: false, disk: false };
  return (change) => {
    why = { ...why, ...change };
    gateway.hold(why.pressure || why.disk);
  };
}

function gaugesOf(gateway: Gateway, loop: ShardLoop) {
  const here = () => [...gateway.seats].filter((seat) => !seat.isGone);
  return {
    nodesOnline: () => here().length,
    leases: () => here().reduce((sum, seat) => sum + seat.leases.size, 0),
    capacity: () => here().reduce((sum, seat) => sum + seat.capacity, 0),
    queued: () => loop.running().queued,
  };
}

// ── WebRTC ───────────────────────────────────────────────────────────────────────────────────────────

interface WebRtc {
  readonly peers: LinkProcess;
  readonly gate: WebRtcGate;
}

function openWebRtc(
  options: ControlPlaneOptions,
  gateway: Gateway,
  host: () => SessionHost,
): WebRtc | undefined {
  if (options.linkProcessEntry === undefined) return undefined;
  const peers = startLinkProcess({
    entry: options.linkProcessEntry,
    loopbackOnly: options.loopbackOnly ?? false,
    onChanged: (available, reason) => options.log.info({ available, reason }, 'data channels'),
  });
  const gate = createWebRtcGate({
    host: { accept: (link, from) => host().accept(link, from) },
    peers,
    iceServers: [],
    onNote: (session, note) => gateway.noteLink(session, note),
  });
  return { peers, gate };
}

const webrtcHealth = (peers: LinkProcess | undefined): { readonly ok: boolean; readonly message: string } =>
  peers === undefined
    ? { ok: false, message: 'no link process is configured; nodes stay on their WebSocket' }
    : { ok: peers.available, message: peers.reason };

function shardHealth(loop: ShardLoop): { readonly ok: boolean; readonly message: string } {
  const { state, held } = loop.running();
  const ok = state === 'running';
  return { ok, message: ok ? '' : `the shards are ${state}; ${held} of ${LIMITS.shards.value} are held` };
}

// ── services and the edge ────────────────────────────────────────────────────────────────────────────

function buildServices(
  { store, name }: ControlPlaneOptions,
  core: Core,
  key: string,
): { readonly access: AccessService; readonly services: Services } {
  const { nowMs, announcements, activity, directory, gateway, sink } = core;
  const access = createAccessService({
    registry: store.registry,
    nowMs,
    onTokenRevoked: (token) => gateway.dismiss(token),
  });
  const jobs = createJobService({
    assertIntake: () => core.disk.assertIntake(),
    store,
    sink,
    announcements,
    directory,
    nowMs,
  });
  const cluster = createClusterService({
    store,
    gateway,
    activity,
    announcements,
    jobs,
    nowMs,
    notice: () => core.disk.message(),
    coordinator: { name, version: COORDINATOR_VERSION, startedAtMs: nowMs(), key },
  });
  return { access, services: { jobs, cluster, access } };
}

interface EdgeParts {
  readonly core: Core;
  readonly origins: ReturnType<typeof createOriginRules>;
  readonly services: Services;
  readonly host: SessionHost;
  readonly health: () => Promise<Health>;
}

function buildEdge(options: ControlPlaneOptions, { core, origins, services, host, health }: EdgeParts) {
  const { store, log, trustProxy } = options;
  const { nowMs, metrics, files, bearers, gateway } = core;
  const { registry } = store;
  const trpc = createTrpcRoutes({ services, registry, origins, trustProxy, nowMs, log });
  const upgrades = createSessionUpgrades({ host, origins, trustProxy });
  const handleRequest = createRequestHandler({
    trpc,
    auth: createAuthRoutes({ registry, trustProxy, nowMs }),
    artifacts: {
      files,
      registry,
      bearers,
      nowMs,
      assertIntake: () => core.disk.assertIntake(),
      holdsLease: (node, lease) => gateway.holds(node, lease),
    },
    origins,
    health,
    metrics,
    log,
    runnerBundlePath: options.runnerBundlePath,
  });
  return {
    handleRequest,
    handleUpgrade: upgrades.handle,
    close: () => {
      trpc.close();
      upgrades.close();
    },
  };
}

// ── the operator's first key ─────────────────────────────────────────────────────────────────────────

async function firstOperatorKey(store: Store, access: AccessService): Promise<string | undefined> {
  if ((await operatorRow(store)) !== undefined) return undefined;
  return (await access.createKey({ name: 'operator', role: 'operator' })).key;
}

const operatorRow = async ({ registry }: Store) =>
  (await registry.listKeys()).find((row) => row.role === 'operator' && row.revokedAtMs === undefined);

async function signInUrl(store: Store, access: AccessService, origin: string): Promise<string> {
  const row = await operatorRow(store);
  if (row === undefined) throw new Error('The last operator key cannot be revoked, so there is one.');
  return `${origin}${(await access.createLink(row.key)).path}`;
}
