'use client';
/** The time for "how long ago", from one timer for the whole page. */
import { useSyncExternalStore } from 'react';

const TICK_MS = 1_000;

let nowMs = 0;
let timer: ReturnType<typeof setInterval> | undefined;
const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (timer === undefined) {
    nowMs = Date.now();
    timer = setInterval(() => {
      nowMs = Date.now();
      for (const notify of listeners) notify();
    }, TICK_MS);
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

const read = (): number => (nowMs === 0 ? (nowMs = Date.now()) : nowMs);

/** Milliseconds since 1970, fresh each second. Zero on the server, which shows no ages. */
export const useNow = (): number => useSyncExternalStore(subscribe, read, () => 0);
