import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeAgentMessages,
  decodeCoordinatorMessages,
  decodeFrame,
  encodeCbor,
  encodeFrame,
  LIMITS,
} from './index.ts';

describe('decodeFrame', () => {
  test('survives any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        const decoded = decodeFrame(bytes);
        expect(['frame', 'handshake', 'malformed']).toContain(decoded.type);
      }),
    );
  });

  test('survives any CBOR value, as a frame and as messages', () => {
    fc.assert(
      fc.property(
        fc.object({ maxDepth: 3, values: [fc.integer(), fc.string(), fc.boolean(), fc.uint8Array()] }),
        (value) => {
          decodeFrame(encodeCbor(value as never));
          const [agent, coordinator] = [decodeAgentMessages([value]), decodeCoordinatorMessages([value])];
          expect(agent.messages.length + coordinator.messages.length).toBe(0);
        },
      ),
    );
  });

  test('returns what encodeFrame made', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.nat(),
        fc.array(fc.string(), { minLength: 1, maxLength: 20 }),
        (sequence, acknowledged, messages) => {
          const frame = { sequence: sequence + 1, acknowledged, messages };
          expect(decodeFrame(encodeFrame(frame))).toEqual({ type: 'frame', frame });
        },
      ),
    );
  });

  test('refuses a sequenced empty frame and an unsequenced full one', () => {
    for (const frame of [
      { sequence: 1, acknowledged: 0, messages: [] },
      { sequence: 0, acknowledged: 0, messages: ['x'] },
    ]) {
      expect(decodeFrame(encodeFrame(frame)).type).toBe('malformed');
    }
  });

  test('refuses a frame over the limit by name', () => {
    const decoded = decodeFrame(new Uint8Array(LIMITS.frameBytes.value + 1));
    expect(decoded).toMatchObject({
      type: 'malformed',
      reason: expect.stringContaining(String(LIMITS.frameBytes.value)),
    });
  });

  test('refuses indefinite lengths, duplicate keys and trailing bytes', () => {
    for (const hex of ['9f0000ff', 'a2616101616102', '8300008000']) {
      expect(decodeFrame(Uint8Array.from(Buffer.from(hex, 'hex'))).type).toBe('malformed');
    }
  });
});
