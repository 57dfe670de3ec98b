/**
 * What every link, and every session over it, must do: one suite for memory, WebSocket and WebRTC, run with
 * vitest from an adapter's test by handing in a way to connect two ends.
 */
import { encodeAgentMessage, encodeFrame, LIMITS, nodeIdOf } from '@trine/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { shakeHands } from './agent-handshake.ts';
import { systemEntropy } from './clock.ts';
import { EARLY_FRAMES_MAX } from './limits.ts';
import type { Link, LinkCode } from './link.ts';
import type { LinkRig } from './link-rig.ts';
import {
  createWatch,
  handshakeDefaults,
  helloFor,
  type House,
  identityOf,
  nextTurn,
  openHouse,
  progress,
  refusalIn,
  seeded,
  upTo,
  type Watch,
} from './session-house.ts';

export type { ConnectedEnds, LinkRig } from './link-rig.ts';

export interface ConformanceOptions {
  readonly makeRig: () => Promise<LinkRig>;
  /** Whether the code given to `close` reaches the other side. Data channels have no place for it. */
  readonly carriesCodes: boolean;
  /** Chooses the moments of cuts and moves. Default 1. */
  readonly seed?: number;
}

// ── links ────────────────────────────────────────────────────────────────────────────────────────────

export function linkConformance(name: string, options: ConformanceOptions): void {
  describe(`${name} link`, () => {
    let rig: LinkRig;
    beforeEach(async () => {
      rig = await options.makeRig();
    });
    afterEach(() => rig.close());

    test('carries frames whole and in order, both ways', async () => {
      const { near, far } = await rig.connect();
      const [atNear, atFar] = [record(near), record(far)];
      const sizes = [1, 100, 4_096, 16_384, LIMITS.frameBytes.value, 7];
      for (const size of sizes) {
        near.send(patterned(size));
        far.send(patterned(size + 1 > LIMITS.frameBytes.value ? size : size + 1));
      }
      await atFar.until(() => atFar.frames.length === sizes.length);
      await atNear.until(() => atNear.frames.length === sizes.length);
      expect(atFar.frames.map((frame) => frame.length)).toEqual(sizes);
      expect(atFar.frames.every((frame) => isPatterned(frame))).toBe(true);
      expect(atNear.frames.every((frame) => isPatterned(frame))).toBe(true);
      expect(atFar.frames.every((frame) => frame.constructor === Uint8Array)).toBe(true);
    });

    test('keeps frames that come before anyone listens', async () => {
      const { near, far } = await rig.connect();
      const atNear = record(near);
      for (let index = 0; index < 20; index += 1) near.send(patterned(index + 1));
      // The answer on the same link shows that the twenty have arrived.
      far.send(patterned(1));
      await atNear.until(() => atNear.frames.length === 1);
      const atFar = record(far);
      await atFar.until(() => atFar.frames.length === 20);
      expect(atFar.frames.map((frame) => frame.length)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    });

    test('keeps no more than the bound before anyone listens', async () => {
      const { near, far } = await rig.connect();
      const atNear = record(near);
      for (let index = 0; index <= EARLY_FRAMES_MAX; index += 1) near.send(patterned(1));
      await atNear.until(() => atNear.ends.length === 1);
      const atFar = record(far);
      expect(atFar.frames).toEqual([]);
      expect(atFar.ends[0]?.code).toBe('peer-too-slow');
    });

    test('ends when a frame is over the limit', async () => {
      const { near, far } = await rig.connect();
      const [atNear, atFar] = [record(near), record(far)];
      near.send(patterned(LIMITS.frameBytes.value + 1));
      near.send(patterned(1));
      await atFar.until(() => atFar.ends.length === 1);
      await atNear.until(() => atNear.ends.length === 1);
      expect(atFar.frames).toEqual([]);
      expect(atFar.ends[0]?.code).toBe('frame-too-large');
    });

    test('delivers what was sent before the close, and tells the close once', async () => {
      const { near, far } = await rig.connect();
      const [atNear, atFar] = [record(near), record(far)];
      near.send(patterned(3));
      near.close('rate-limited', 'too much');
      near.close('rate-limited', 'again');
      near.send(patterned(4));
      await atFar.until(() => atFar.ends.length > 0);
      expect(atFar.frames.map((frame) => frame.length)).toEqual([3]);
      expect(atFar.ends).toHaveLength(1);
      if (options.carriesCodes) expect(atFar.ends[0]).toEqual({ code: 'rate-limited', reason: 'too much' });
      expect(atNear.ends).toEqual([]);
    });

    test('tells both ends when the transport breaks', async () => {
      const { near, far, cut } = await rig.connect();
      const [atNear, atFar] = [record(near), record(far)];
      cut();
      await atFar.until(() => atFar.ends.length === 1);
      await atNear.until(() => atNear.ends.length === 1);
      expect(atNear.ends[0]?.code).toBe('closed');
    });

    test('empties its buffer', async () => {
      const { near, far } = await rig.connect();
      const [atNear, atFar] = [record(near), record(far)];
      for (let index = 0; index < 64; index += 1) near.send(patterned(LIMITS.frameBytes.value));
      await atFar.until(() => atFar.frames.length === 64);
      far.send(patterned(1));
      await atNear.until(() => atNear.frames.length === 1);
      // A buffer that never empties would stall a session: the test's own timeout is the failure.
      while (near.bufferedBytes() > 0) await nextTurn();
      expect(near.bufferedBytes()).toBe(0);
    });
  });
}

interface Recorded extends Watch {
  readonly frames: Uint8Array[];
  readonly ends: { readonly code: LinkCode; readonly reason: string }[];
}

function record(link: Link): Recorded {
  const watch = createWatch();
  const recorded = { frames: [] as Uint8Array[], ends: [] as { code: LinkCode; reason: string }[], ...watch };
  link.listen({
    onFrame: (frame) => {
      recorded.frames.push(frame);
      watch.changed();
    },
    onClose: (code, reason) => {
      recorded.ends.push({ code, reason });
      watch.changed();
    },
  });
  return recorded;
}

const patterned = (size: number): Uint8Array =>
  Uint8Array.from({ length: size }, (_, index) => (index * 31 + size) & 255);
const isPatterned = (frame: Uint8Array): boolean =>
  frame.every((byte, index) => byte === ((index * 31 + frame.length) & 255));

// ── sessions ─────────────────────────────────────────────────────────────────────────────────────────

export function sessionConformance(name: string, options: ConformanceOptions): void {
  describe(`session over ${name} links`, () => {
    let rig: LinkRig;
    let house: House;
    beforeEach(async () => {
      rig = await options.makeRig();
      house = await openHouse(rig);
    });
    afterEach(async () => {
      await house.close();
      await rig.close();
    });

    test('opens, and carries messages in order both ways', async () => {
      const agent = house.join(1);
      await agent.until(() => agent.openings.length === 1);
      agent.say(2_000);
      house.say(agent, 2_000);
      await agent.until(() => agent.heard.length === 2_000);
      await house.until(() => house.heard(agent).length === 2_000);
      expect(agent.heard).toEqual(upTo(2_000));
      expect(house.heard(agent)).toEqual(upTo(2_000));
      expect(agent.openings).toEqual([{ resumed: false, session: 1 }]);
    });

    test('resumes after both directions lost their tails', async () => {
      const agent = house.join(1);
      await agent.until(() => agent.openings.length === 1);
      for (let round = 0; round < 3; round += 1) {
        agent.say(300);
        house.say(agent, 300);
        await Promise.resolve();
        house.cut();
        await agent.until(() => agent.openings.length === round + 2);
      }
      await agent.until(() => agent.heard.length === 900);
      await house.until(() => house.heard(agent).length === 900);
      expect(agent.heard).toEqual(upTo(900));
      expect(house.heard(agent)).toEqual(upTo(900));
      expect(agent.openings.slice(1).every((opening) => opening.resumed)).toBe(true);
    });

    test(`neither loses, doubles nor reorders while links are cut and moved (seed ${options.seed ?? 1})`, async () => {
      const random = seeded(options.seed ?? 1);
      const agent = house.join(1);
      await agent.until(() => agent.openings.length === 1);
      let moves = 0;
      for (let step = 0; step < 40; step += 1) {
        agent.say(1 + Math.floor(random() * 40));
        house.say(agent, 1 + Math.floor(random() * 40));
        const chance = random();
        if (chance < 0.2) house.cut();
        else if (chance < 0.5) moves += (await agent.session.moveTo(await house.dial())) ? 1 : 0;
        else await agent.turn();
      }
      await agent.until(() => agent.heard.length === house.told(agent));
      await house.until(() => house.heard(agent).length === agent.said());
      expect(agent.heard).toEqual(upTo(house.told(agent)));
      expect(house.heard(agent)).toEqual(upTo(agent.said()));
      expect(moves).toBeGreaterThan(0);
    });

    test('a node that joins again displaces its older session, which stays away', async () => {
      const first = house.join(1);
      await first.until(() => first.openings.length === 1);
      const second = house.join(1);
      await first.until(() => first.closed.length === 1);
      await second.until(() => second.openings.length === 1);
      expect(first.refusals).toEqual(['displaced']);
      expect(second.openings).toEqual([{ resumed: false, session: 2 }]);
      expect(house.ended).toEqual(['displaced']);
      second.say(5);
      await house.until(() => house.heard(second).length === 5);
      expect(first.openings).toHaveLength(1);
    });

    test('says goodbye, and the host hears it', async () => {
      const agent = house.join(1);
      await agent.until(() => agent.openings.length === 1);
      await agent.session.close('the volunteer stopped');
      await house.until(() => house.ended.length === 1);
      expect(house.ended).toEqual(['bye']);
      expect(agent.closed).toEqual(['the volunteer stopped']);
    });

    test('a replayed frame is dropped and counted', async () => {
      const { link, agent } = await house.rawJoin(7);
      const frame = encodeFrame({
        sequence: 1,
        acknowledged: 0,
        messages: [encodeAgentMessage(progress(1))],
      });
      link.send(frame);
      link.send(frame);
      link.send(encodeFrame({ sequence: 2, acknowledged: 0, messages: [encodeAgentMessage(progress(2))] }));
      await house.until(() => house.heardBy(agent).length === 2);
      expect(house.heardBy(agent)).toEqual([1, 2]);
      expect(house.counted.get('repeat')).toBe(1);
    });

    test('a gap ends the link, not the session', async () => {
      const { link, agent } = await house.rawJoin(7);
      link.send(encodeFrame({ sequence: 2, acknowledged: 0, messages: [encodeAgentMessage(progress(2))] }));
      await house.until(() => house.suspended.length === 1);
      expect(house.heardBy(agent)).toEqual([]);
      expect(house.host.session(agent)?.linkKind).toBeUndefined();
      expect(house.counted.get('out-of-order')).toBe(1);
    });

    test('broken frames end the session at the third, and others go on', async () => {
      const other = house.join(1);
      const { link } = await house.rawJoin(7);
      for (let index = 0; index < 200; index += 1) link.send(systemEntropy(64));
      await house.until(() => house.ended.length === 1);
      expect(house.ended).toEqual(['malformed-frame']);
      expect(house.counted.get('malformed')).toBe(LIMITS.malformedFrames.value);
      await other.until(() => other.openings.length === 1);
      other.say(3);
      await house.until(() => house.heard(other).length === 3);
    });

    test('garbage instead of a handshake is refused', async () => {
      const link = await house.dial();
      const recorded = record(link);
      for (let index = 0; index < 50; index += 1) link.send(systemEntropy(200));
      await recorded.until(() => recorded.ends.length === 1);
      expect(refusalIn(recorded.frames)).toBe('malformed-frame');
    });

    test('a flood of messages is cut off', async () => {
      const { link } = await house.rawJoin(7);
      const one = encodeAgentMessage(progress(1));
      for (let sequence = 1; sequence <= 12; sequence += 1) {
        link.send(
          encodeFrame({ sequence, acknowledged: 0, messages: Array.from({ length: 500 }, () => one) }),
        );
      }
      await house.until(() => house.ended.length === 1);
      expect(house.ended).toEqual(['rate-limited']);
    });

    test('a peer that acknowledges nothing is given up before it costs more than the bound', async () => {
      const { agent } = await house.rawJoin(7);
      const reason = 'x'.repeat(900);
      const session = house.host.session(agent);
      for (let index = 0; index < 6_000; index += 1) session?.send({ type: 'idle-reason', reason });
      await house.until(() => house.ended.length === 1);
      expect(house.ended).toEqual(['peer-too-slow']);
    });

    test('a hello signed by another key is refused', async () => {
      const link = await house.dial();
      const outcome = await shakeHands(link, {
        ...handshakeDefaults(),
        identity: { publicKey: identityOf(1).publicKey, sign: (bytes) => identityOf(2).sign(bytes) },
      });
      expect(outcome).toMatchObject({ type: 'refused', refused: { code: 'handshake-failed' } });
    });

    test('a handshake relayed from another origin is refused', async () => {
      const agent = house.join(1, { origin: 'http://impostor.test:3000' });
      await agent.until(() => agent.closed.length === 1);
      expect(agent.refusals).toEqual(['origin-refused']);
      expect(agent.openings).toEqual([]);
    });

    test('a hello with a signed field that this build does not know is admitted', async () => {
      const link = await house.dial();
      const atLink = record(link);
      await atLink.until(() => atLink.frames.length === 1);
      link.send(await helloFor(atLink.frames[0], { later: { deep: [1, 'two'] } }));
      await house.until(() => house.host.session(nodeIdOf(identityOf(1).publicKey)) !== undefined);
      await atLink.until(() => atLink.frames.length === 2);
      expect(refusalIn(atLink.frames)).toBeUndefined();
    });

    test('a hello recorded from another link is refused', async () => {
      const [first, second] = [record(await house.dial()), await house.dial()];
      const atSecond = record(second);
      await first.until(() => first.frames.length === 1);
      await atSecond.until(() => atSecond.frames.length === 1);
      second.send(await helloFor(first.frames[0]));
      await atSecond.until(() => atSecond.frames.length === 2);
      expect(refusalIn(atSecond.frames)).toBe('handshake-failed');
    });

    test('an agent that pinned another coordinator stays away', async () => {
      const agent = house.join(1, { coordinatorKey: identityOf(99).publicKey });
      await agent.until(() => agent.closed.length === 1);
      expect(agent.refusals).toEqual(['handshake-failed']);
      expect(house.host.session(nodeIdOf(identityOf(1).publicKey))).toBeUndefined();
    });

    test('a session that the host forgot is followed by a new one', async () => {
      const agent = house.join(1);
      await agent.until(() => agent.openings.length === 1);
      await house.restart();
      await agent.until(() => agent.openings.length === 2);
      expect(agent.openings[1]?.resumed).toBe(false);
      agent.say(3);
      await house.until(() => house.heard(agent).length === 3);
    });
  });
}
