/** A node's agent: one loop for the page and the runner. Platform adapters are in ./node and ./browser. */
export { type Agent, type AgentSettings, createAgent, type Refusal } from './agent.ts';
export type { ChannelSource, IceServers } from './channel-keeper.ts';
export { createMemoryModuleCache, createMemoryStore } from './memory-stores.ts';
export type {
  AgentLog,
  AgentPorts,
  ArtifactTransfer,
  ByteStore,
  MachineFigures,
  ModuleCache,
  Sensors,
  Upload,
} from './ports.ts';
export type { AgentPhase, AgentView, ThreadView } from './view.ts';
