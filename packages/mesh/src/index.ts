/** Sessions over links: the part that runs anywhere. Adapters for platforms are subpaths. */
export {
  type AgentSession,
  type AgentSessionEvents,
  type AgentSessionOptions,
  createAgentSession,
} from './agent-session.ts';
export type { Introduction, Refusal } from './agent-handshake.ts';
export { type Clock, type Entropy, systemClock, systemEntropy } from './clock.ts';
export {
  createNobleIdentity,
  createWebCryptoIdentity,
  createWebCryptoVerify,
  type NodeIdentity,
  type VerifySignature,
  verifySignature,
  type WebCryptoIdentity,
} from './identity.ts';
export { type Link, type LinkCode, LinkInbox, type LinkListener } from './link.ts';
export { createManualClock, type ManualClock } from './manual-clock.ts';
export {
  createMemoryLinkPair,
  type MemoryImpairments,
  type MemoryLinkOptions,
  type MemoryLinkPair,
} from './memory-link.ts';
export type { Counted } from './session-core.ts';
export {
  type Admission,
  createSessionHost,
  type EndReason,
  type HostCounted,
  type HostSession,
  type SessionHost,
  type SessionHostEvents,
  type SessionHostOptions,
} from './session-host.ts';
