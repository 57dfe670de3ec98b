import {
  type AgentMessage,
  type CborValue,
  decodeCoordinatorMessages,
  decodeFrame,
  encodeAgentMessage,
  encodeCbor,
  encodeFrame,
  type Frame,
  LIMITS,
} from '@trine/protocol';
import { expect, test } from 'vitest';
import { ACKNOWLEDGE_MS, LINGER_MS, LINK_BUFFER_HIGH_BYTES } from './limits.ts';
import type { Link } from './link.ts';
import { createManualClock } from './manual-clock.ts';
import { assembleFrame, SessionCore } from './session-core.ts';
import { progress, upTo } from './session-house.ts';

function openCore() {
  const clock = createManualClock();
  const faults: string[] = [];
  const counted: string[] = [];
  const heard: string[] = [];
  const core = new SessionCore<AgentMessage, { readonly type: string }>({
    clock,
    encode: (message) => encodeCbor(encodeAgentMessage(message)),
    decode: decodeCoordinatorMessages,
    onMessages: (messages) => heard.push(...messages.map(({ type }) => type)),
    onKeepalive: () => undefined,
    onFault: (code) => faults.push(code),
    onCounted: (kind) => counted.push(kind),
  });
  return { clock, core, faults, counted, heard };
}

/** A link that only remembers, and is as full as a test says. */
function scriptedLink() {
  const sent: Frame[] = [];
  const sizes: number[] = [];
  const state = { bufferedBytes: 0 };
  const link: Link = {
    kind: 'memory',
    remote: 'a script',
    send: (bytes) => {
      const decoded = decodeFrame(bytes);
      if (decoded.type === 'frame') sent.push(decoded.frame);
      sizes.push(bytes.length);
    },
    bufferedBytes: () => state.bufferedBytes,
    listen: () => undefined,
    close: () => undefined,
  };
  return { link, sent, sizes, state };
}

const frameOf = (sequence: number, acknowledged: number, messages: readonly CborValue[]): Uint8Array =>
  encodeFrame({ sequence, acknowledged, messages });
const idle = (reason: string): CborValue => ({ type: 'idle-reason', reason });

test('a frame put together from encoded messages is the frame encoded at once', () => {
  for (const count of [1, 2, 23, 24, 255, 256, 512]) {
    const messages = Array.from({ length: count }, (_, index) => index);
    const pieces = messages.map((number) => encodeFrame({ sequence: 0, acknowledged: number, messages: [] }));
    const decoded = decodeFrame(assembleFrame(70_000, 5, pieces));
    expect(decoded).toMatchObject({ type: 'frame', frame: { sequence: 70_000, acknowledged: 5 } });
    expect(assembleFrame(70_000, 5, pieces)).toEqual(
      frameOf(
        70_000,
        5,
        messages.map((number) => [0, number, []]),
      ),
    );
  }
});

test('what one turn sends shares frames, within both limits', async () => {
  const { core, clock } = openCore();
  const { link, sent, sizes } = scriptedLink();
  core.attach(link, 0);
  for (let index = 0; index < 1_100; index += 1) core.send(progress(index));
  await clock.advance(0);
  expect(sent.map(({ messages }) => messages.length)).toEqual([512, 512, 76]);
  const reason = 'x'.repeat(1_000);
  for (let index = 0; index < 200; index += 1) core.send({ type: 'bye', reason });
  await clock.advance(0);
  expect(sent.slice(3).reduce((sum, { messages }) => sum + messages.length, 0)).toBe(200);
  expect(sent.slice(3).length).toBe(4);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(LIMITS.frameBytes.value);
  expect(sent.map(({ sequence }) => sequence)).toEqual(upTo(sent.length));
});

