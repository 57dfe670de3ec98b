'use client';
/**
 * Holds the agent for the whole tab. It lives in the frame and not on the donate page, so that looking at a job
 * does not end the work.
 */
import { createContext, useContext } from 'react';
import type { WorkerUrls } from '../lib/donate-types.ts';
import { type AgentHandle, useAgent } from '../lib/use-agent.ts';

const AgentContext = createContext<AgentHandle | undefined>(undefined);

interface AgentProviderProps {
  /** Absent when the thread programs were not built. */
  readonly workers: WorkerUrls | undefined;
  readonly children: React.ReactNode;
}

export function AgentProvider({ workers, children }: AgentProviderProps) {
  return <AgentContext value={useAgent(workers)}>{children}</AgentContext>;
}

/** The tab's agent. Only inside the provider. */
export function useTabAgent(): AgentHandle {
  const agent = useContext(AgentContext);
  if (agent === undefined) throw new Error('The agent is used outside its provider.');
  return agent;
}
