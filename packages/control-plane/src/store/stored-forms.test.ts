/** What rows and history keep as bytes comes back as it was. */
import type { ShardEvent } from '@trine/scheduler';
import { expect, test } from 'vitest';
import { digestFor, EVERY_BYTE, jobId, LARGE_FUEL, MANY_REPLICAS, nodeId, specRow } from './rows.testing.ts';
import {
  decodeEvents,
  decodeInput,
  decodeReplicas,
  decodeSpec,
  encodeEvents,
  encodeInput,
  encodeReplicas,
  encodeSpec,
} from './stored-forms.ts';

test('specs, inputs and replicas survive their bytes', () => {
  const small = specRow('small', { limits: { fuel: 1n, memoryBytes: 1, outputBytes: 1 } });
  for (const spec of [small, specRow('large'), specRow('list', { inputs: { type: 'list', count: 9 } })]) {
    expect(decodeSpec(encodeSpec(spec))).toEqual(spec);
  }
  const inline = { type: 'inline', bytes: EVERY_BYTE, digest: digestFor('inline') } as const;
  expect(decodeInput(encodeInput(inline))).toEqual(inline);
  const named = { type: 'artifact', artifact: small.module, digest: small.module.digest } as const;
  expect(decodeInput(encodeInput(named))).toEqual(named);
  expect(decodeReplicas(encodeReplicas(MANY_REPLICAS))).toEqual(MANY_REPLICAS);
  expect(decodeReplicas(encodeReplicas([]))).toEqual([]);
});

test('every kind of event survives the history', () => {
  const events = eventsOfEveryKind();
  expect(decodeEvents(encodeEvents(events))).toEqual(events);
  expect(encodeEvents(events)).toEqual(encodeEvents(decodeEvents(encodeEvents(events))));
});

test('bytes of another form are refused with a code', () => {
  for (const bytes of [new Uint8Array(), EVERY_BYTE, Uint8Array.of(0x81, 0x18, 0x63)]) {
    expect(() => decodeReplicas(bytes)).toThrow(expect.objectContaining({ code: 'internal' }));
    expect(() => decodeSpec(bytes)).toThrow(expect.objectContaining({ code: 'internal' }));
  }
});

function eventsOfEveryKind(): readonly ShardEvent[] {
  const spec = specRow('event');
  const { job, module } = spec;
  const who = { node: nodeId(1), session: 7 };
  const lease = 64 as Extract<ShardEvent, { type: 'leases-returned' }>['leases'][number];
  const placed = { owner: 'o1', group: 'owner:o1' } as unknown as Pick<
    Extract<ShardEvent, { type: 'results-reported' }>,
    'owner' | 'group'
  >;
  const result = {
    lease,
    grant: digestFor('grant'),
    outcome: 'completed',
    outputDigest: digestFor('output'),
    outputBytes: 256,
    output: EVERY_BYTE,
    wallMs: 0.25,
    reason: '',
    leaf: 0,
  } as const;
  const frame = { id: digestFor('frame'), root: EVERY_BYTE, signature: EVERY_BYTE, leaves: 2 };
  const results = [
    { ...result, fuel: LARGE_FUEL },
    { ...result, fuel: 3n, output: undefined },
  ];
  return [
    { type: 'batch-began', atMs: 1_795_000_000_000, entropy: EVERY_BYTE.subarray(0, 16) },
    { type: 'job-submitted', spec },
    { type: 'job-prepared', job, module, code: { module: module.digest, edition: 'c/1' } },
    { type: 'job-refused', job, code: 'module-refused', message: 'no' },
    { type: 'job-cancelled', job: jobId('other'), reason: 'asked' },
    {
      type: 'inputs-loaded',
      job,
      from: 0,
      inputs: [{ type: 'artifact', artifact: module, digest: module.digest }],
    },
    { type: 'fleet-changed', groups: 3 },
    { type: 'slots-offered', offer: { ...who, ...placed, labels: ['a'], count: 2 } },
    { type: 'node-said-hello', ...who, held: [lease] },
    { type: 'node-lost', ...who, reason: 'silent' },
    { type: 'leases-returned', ...who, leases: [lease], reason: 'stopped' },
    { type: 'results-reported', ...who, ...placed, frame, results },
  ];
}
