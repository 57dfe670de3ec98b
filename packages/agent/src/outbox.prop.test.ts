// Whatever happens between a result and its record, every unrecorded result is in the next session's reports, once.
import { createNobleIdentity, systemClock } from '@trine/mesh';
import {
  digestOf,
  encodeAgentMessage,
  encodeFrame,
  type LeaseId,
  LIMITS,
  type ReportedResult,
} from '@trine/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createMemoryStore } from './memory-stores.ts';
import { Outbox } from './outbox.ts';

const EMPTY = new Uint8Array(0);
const resultOf = (lease: number, sizeBytes: number): ReportedResult => ({
  lease: lease as LeaseId,
  grant: digestOf(EMPTY),
  outcome: 'completed',
  outputDigest: digestOf(EMPTY),
  outputBytes: sizeBytes,
  output: new Uint8Array(sizeBytes),
  fuel: (1n << 62n) + 1n,
  wallMs: 4_294_967_296,
  reason: '\u20AC'.repeat(200),
});

type Step =
  | { readonly type: 'add'; readonly lease: number; readonly sizeBytes: number }
  | { readonly type: 'record'; readonly lease: number }
  | { readonly type: 'session' | 'crash' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ type: fc.constant('add' as const), lease: fc.nat(200), sizeBytes: fc.nat(4_096) }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('record' as const), lease: fc.nat(200) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constantFrom('session' as const, 'crash' as const) }) },
);

test('what is unrecorded is reported again, and fits its frames', async () => {
  const identity = createNobleIdentity(new Uint8Array(32).fill(1));
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const vault = createMemoryStore();
      const log = { debug: () => undefined, info: () => undefined, warn: () => undefined };
      let sent: number[] = [];
      const open = (): Outbox =>
        new Outbox(
          // Stands for the portable identity, whose millisecond a signature would make this test slow.
          { clock: systemClock, identity: { ...identity, sign: async () => new Uint8Array(64) }, vault, log },
          {
            key: 'unrecorded',
            send: (report) => {
              const { results } = report;
              const frame = { sequence: 1, acknowledged: 1, messages: [encodeAgentMessage(report)] };
              expect(encodeFrame(frame).length).toBeLessThanOrEqual(LIMITS.frameBytes.value);
              expect(results.length).toBeLessThanOrEqual(64);
              sent.push(...results.map(({ lease }) => lease));
            },
          },
        );
      let outbox = open();
      outbox.sessionBegan();
      const unrecorded = new Set<number>();
      for (const each of steps) {
        switch (each.type) {
          case 'add':
            outbox.add(resultOf(each.lease, each.sizeBytes));
            unrecorded.add(each.lease);
            break;
          case 'record':
            outbox.forget([each.lease as LeaseId]);
            unrecorded.delete(each.lease);
            break;
          case 'crash':
            await outbox.save();
            outbox.sessionEnded();
            outbox = open();
            await outbox.load();
            outbox.sessionBegan();
            break;
          case 'session':
            outbox.sessionBegan();
        }
      }
      await outbox.flush();
      sent = [];
      outbox.sessionBegan();
      await outbox.flush();
      expect(new Set(sent)).toEqual(unrecorded);
      expect(sent).toHaveLength(unrecorded.size);
      expect(new Set<number>(outbox.leases())).toEqual(unrecorded);
      await outbox.save();
    }),
    { numRuns: 60 },
  );
});
