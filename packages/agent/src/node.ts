/** The agent in a Node process: files, worker_threads, `ws`, and WebRTC where a native build is there. */
import { systemClock, systemEntropy } from '@trine/mesh';
import { verifyWithNode } from '@trine/mesh/identity-node';
import { digestFromBytes } from '@trine/protocol';
import { createNodeThreads } from '@trine/sandbox/node';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type Agent, createAgent } from './agent.ts';
import { httpTransfer } from './http-transfer.ts';
import { findNodeChannels } from './node/channels.ts';
import { dialCoordinator } from './node/dial.ts';
import { createNodeKey } from './node/identity.ts';
import { createNodeSensors } from './node/sensors.ts';
import { createFileModuleCache, createFileStore, openStateDir } from './node/state-dir.ts';
import type { AgentLog, AgentPorts } from './ports.ts';

export { type Agent, createAgent } from './agent.ts';
export { dialCoordinator } from './node/dial.ts';
export { createNodeKey } from './node/identity.ts';
export { createNodeSensors, type NodeSensorOptions } from './node/sensors.ts';
export { createFileModuleCache, createFileStore, openStateDir } from './node/state-dir.ts';
export type { AgentLog, AgentPorts } from './ports.ts';
export type { AgentPhase, AgentView, ThreadView } from './view.ts';

export interface NodeAgentOptions {
  /** Scheme, host and port of the coordinator. */
  readonly origin: string;
  readonly threads: number;
  /** Folder for key, counters, unrecorded results and modules; made with mode 0700. */
  readonly dataDir: string;
  /** What guest threads are started from: see `createNodeThreads` of the sandbox. */
  readonly threadEntry: URL | string;
  readonly version: string;
  readonly log: AgentLog;
  readonly token?: string | undefined;
  readonly name?: string | undefined;
  readonly labels?: readonly string[] | undefined;
  /** False: stay on the WebSocket. Default true. */
  readonly webrtc?: boolean | undefined;
}

/** Makes the ports of this process. */
export async function createNodePorts(
  options: Omit<NodeAgentOptions, 'origin' | 'threads'>,
): Promise<AgentPorts> {
  const dir = await openStateDir(options.dataDir);
  const [identity, modules] = await Promise.all([
    createNodeKey(dir),
    createFileModuleCache(join(dir, 'modules')),
  ]);
  return {
    kind: 'runner',
    clock: systemClock,
    entropy: systemEntropy,
    identity,
    verify: verifyWithNode,
    dial: dialCoordinator,
    threads: createNodeThreads({ entry: options.threadEntry }),
    hash: async (bytes) => digestFromBytes(new Uint8Array(createHash('sha256').update(bytes).digest())),
    modules,
    vault: createFileStore(dir),
    transfer: httpTransfer,
    sensors: createNodeSensors(options),
    channels:
      options.webrtc === false
        ? { type: 'none', reason: 'WebRTC is switched off here.' }
        : await findNodeChannels(),
    log: options.log,
    weaker: [],
  };
}

/** A runner's agent, stopped. */
export async function createNodeAgent(options: NodeAgentOptions): Promise<Agent> {
  const ports = await createNodePorts(options);
  const { origin, threads, token } = options;
  return createAgent({ ports, settings: { origin, threads, ...(token === undefined ? {} : { token }) } });
}
