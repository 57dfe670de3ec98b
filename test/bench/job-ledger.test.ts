/** Every check of the swarm is shown to fail when it should: a check that cannot fail measures nothing. */
import { type Grant, grantDigest, jobIdFrom, type LeaseId, rangeInput } from '@trine/protocol';
import { expect, test } from 'vitest';
import { answerTo, JobLedger, sha256 } from './job-ledger.ts';

const SHARED = Uint8Array.of(1, 2, 3);
const MODULE = sha256(Uint8Array.of(9));
const JOB = jobIdFrom(new Uint8Array(20));
const CLOCK = { atMs: 10, waitedMs: 3 };

const ledgerOf = (tasks = 2) =>
  new JobLedger({ name: 'test', tasks, sharedHex: '010203', module: MODULE, replicas: 3 });

function grantOf(lease: number, index: number, changes: Partial<Grant> = {}): Grant {
  const input = rangeInput(SHARED, index);
  return {
    lease: lease as LeaseId,
    job: JOB,
    index,
    code: { module: MODULE, edition: 'test' },
    abi: 'trine-1',
    module: { digest: MODULE, sizeBytes: 1, chunks: MODULE, bearer: 'b' },
    input: { type: 'inline', bytes: input },
    inputDigest: sha256(input),
    limits: { fuel: 1_000n, memoryBytes: 65_536, outputBytes: 64 },
    deadlineMs: 1_000,
    jobName: 'test',
    ...changes,
  };
}

test('a right grant is answered alike by every node, over the grant’s digest', () => {
  const ledger = ledgerOf();
  const grant = grantOf(1, 0);
  const [first, second] = [ledger.grant(0, grant, CLOCK), ledger.grant(1, grantOf(2, 0), CLOCK)];
  expect(first?.grant).toBe(grantDigest(grant));
  expect(first?.output).toEqual(answerTo(rangeInput(SHARED, 0)));
  expect([second?.outputDigest, second?.fuel]).toEqual([first?.outputDigest, first?.fuel]);
  expect(ledger.figures(0).faults).toBe(0);
});

test.each<[string, Grant, RegExp]>([
  ['a lease twice', grantOf(1, 1), /granted before/],
  ['a task twice to a node', grantOf(2, 0), /had the task before/],
  ['a task that is none', grantOf(2, 2), /no such task/],
  ['another job', grantOf(2, 1, { job: jobIdFrom(Uint8Array.of(1, ...new Uint8Array(19))) }), /names job/],
  ['another module', grantOf(2, 1, { code: { module: sha256(SHARED), edition: 'test' } }), /another module/],
  ['another input', grantOf(2, 1, { input: { type: 'inline', bytes: SHARED } }), /another input/],
  ['another digest', grantOf(2, 1, { inputDigest: MODULE }), /not that of the input/],
])('%s is a fault and gets no answer', (_, grant, sentence) => {
  const ledger = ledgerOf();
  ledger.grant(0, grantOf(1, 0), CLOCK);
  expect(ledger.grant(0, grant, CLOCK)).toBeUndefined();
  const { faults, firstFaults } = ledger.figures(0);
  expect(faults).toBe(1);
  expect(firstFaults[0]).toMatch(sentence);
});

test('a fourth replica of a task is a fault', () => {
  const ledger = ledgerOf();
  for (const node of [0, 1, 2]) ledger.grant(node, grantOf(node, 0), CLOCK);
  ledger.grant(3, grantOf(3, 0), CLOCK);
  expect(ledger.figures(0).firstFaults).toEqual([expect.stringMatching(/all its replicas/)]);
});

test('a record must be of a lease of that node, and come once', () => {
  const ledger = ledgerOf();
  ledger.grant(0, grantOf(1, 0), CLOCK);
  ledger.recorded(0, 7 as LeaseId, 20);
  ledger.recorded(1, 1 as LeaseId, 20);
  ledger.recorded(0, 1 as LeaseId, 20);
  ledger.recorded(0, 1 as LeaseId, 20);
  expect(ledger.figures(0).firstFaults).toEqual([
    expect.stringMatching(/never granted/),
    expect.stringMatching(/of node 0, recorded for node 1/),
    expect.stringMatching(/recorded twice/),
  ]);
});

test('it is done when every task has two records and no lease waits for one', () => {
  const ledger = ledgerOf(1);
  for (const node of [0, 1, 2]) ledger.grant(node, grantOf(node, 0), CLOCK);
  ledger.recorded(0, 0 as LeaseId, 20);
  ledger.recorded(1, 1 as LeaseId, 21);
  expect([ledger.verified, ledger.isDone]).toEqual([1, false]);
  ledger.recorded(2, 2 as LeaseId, 22);
  expect(ledger.isDone).toBe(true);
  expect(ledger.figures(0).tasksByResults).toEqual([0, 0, 0, 1]);
});
