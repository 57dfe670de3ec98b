// How often a transfer is tried: a few times when it is refused, through a restart when the coordinator is away.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createManualClock } from '@trine/mesh';
import { type Digest, TrineError } from '@trine/protocol';
import { expect, test } from 'vitest';
import { httpTransfer } from './http-transfer.ts';
import { TRANSFER_ATTEMPTS_MAX, TRANSFER_AWAY_MS } from './limits.ts';
import { retryTransfer } from './retry-transfer.ts';

const AWAY = new TrineError('coordinator-unreachable', 'the coordinator answered 503');

/** How many tries were made until the transfer ended, or `limitMs` had passed; the n-th try is `fate(n)`. */
async function triesOf(fate: (tries: number) => Error | undefined, limitMs: number) {
  const clock = createManualClock();
  const seen: { tries: number; ended: string | undefined } = { tries: 0, ended: undefined };
  void retryTransfer<string>(
    { clock, entropy: (size) => new Uint8Array(size).fill(255) },
    new AbortController().signal,
    {
      attempts: TRANSFER_ATTEMPTS_MAX,
      attempt: async () => {
        seen.tries += 1;
        const error = fate(seen.tries);
        if (error !== undefined) throw error;
        return 'done';
      },
      failed: (reason) => reason,
    },
  ).then((end) => {
    seen.ended = end;
  });
  for (let ms = 0; seen.ended === undefined && ms < limitMs; ms += 100) await clock.advance(100);
  return seen;
}

test('a transfer that is refused is given up after a few tries', async () => {
  const { tries, ended } = await triesOf(() => new Error('the coordinator answered 404'), 60_000);
  expect([tries, ended]).toEqual([TRANSFER_ATTEMPTS_MAX, 'the coordinator answered 404']);
});

test('a coordinator that restarts is waited for', async () => {
  expect(await triesOf((tries) => (tries < 10 ? AWAY : undefined), 60_000)).toEqual({
    tries: 10,
    ended: 'done',
  });
});

test('one that stays away is given up in the end', async () => {
  expect((await triesOf(() => AWAY, TRANSFER_AWAY_MS / 2)).ended).toBeUndefined();
  expect((await triesOf(() => AWAY, TRANSFER_AWAY_MS * 2)).ended).toBe('the coordinator answered 503');
});

test('nobody there and a server that is starting are both away; a refusal is not', async () => {
  const server = createServer((req, res) => {
    res.statusCode =
      req.url?.includes('starting') === true ? 503 : req.url?.includes('elsewhere') === true ? 302 : 404;
    res.setHeader('location', '/starting');
    res.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const artifact = {
    digest: '0'.repeat(64) as Digest,
    sizeBytes: 1,
    chunks: '0'.repeat(64) as Digest,
    bearer: 'b',
  };
  const fetched = (from: string): Promise<unknown> =>
    httpTransfer.fetch(from, artifact, new AbortController().signal);
  await expect(fetched(`${origin}/starting`)).rejects.toMatchObject({ code: 'coordinator-unreachable' });
  await expect(fetched(origin)).rejects.not.toHaveProperty('code');
  // A coordinator serves its artifacts itself: nobody is sent elsewhere.
  await expect(fetched(`${origin}/elsewhere`)).rejects.toThrow('the coordinator answered 302');
  server.close();
  await once(server, 'close');
  await expect(fetched(origin)).rejects.toMatchObject({ code: 'coordinator-unreachable' });
});
