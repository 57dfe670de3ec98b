/** Entry of the agent's own Worker: timers of pages in hidden tabs are throttled, this one's are not. */
import { type Endpoint, expose, type Remote } from 'comlink';
import * as z from 'zod/mini';
import { type Agent, createAgent } from './agent.ts';
import type { AgentService, PeerLender } from './browser/agent-service.ts';
import { createLentChannels } from './browser/lent-channels.ts';
import { createBrowserPorts } from './browser/ports.ts';

// The Worker's policy forbids making code from text, and asking for it would be reported as a violation.
z.config({ jitless: true });

let agent: Agent | undefined;

function opened(): Agent {
  if (agent === undefined) throw new Error('The agent is not open yet.');
  return agent;
}

const service: AgentService = {
  async open(settings, lender) {
    const { origin, threads, token } = settings;
    // Comlink hands the page's object over as a remote one.
    const channels = createLentChannels(lender as unknown as Remote<PeerLender>);
    const ports = await createBrowserPorts(settings, channels);
    agent = createAgent({ ports, settings: { origin, threads, token } });
  },
  start: () => opened().start(),
  stop: (reason) => opened().stop(reason),
  pause: (reason) => opened().pause(reason),
  resume: () => opened().resume(),
  setThreads: (threads) => opened().setThreads(threads),
  watch(listener) {
    opened().onView((view) => listener(view));
  },
};

expose(service, globalThis as unknown as Endpoint);
