// What sensors and people say must never be what a message refuses to carry.
import { encodeAgentMessage, LIMITS } from '@trine/protocol';
import { expect, test } from 'vitest';
import { assertFits, sentence, soundFigures } from './wire-words.ts';

test('figures that are none are left out, the rest can be sent', () => {
  const odd = {
    cpuPercent: Number.NaN,
    memoryUsedBytes: 1_024.4,
    temperatureCelsius: null as unknown as number,
    batteryPercent: Number.POSITIVE_INFINITY,
    onBattery: false,
    uptimeSeconds: -1,
  };
  expect(soundFigures(odd)).toEqual({ memoryUsedBytes: 1_024, onBattery: false });
  expect(() => encodeAgentMessage({ type: 'heartbeat', ...soundFigures(odd) })).not.toThrow();
  expect(() => encodeAgentMessage({ type: 'heartbeat', ...odd })).toThrow();
});

test('reasons are cut to what a message carries', () => {
  const reason = sentence('x'.repeat(5_000));
  expect(() => encodeAgentMessage({ type: 'bye', reason })).not.toThrow();
  expect(() => encodeAgentMessage({ type: 'bye', reason: `${reason}x` })).toThrow();
});

test('a token that no handshake carries is refused with the limit', () => {
  expect(() => assertFits('join token', 'x'.repeat(LIMITS.nameCharacters.value))).not.toThrow();
  expect(() => assertFits('join token', 'x'.repeat(LIMITS.nameCharacters.value + 1))).toThrow(
    '121 characters',
  );
});
