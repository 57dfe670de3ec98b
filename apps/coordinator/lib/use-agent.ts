'use client';
/** The agent as the tab holds it: made on the first press, ended with the tab. */
import type { AgentView, RemoteAgent } from '@trine/agent/browser';
import { useCallback, useEffect, useRef, useState } from 'react';
import type { KeptCounters, Preferences, WorkerUrls } from './donate-types.ts';
import { forgetToken, keepConsent, keepCounters, keepThreads, keepToken, readKept } from './kept.ts';
import { takeJoinToken } from './join-token.ts';

export interface AgentHandle {
  /** False when the thread programs were not built. */
  readonly canStart: boolean;
  /** False until this browser's own memory was read. */
  readonly ready: boolean;
  readonly view: AgentView | undefined;
  readonly preferences: Preferences;
  readonly kept: KeptCounters | undefined;
  readonly hasToken: boolean;
  /** Set from the press until the agent has followed, so that the page answers at once. */
  readonly pressed: 'start' | 'stop' | undefined;
  /** Why the agent could not be started, or empty. */
  readonly trouble: string;
  readonly start: () => void;
  readonly stop: () => void;
  readonly setThreads: (threads: number) => void;
  /** Lends without an owner from the next start on. */
  readonly forgetToken: () => void;
}

/** How long the agent may take to stop by itself; a spinning thread takes Chromium about two seconds. */
const STOP_MS = 8_000;
/** Browsers that hide the number of cores get a modest ceiling. */
export const CORES_FALLBACK = 4;

const cores = (): number => navigator.hardwareConcurrency || CORES_FALLBACK;

/** Half of the machine: a guest that takes all is not invited again. */
const defaultThreads = (): number => Math.max(1, Math.floor(cores() / 2));

export function useAgent(workers: WorkerUrls | undefined): AgentHandle {
  const port = useRef<RemoteAgent | undefined>(undefined);
  const isWanted = useRef(false);
  const [ready, setReady] = useState(false);
  const [view, setView] = useState<AgentView | undefined>(undefined);
  const [preferences, setPreferences] = useState<Preferences>({ consentedAtMs: undefined, threads: 1 });
  const [kept, setKept] = useState<KeptCounters | undefined>(undefined);
  const [token, setToken] = useState<string | undefined>(undefined);
  const [pressed, setPressed] = useState<'start' | 'stop' | undefined>(undefined);
  const [trouble, setTrouble] = useState('');

  useEffect(() => {
    let gone = false;
    const arrived = takeJoinToken();
    const read = async (): Promise<void> => {
      if (arrived !== undefined) await keepToken(arrived);
      const memory = await readKept();
      if (gone) return;
      setPreferences({
        consentedAtMs: memory.consentedAtMs,
        threads: Math.min(memory.threads ?? defaultThreads(), cores()),
      });
      setKept(memory.counters);
      setToken(memory.token);
      setReady(true);
    };
    read().catch((cause: unknown) => {
      if (gone) return;
      setPreferences({ consentedAtMs: undefined, threads: defaultThreads() });
      setTrouble(
        `This browser keeps nothing for this page (${wordsOf(cause)}). Lending works, but is forgotten on reload.`,
      );
      setReady(true);
    });
    return () => {
      gone = true;
      port.current?.close();
      port.current = undefined;
    };
  }, []);

  const { valid, credit } = view ?? {};
  useEffect(() => {
    if (valid === undefined || credit === undefined || (valid === 0 && credit === '0')) return;
    keepCounters({ valid, credit }).catch(() => {});
  }, [valid, credit]);

  /** Ends the work; a Worker that does not answer is ended itself, so that a press holds whatever happens. */
  const halt = useCallback(async (running: RemoteAgent): Promise<void> => {
    if (await stopInTime(running)) return;
    running.close();
    port.current = undefined;
    setView(undefined);
  }, []);

  const start = useCallback(() => {
    if (workers === undefined) return;
    isWanted.current = true;
    setPressed('start');
    setTrouble('');
    const begin = async (): Promise<void> => {
      const consentedAtMs = preferences.consentedAtMs ?? Date.now();
      setPreferences((before) => ({ ...before, consentedAtMs }));
      await keepConsent(consentedAtMs).catch(() => {});
      if (port.current === undefined) {
        const opened = await openAgent(workers, { token, threads: preferences.threads });
        port.current = opened;
        opened.listen(setView);
      }
      if (isWanted.current) await port.current.start();
      // Stop may have been pressed while this was under way.
      if (!isWanted.current) await halt(port.current);
    };
    begin()
      .catch((cause: unknown) =>
        setTrouble(`The agent did not start: ${wordsOf(cause)}. Reload the page and try again.`),
      )
      .finally(() => setPressed(undefined));
  }, [workers, preferences, token, halt]);

  const stop = useCallback(() => {
    isWanted.current = false;
    setPressed('stop');
    // Without an agent one is being opened: `start` sees that it is no longer wanted.
    if (port.current === undefined) return;
    void halt(port.current).then(() => setPressed(undefined));
  }, [halt]);

  const setThreads = useCallback((threads: number) => {
    setPreferences((before) => ({ ...before, threads }));
    keepThreads(threads).catch(() => {});
    port.current?.setThreads(threads).catch(() => {});
  }, []);

  const forget = useCallback(() => {
    // The agent took the token when it was made: the next start makes a new one.
    port.current?.close();
    port.current = undefined;
    setView(undefined);
    setToken(undefined);
    forgetToken().catch(() => {});
  }, []);

  return {
    canStart: workers !== undefined,
    ready,
    view,
    preferences,
    kept,
    hasToken: token !== undefined,
    pressed,
    trouble,
    start,
    stop,
    setThreads,
    forgetToken: forget,
  };
}

/** True when the agent gave its work back and ended its threads; false when it failed to in time. */
async function stopInTime(agent: RemoteAgent): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), STOP_MS);
  });
  const stopped = agent.stop('You pressed stop. Press to go on.').then(
    () => true,
    () => false,
  );
  return Promise.race([stopped, late]).finally(() => clearTimeout(timer));
}

/** The agent's code is fetched with the first press: looking at the page loads none of it. */
async function openAgent(
  workers: WorkerUrls,
  settings: { readonly token: string | undefined; readonly threads: number },
): Promise<RemoteAgent> {
  const { connectAgentWorker } = await import('@trine/agent/browser');
  return connectAgentWorker({ agentUrl: workers.agent, guestUrl: workers.guest, ...settings });
}

const wordsOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
