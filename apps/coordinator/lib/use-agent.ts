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

/** Browsers that hide the number of cores get a modest ceiling. */
export const CORES_FALLBACK = 4;

const cores = (): number => navigator.hardwareConcurrency || CORES_FALLBACK;

/** Half of the machine: a guest that takes all is not invited again. */
const defaultThreads = (): number => Math.max(1, Math.floor(cores() / 2));

export function useAgent(workers: WorkerUrls | undefined): AgentHandle {
  const port = useRef<RemoteAgent | undefined>(undefined);
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

  const start = useCallback(() => {
    if (workers === undefined) return;
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
      await port.current.start();
    };
    begin()
      .catch((cause: unknown) =>
        setTrouble(`The agent did not start: ${wordsOf(cause)}. Reload the page and try again.`),
      )
      .finally(() => setPressed(undefined));
  }, [workers, preferences, token]);

  const stop = useCallback(() => {
    setPressed('stop');
    Promise.resolve(port.current?.stop('You pressed stop. Press to go on.'))
      .catch((cause: unknown) =>
        setTrouble(`Stopping failed: ${wordsOf(cause)}. Closing the tab stops everything.`),
      )
      .finally(() => setPressed(undefined));
  }, []);

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

/** The agent's code is fetched with the first press: looking at the page loads none of it. */
async function openAgent(
  workers: WorkerUrls,
  settings: { readonly token: string | undefined; readonly threads: number },
): Promise<RemoteAgent> {
  const { connectAgentWorker } = await import('@trine/agent/browser');
  return connectAgentWorker({ agentUrl: workers.agent, guestUrl: workers.guest, ...settings });
}

const wordsOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
