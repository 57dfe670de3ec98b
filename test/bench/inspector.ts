/**
 * A V8 CPU profile of a running Node process, asked for through its own inspector: opened by SIGUSR1 on a free
 * loopback port (the process must run with `--inspect-port=0`), so that a run without profile costs nothing.
 */
import type { ChildProcess } from 'node:child_process';
import { WebSocket } from 'ws';
import type { CpuProfile } from './cpu-profile.ts';

const OPEN_MS = 10_000;
/** Between two looks at the stack: fine enough for calls of some ten microseconds, seen often. */
const SAMPLING_MICROS = 500;
/** A minute of samples is some ten megabytes of JSON. */
const ANSWER_BYTES_MAX = 1_073_741_824;

export interface Profiler {
  start(): Promise<void>;
  stop(): Promise<CpuProfile>;
  /** Bytes of objects that are still in use, after a full collection. */
  liveHeapBytes(): Promise<number>;
  close(): void;
}

export async function openProfiler(child: ChildProcess): Promise<Profiler> {
  const said = inspectorAddress(child);
  child.kill('SIGUSR1');
  const socket = new WebSocket(await said, { maxPayload: ANSWER_BYTES_MAX, perMessageDeflate: false });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  const call = caller(socket);
  await call('Profiler.enable');
  await call('Profiler.setSamplingInterval', { interval: SAMPLING_MICROS });
  return {
    start: async () => void (await call('Profiler.start')),
    stop: async () => ((await call('Profiler.stop')) as { readonly profile: CpuProfile }).profile,
    async liveHeapBytes() {
      await call('HeapProfiler.collectGarbage');
      const answer = await call('Runtime.evaluate', { expression: 'process.memoryUsage().heapUsed' });
      return (answer as { readonly result: { readonly value: number } }).result.value;
    },
    close: () => socket.close(),
  };
}

/** Node says on stderr where its inspector listens. */
function inspectorAddress(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('The inspector did not open.')), OPEN_MS);
    let text = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      text = (text + chunk.toString()).slice(-10_000);
      const address = /Debugger listening on (ws:\/\/\S+)/.exec(text)?.[1];
      if (address === undefined) return;
      clearTimeout(timer);
      resolve(address);
    });
  });
}

interface Answer {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

function caller(socket: WebSocket) {
  const waiting = new Map<number, (answer: Answer) => void>();
  let last = 0;
  socket.on('message', (data: Buffer) => {
    const answer = JSON.parse(data.toString()) as Answer;
    if (answer.id !== undefined) waiting.get(answer.id)?.(answer);
  });
  return (method: string, params: object = {}): Promise<unknown> => {
    last += 1;
    const id = last;
    return new Promise((resolve, reject) => {
      waiting.set(id, ({ result, error }) => {
        waiting.delete(id);
        if (error === undefined) resolve(result);
        else reject(new Error(`${method}: ${error.message}`));
      });
      socket.once('close', () => reject(new Error(`${method}: the inspector closed`)));
      socket.send(JSON.stringify({ id, method, params }));
    });
  };
}