test('a message that fits no frame is the caller’s bug', () => {
  const { clock } = openCore();
  const core = new SessionCore<string, never>({
    clock,
    encode: encodeCbor,
    decode: () => ({ messages: [], unknown: 0, malformed: undefined }),
    onMessages: () => undefined,
    onKeepalive: () => undefined,
    onFault: () => undefined,
    onCounted: () => undefined,
  });
  expect(() => core.send('x'.repeat(LIMITS.frameBytes.value))).toThrow('does not fit into a frame');
});

test('a message that may wait shares the next frame, and leaves alone when none comes', async () => {
  const { core, clock } = openCore();
  const { link, sent } = scriptedLink();
  const told = () => sent.map(({ acknowledged, messages }) => [acknowledged, messages.length]);
  core.attach(link, 0);
  core.sendLater(progress(1));
  await clock.advance(0);
  expect(told()).toEqual([[0, 1]]);

  core.sendLater(progress(2));
  await clock.advance(LINGER_MS - 1);
  expect(told()).toEqual([[0, 1]]);
  core.send(progress(3));
  await clock.advance(LINGER_MS);
  expect(told()).toEqual([
    [0, 1],
    [0, 2],
  ]);

  core.sendLater(progress(4));
  await clock.advance(LINGER_MS);
  expect(told().at(-1)).toEqual([0, 1]);

  core.receive(frameOf(1, 3, [idle('x')]));
  core.sendLater(progress(5));
  await clock.advance(ACKNOWLEDGE_MS);
  expect(told().slice(3)).toEqual([[1, 1]]);
});

test('a full link is waited for, and an acknowledgement of frames from before a move leaves no gap', async () => {
  const { core, clock } = openCore();
  const { link, sent, state } = scriptedLink();
  state.bufferedBytes = LINK_BUFFER_HIGH_BYTES;
  core.attach(link, 0);
  for (let index = 1; index <= 10; index += 1) {
    core.send(progress(index));
    await clock.advance(1);
  }
  expect(sent).toEqual([]);
  // The other side had three of them over the link before.
  core.receive(frameOf(0, 3, []));
  state.bufferedBytes = 0;
  await clock.advance(20);
  expect(sent.map(({ sequence }) => sequence)).toEqual([4, 5, 6, 7, 8, 9, 10]);
});

test('a received frame is acknowledged soon even when there is nothing to say', async () => {
  const { core, clock } = openCore();
  const { link, sent } = scriptedLink();
  core.attach(link, 0);
  core.receive(frameOf(1, 0, [idle('')]));
  await clock.advance(1_000);
  expect(sent).toEqual([{ sequence: 0, acknowledged: 1, messages: [] }]);
});

test('messages of unknown types are counted and dropped, their neighbours are heard', () => {
  const { core, counted, heard, faults } = openCore();
  core.receive(frameOf(1, 0, [{ type: 'from-the-future' }, idle('')]));
  expect(counted).toEqual(['unknown-message']);
  expect(heard).toEqual(['idle-reason']);
  expect(faults).toEqual([]);
});

test('of a frame with a broken message nothing is heard; the third ends the session', () => {
  const { core, counted, heard, faults } = openCore();
  core.receive(frameOf(1, 0, [idle(''), { type: 'idle-reason', reason: 7 }]));
  core.receive(frameOf(2, 0, [idle('')]));
  core.receive(frameOf(0, 99, []));
  expect(heard).toEqual(['idle-reason']);
  expect(faults).toEqual([]);
  core.receive(new Uint8Array([255]));
  expect(counted).toEqual(['malformed', 'malformed', 'malformed']);
  expect(faults).toEqual(['malformed-frame']);
});

test('a session can only go on from what both sides still have', async () => {
  const { core, clock } = openCore();
  const { link } = scriptedLink();
  core.attach(link, 0);
  for (let index = 1; index <= 5; index += 1) {
    core.send(progress(index));
    await clock.advance(1);
  }
  core.receive(frameOf(0, 2, []));
  expect([1, 2, 5, 6].map((received) => core.canResume(received))).toEqual([false, true, true, false]);
});
