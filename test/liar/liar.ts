/** A runner that lies: the agent of every other runner, with threads that change some answers. */
import { createAgent, createNodePorts } from '@trine/agent/node';
import { isGuestThread, serveNodeGuests } from '@trine/sandbox/node';
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { LIE_KINDS, lyingThreads } from './lies.ts';

const VERSION = '0.1.0';

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      name: { type: 'string', default: 'liar' },
      threads: { type: 'string', default: '1' },
      'data-dir': { type: 'string' },
      lies: { type: 'string', default: 'random' },
      share: { type: 'string', default: '0.3' },
    },
  });
  const [command, origin] = positionals;
  const dataDir = values['data-dir'];
  const kind = LIE_KINDS.find((one) => one === values.lies);
  if (command !== 'join' || origin === undefined || dataDir === undefined || kind === undefined) {
    process.stderr.write(
      'usage: liar.mjs join <url> --data-dir <dir> [--name n] [--threads n] [--lies random|consistent|colluding] [--share 0.3]\n',
    );
    process.exitCode = 2;
    return;
  }
  const token = process.env['TRINE_TOKEN'];
  const line = (level: string) => (fields: object, message: string) =>
    void process.stderr.write(`${JSON.stringify({ level, message, ...fields })}\n`);
  const log = { debug: () => undefined, info: line('info'), warn: line('warn') };
  const honest = await createNodePorts({
    dataDir,
    threadEntry: new URL(import.meta.url),
    version: VERSION,
    log,
    name: values.name,
    labels: ['demonstration'],
  });
  const threads = lyingThreads(honest.threads, {
    kind,
    share: Number(values.share),
    name: values.name,
    random: (size) => randomBytes(size),
  });
  const agent = createAgent({
    ports: { ...honest, threads },
    settings: { origin, threads: Number(values.threads), ...(token === undefined ? {} : { token }) },
  });
  const stop = () =>
    void agent
      .stop('told to stop')
      .then(() => agent.close())
      .then(() => process.exit(0));
  for (const signal of ['SIGINT', 'SIGTERM', 'disconnect']) process.once(signal, stop);
  await agent.start();
}

if (isGuestThread()) serveNodeGuests();
else await main();
