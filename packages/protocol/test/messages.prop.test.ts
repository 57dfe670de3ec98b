/** What the coordinator writes straight into bytes is what the schema and the encoder would have made of it. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  ABIS,
  type CoordinatorMessage,
  coordinatorMessageBytes,
  type Digest,
  encodeCbor,
  encodeCoordinatorMessage,
  type JobId,
  type LeaseId,
  LIMITS,
} from '../src/index.ts';
import { coordinatorMessages } from './samples.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const slowly = (message: CoordinatorMessage): string => hex(encodeCbor(encodeCoordinatorMessage(message)));

const digest = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString('hex') as Digest);
const job = fc
  .string({ unit: fc.constantFrom('a', 'k', 'z', '2', '7'), minLength: 20, maxLength: 20 })
  .map((text) => `j${text}` as JobId);
const count = fc.maxSafeNat();
const lease = count.map((number) => number as LeaseId);
const leases = fc.array(lease, { maxLength: 40 });
const fuel = fc.bigInt({ min: 0n, max: (1n << 63n) - 1n });
const name = fc
  .string({ unit: 'grapheme', maxLength: 60 })
  .filter(({ length }) => length <= LIMITS.nameCharacters.value);
const sentence = fc.string({ unit: 'grapheme', maxLength: 300 }).filter(({ length }) => length <= 1_000);
const inline = fc.uint8Array({ maxLength: 300 });
const artifact = fc.record({ digest, sizeBytes: count, chunks: digest, bearer: name });
const grant = fc.record({
  lease,
  job,
  index: count,
  code: fc.record({ module: digest, edition: name }),
  abi: fc.constantFrom(...ABIS),
  module: artifact,
  input: fc.oneof(
    fc.record({ type: fc.constant('inline' as const), bytes: inline }),
    fc.record({ type: fc.constant('artifact' as const), artifact }),
    fc.record({ type: fc.constant('range' as const), shared: inline }),
  ),
  inputDigest: digest,
  limits: fc.record({ fuel, memoryBytes: count, outputBytes: count }),
  deadlineMs: count,
  jobName: name,
});

const message: fc.Arbitrary<CoordinatorMessage> = fc.oneof(
  fc.record({ type: fc.constant('grants' as const), grants: fc.array(grant, { maxLength: 5 }) }),
  fc.record({ type: fc.constant('results-recorded' as const), leases }),
  fc.record({ type: fc.constant('abandon' as const), leases, reason: sentence }),
  fc.record({ type: fc.constant('upload-granted' as const), lease, digest, bearer: name }),
  fc.record({ type: fc.constant('upload-refused' as const), lease, digest, code: name, message: sentence }),
  fc.record({
    type: fc.constant('standing' as const),
    valid: count,
    invalid: count,
    inconclusive: count,
    late: count,
    credit: fuel,
  }),
  fc.record({ type: fc.constant('idle-reason' as const), reason: sentence }),
  fc.record({ type: fc.constant('signal' as const), attempt: count, data: sentence }),
  fc.record(
    { type: fc.constant('go-away' as const), code: name, message: sentence, retryAfterMs: count },
    { requiredKeys: ['type', 'code', 'message'] },
  ),
);

test.each(Object.entries(coordinatorMessages))('%s: the sample', (_, sample) => {
  expect(hex(coordinatorMessageBytes(sample))).toBe(slowly(sample));
});

test('any message of the coordinator', () => {
  fc.assert(
    fc.property(message, (one) => {
      expect(hex(coordinatorMessageBytes(one))).toBe(slowly(one));
    }),
    { numRuns: 1_000 },
  );
});

test('fields that the schema does not name stay out, and an unknown type is a bug', () => {
  const wider = { type: 'results-recorded' as const, leases: [], secret: 'not for nodes' };
  expect(hex(coordinatorMessageBytes(wider))).toBe(slowly({ type: 'results-recorded', leases: [] }));
  expect(() => coordinatorMessageBytes({ type: 'teleport' } as never)).toThrow('type');
});
