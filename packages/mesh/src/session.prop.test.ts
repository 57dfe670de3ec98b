import { nodeIdOf } from '@trine/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createMemoryLinkPair } from './memory-link.ts';
import { createManualClock } from './manual-clock.ts';
import { createAgentSession } from './agent-session.ts';
import type { Link } from './link.ts';
import { createSessionHost } from './session-host.ts';
import { identityOf, ORIGIN, PROFILE, progress, seeded, upTo } from './session-house.ts';

type Step =
  | { readonly type: 'agent-says' | 'host-says'; readonly count: number }
  | { readonly type: 'wait'; readonly ms: number }
  | { readonly type: 'cut' | 'move' };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    type: fc.constantFrom('agent-says' as const, 'host-says' as const),
    count: fc.integer({ min: 1, max: 60 }),
  }),
  fc.record({ type: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 400 }) }),
  fc.record({ type: fc.constantFrom('cut' as const, 'move' as const) }),
);

test('every message arrives once and in order, whatever happens to the links', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 40 }),
      fc.integer(),
      fc.constantFrom(0, 0.002, 0.02),
      runCase,
    ),
    { numRuns: 60 },
  );
}, 120_000);

async function runCase(steps: readonly Step[], seed: number, cutChance: number): Promise<void> {
  const random = seeded(seed);
  const clock = createManualClock();
  const entropy = (size: number): Uint8Array => Uint8Array.from({ length: size }, () => random() * 256);
  const cuts: (() => void)[] = [];
  const atHost: number[] = [];
  const atAgent: number[] = [];
  let calm = true;
  let said = 0;
  let told = 0;
  let opened = 0;

  const host = createSessionHost({
    identity: identityOf(100),
    originsAllowed: () => true,
    admit: async (hello) => ({ type: 'admitted', node: nodeIdOf(hello.key), owner: 'itself', session: 1 }),
    coordinators: () => [],
    clock,
    entropy,
    on: {
      opened: () => undefined,
      messages: (_session, messages) => {
        for (const message of messages) if (message.type === 'progress') atHost.push(message.done);
      },
      suspended: () => undefined,
      resumed: () => undefined,
      ended: () => undefined,
    },
  });
  const dial = async (): Promise<Link> => {
    const impairments = { random, delayMs: 80, cutChance: calm ? 0 : cutChance };
    const { left, right, cut } = createMemoryLinkPair({ clock, impairments });
    cuts.push(() => cut('the test cut the link'));
    host.accept(right, { remoteAddress: '192.0.2.1' });
    return left;
  };
  const agent = createAgentSession({
    dial,
    origin: ORIGIN,
    identity: identityOf(1),
    hello: () => ({ profile: PROFILE, held: [] }),
    clock,
    entropy,
    on: {
      opened: () => {
        opened += 1;
      },
      messages: (messages) => {
        for (const message of messages) {
          if (message.type === 'idle-reason') atAgent.push(Number(message.reason));
        }
      },
      suspended: () => undefined,
      refused: () => undefined,
      closed: () => undefined,
      linkChanged: () => undefined,
    },
  });
  await clock.advance(1_000);
  expect(opened).toBe(1);

  calm = false;
  const session = host.session(nodeIdOf(identityOf(1).publicKey));
  for (const step of steps) {
    switch (step.type) {
      case 'agent-says':
        for (let index = 0; index < step.count; index += 1) agent.send(progress((said += 1)));
        break;
      case 'host-says':
        for (let index = 0; index < step.count; index += 1) {
          session?.send({ type: 'idle-reason', reason: String((told += 1)) });
        }
        break;
      case 'wait':
        await clock.advance(step.ms);
        break;
      case 'cut':
        for (const cut of cuts.splice(0)) cut();
        break;
      case 'move':
        void agent.moveTo(await dial());
        break;
    }
  }
  calm = true;
  // Longer than the longest pause, shorter than a host waits for a lost node.
  await clock.advance(40_000);
  expect(atHost).toEqual(upTo(said));
  expect(atAgent).toEqual(upTo(told));
  await Promise.all([agent.close('the case is over'), clock.advance(2_000)]);
  await host.close();
}
