/** Opens the agent's Worker and speaks to it. */
import type { AgentPort, WorkerUrls } from './agent-port.ts';

export interface OpenAgentOptions {
  readonly workers: WorkerUrls;
  readonly token: string | undefined;
  readonly threads: number;
}

export function openAgent(_options: OpenAgentOptions): Promise<AgentPort> {
  return Promise.reject(new Error('the agent is not part of this build yet'));
}
