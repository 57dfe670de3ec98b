/**
 * The swarm's process: many simulated nodes, each with a key and an owner of its own, working for one coordinator
 * as its parent says over IPC. Parent gone, swarm gone.
 */
import { createHash } from 'node:crypto';
import { JobLedger } from './job-ledger.ts';
import { createSimulatedNode, type SimulatedNode } from './simulated-node.ts';
import type { FromSwarm, ToSwarm } from './swarm-messages.ts';

/** Links dialled at a time: a burst of all would measure the handshake queue, not the work. */
const DIALLING_MAX = 32;
const PROGRESS_MS = 1_000;

let ledger: JobLedger | undefined;
let nodes: readonly SimulatedNode[] = [];
let cpuAtStart = process.cpuUsage();
let isDone = true;
let opened = 0;
let trouble = '';

const say = (message: FromSwarm): void => void process.send?.(message);
const fail = (reason: string): void => say({ type: 'failed', reason });

async function join({ url, tokens, slots }: Extract<ToSwarm, { readonly type: 'join' }>): Promise<void> {
  const queue = tokens.entries();
  const joined: SimulatedNode[] = [];
  const joinSome = async (): Promise<void> => {
    for (const [number, token] of queue) {
      await new Promise<void>((resolve) => {
        joined.push(
          createSimulatedNode({
            number,
            seed: createHash('sha256').update(`bench node ${number}`).digest(),
            token,
            url,
            slots,
            ledger: () => ledger,
            onOpened: () => {
              opened += 1;
              resolve();
            },
            onRecorded: tellIfDone,
            onFailed: fail,
            onSuspended: (reason) => {
              trouble = reason;
            },
          }),
        );
      });
    }
  };
  await Promise.all(Array.from({ length: DIALLING_MAX }, joinSome));
  nodes = joined;
  say({ type: 'joined' });
}

function tellIfDone(): void {
  if (isDone || ledger?.isDone !== true) return;
  isDone = true;
  say({ type: 'done' });
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage(cpuAtStart);
  return (user + system) / 1_000;
}

async function leave(): Promise<void> {
  await Promise.all(nodes.map((node) => node.close()));
  process.exit(0);
}

process.on('message', (message: ToSwarm) => {
  switch (message.type) {
    case 'join':
      join(message).catch((error: unknown) => fail(String(error)));
      return;
    case 'expect':
      ledger = new JobLedger(message.job);
      isDone = false;
      cpuAtStart = process.cpuUsage();
      say({ type: 'expecting' });
      return;
    case 'tell':
      if (ledger !== undefined) say({ type: 'figures', figures: ledger.figures(cpuMs()) });
      return;
    case 'leave':
      void leave();
  }
});
process.on('disconnect', () => process.exit(0));
// A signal from the terminal reaches the whole group; the parent decides when the swarm leaves.
process.on('SIGINT', () => undefined);

/** How far the swarm is, and the last thing that went wrong with a link. */
function progress(): Extract<FromSwarm, { readonly type: 'progress' }> {
  const count = ledger === undefined ? opened : ledger.results;
  const words = ledger === undefined ? `${opened} nodes joined` : `${ledger.verified} tasks verified`;
  return { type: 'progress', count, words: trouble === '' ? words : `${words} (last lost link: ${trouble})` };
}

setInterval(() => {
  if (!isDone || ledger === undefined) say(progress());
}, PROGRESS_MS).unref();
