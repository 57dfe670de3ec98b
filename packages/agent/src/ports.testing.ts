// Ports of an agent under test: everything real but its sensors, and stores in memory.
import { createNobleIdentity, systemClock, systemEntropy } from '@trine/mesh';
import { digestOf } from '@trine/protocol';
import { createNodeThreads } from '@trine/sandbox/node';
import type { TestCoordinator } from './coordinator.testing.ts';
import { createMemoryModuleCache, createMemoryStore } from './memory-stores.ts';
import type { AgentPorts } from './ports.ts';

/** Ports of a new node that dials this coordinator and runs guests in threads of this program. */
export function testPorts(coordinator: () => TestCoordinator, threadEntry: string): AgentPorts {
  return {
    kind: 'runner',
    clock: systemClock,
    entropy: systemEntropy,
    identity: createNobleIdentity(systemEntropy(32)),
    dial: () => coordinator().dial(),
    threads: createNodeThreads({ entry: threadEntry }),
    hash: async (bytes) => digestOf(bytes),
    modules: createMemoryModuleCache(),
    vault: createMemoryStore(),
    transfer: coordinator().transfer,
    sensors: {
      profile: async () => ({ version: '0', cores: 2, features: [], labels: [] }),
      figures: async () => ({ cpuPercent: 12 }),
    },
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined },
    channels: { type: 'none', reason: 'No WebRTC in this test.' },
    weaker: [],
  };
}
