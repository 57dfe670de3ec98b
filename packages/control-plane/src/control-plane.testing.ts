/**
 * For tests: a whole control plane on a real port with the store in memory, and nodes that speak to it over real
 * WebSockets. Nothing in it is a stand-in for a part of the product but the store, which passes its suite.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { buildPrepareThread } from '../build-prepare-thread.mjs';
import { type ControlPlane, type ControlPlaneOptions, createControlPlane } from './create-control-plane.ts';
import { createMemoryStore } from './store/memory-store.ts';
import type { Store } from './store/store.ts';

export interface TestPlane {
  readonly plane: ControlPlane;
  readonly store: Store;
  /** Origin of the port, on loopback. */
  readonly url: string;
  readonly operatorKey: string;
  readonly dataDir: string;
  /** Stores bytes as an artifact under a key; answers their digest. */
  upload(bytes: Uint8Array, key?: string): Promise<string>;
  close(): Promise<void>;
}

/** Starts it on a port of the system's choice. Nothing survives `close` but a store that was handed in. */
export async function startTestPlane(overrides: Partial<ControlPlaneOptions> = {}): Promise<TestPlane> {
  const dataDir = await mkdtemp(join(tmpdir(), 'trine-plane-'));
  const store = overrides.store ?? createMemoryStore();
  const plane = await createControlPlane({
    store,
    dataDir,
    name: 'test coordinator',
    log: pino({ level: process.env['TRINE_TEST_LOG'] ?? 'silent' }),
    trustProxy: false,
    origins: [],
    prepareThreadEntry: await buildPrepareThread({ outdir: dataDir }),
    ...overrides,
  });
  const http = serve(plane);
  const url = await listen(http);
  plane.listening([url]);
  const operatorKey =
    plane.operatorKey ?? (await plane.access.createKey({ name: 'test', role: 'operator' })).key;
  return {
    plane,
    store,
    url,
    operatorKey,
    dataDir,
    upload: (bytes, key = operatorKey) => upload(url, bytes, key),
    async close() {
      await plane.close();
      await new Promise<void>((resolve) => {
        http.close(() => resolve());
        http.closeAllConnections();
      });
      if (overrides.store === undefined) await store.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

function serve(plane: ControlPlane): Server {
  const http = createServer((req, res) => {
    void plane.handleRequest(req, res).then((isOurs) => {
      if (isOurs) return;
      res.statusCode = 404;
      res.end('a page');
    });
  });
  http.on('upgrade', (req, socket, head) => {
    if (!plane.handleUpgrade(req, socket, head)) socket.destroy();
  });
  return http;
}

function listen(http: Server): Promise<string> {
  return new Promise((resolve) => {
    http.listen(0, '127.0.0.1', () => {
      const address = http.address();
      resolve(`http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`);
    });
  });
}

async function upload(url: string, bytes: Uint8Array, key: string): Promise<string> {
  const digest = createHash('sha256').update(bytes).digest('hex');
  const answer = await fetch(`${url}/artifacts/${digest}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${key}` },
    body: Buffer.from(bytes),
  });
  if (!answer.ok) throw new Error(`The upload was refused: ${await answer.text()}`);
  return digest;
}

/** Bytes nobody has seen before. */
export const freshBytes = (size: number): Uint8Array => new Uint8Array(randomBytes(size));
