/** A bench's handle on its swarm: the process, what it was asked, what it answered. */
import { join } from 'node:path';
import { rootDir, type Running, startProcess } from '../support/processes.ts';
import type { ExpectedJob, FromSwarm, SwarmFigures, ToSwarm } from './swarm-messages.ts';

const SWARM = join(rootDir, 'test', 'dist', 'swarm.mjs');
/** A run that records nothing new for so long has stopped. */
const STALL_MS = 30_000;

export interface Swarm {
  readonly running: Running;
  join(url: string, tokens: readonly string[], slots: number): Promise<void>;
  expect(job: ExpectedJob): Promise<void>;
  /** Resolves when the job's results are all recorded; rejects when a node fails or nothing happens any more. */
  untilDone(onProgress: (words: string) => void): Promise<void>;
  figures(): Promise<SwarmFigures>;
  close(): Promise<void>;
}

type Heard<T extends FromSwarm['type']> = Extract<FromSwarm, { readonly type: T }>;

export function startSwarm(): Swarm {
  const running = startProcess(SWARM, []);
  const child = running.process;
  const listeners = new Set<(message: FromSwarm) => void>();
  child.on('message', (message: FromSwarm) => {
    for (const listener of listeners) listener(message);
  });
  const tell = (message: ToSwarm): void => void child.send(message);

  /** The next message of this type. Progress puts the end of patience off. */
  function next<T extends FromSwarm['type']>(
    type: T,
    onProgress?: (words: string) => void,
  ): Promise<Heard<T>> {
    return new Promise((resolve, reject) => {
      let seen = -1;
      let words = 'nothing';
      const stalled = () =>
        finish(() =>
          reject(new Error(`The swarm stalled; "${type}" did not come. Its last words: ${words}.`)),
        );
      let timer = setTimeout(stalled, STALL_MS);
      const finish = (settle: () => void): void => {
        clearTimeout(timer);
        listeners.delete(listen);
        settle();
      };
      const listen = (message: FromSwarm): void => {
        if (message.type === type) return finish(() => resolve(message as Heard<T>));
        if (message.type === 'failed') return finish(() => reject(new Error(message.reason)));
        if (message.type !== 'progress') return;
        words = message.words;
        if (message.count <= seen) return;
        seen = message.count;
        clearTimeout(timer);
        timer = setTimeout(stalled, STALL_MS);
        onProgress?.(message.words);
      };
      listeners.add(listen);
      void running.gone.then(() => finish(() => reject(new Error(`The swarm ended:\n${running.output()}`))));
    });
  }
  const ask = async <T extends FromSwarm['type']>(message: ToSwarm, type: T): Promise<Heard<T>> => {
    const answer = next(type);
    tell(message);
    return answer;
  };

  return {
    running,
    join: async (url, tokens, slots) => void (await ask({ type: 'join', url, tokens, slots }, 'joined')),
    expect: async (job) => void (await ask({ type: 'expect', job }, 'expecting')),
    untilDone: async (onProgress) => void (await next('done', onProgress)),
    figures: async () => (await ask({ type: 'tell' }, 'figures')).figures,
    async close() {
      if (child.connected) tell({ type: 'leave' });
      await running.gone;
    },
  };
}
