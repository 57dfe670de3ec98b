/** The bytes of version 1, kept for ever: encode and decode must agree with the stored vectors byte for byte. */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  agentTranscript,
  type CborValue,
  type Challenge,
  decodeAgentMessages,
  decodeCbor,
  decodeCoordinatorMessages,
  decodeFrame,
  encodeAgentMessage,
  encodeCbor,
  encodeCoordinatorMessage,
  encodeHandshake,
  grantDigest,
} from '../src/index.ts';
import { agentMessages, coordinatorMessages, handshakes, sampleGrant, sampleProfile } from './samples.ts';

const file = new URL('./vectors/v1/messages.json', import.meta.url);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

function encodeAll(): Record<string, string> {
  const vectors: Record<string, string> = { 'grant-digest': grantDigest(sampleGrant) };
  for (const [name, value] of Object.entries(handshakes))
    vectors[`handshake/${name}`] = hex(encodeHandshake(value));
  for (const [name, value] of Object.entries(agentMessages))
    vectors[`agent/${name}`] = hex(encodeCbor(encodeAgentMessage(value)));
  for (const [name, value] of Object.entries(coordinatorMessages))
    vectors[`coordinator/${name}`] = hex(encodeCbor(encodeCoordinatorMessage(value)));
  return vectors;
}

if (process.env['BLESS'] === '1') writeFileSync(file, `${JSON.stringify(encodeAll(), null, 2)}\n`);
const vectors = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
const stored = (name: string) => Uint8Array.from(Buffer.from(vectors[name] ?? '', 'hex'));
const item = (bytes: Uint8Array) => decodeCbor(bytes)?.value;

describe('vectors of protocol version 1', () => {
  test('every sample encodes to its stored bytes', () => {
    expect(encodeAll()).toEqual(vectors);
  });

  test.each(Object.entries(handshakes))('handshake %s decodes to its sample', (name, sample) => {
    expect(decodeFrame(stored(`handshake/${name}`))).toEqual({
      type: 'handshake',
      handshake: sample,
      said: sample,
    });
  });

  test.each(Object.entries(agentMessages))('agent message %s decodes to its sample', (name, sample) => {
    const decoded = decodeAgentMessages([item(stored(`agent/${name}`))]);
    expect(decoded).toEqual({ messages: [sample], unknown: 0, malformed: undefined });
  });

  test.each(Object.entries(coordinatorMessages))(
    'coordinator message %s decodes to its sample',
    (name, sample) => {
      const decoded = decodeCoordinatorMessages([item(stored(`coordinator/${name}`))]);
      expect(decoded).toEqual({ messages: [sample], unknown: 0, malformed: undefined });
    },
  );
});

describe('forward compatibility', () => {
  test('a handshake’s unknown fields are not parsed, but are there to check the signature over', () => {
    const { hello } = handshakes;
    const later = { ...hello, later: { deep: [1] }, profile: { ...sampleProfile, later: 2 } };
    const decoded = decodeFrame(encodeCbor(later));
    expect(decoded).toEqual({ type: 'handshake', handshake: hello, said: later });
    if (decoded.type !== 'handshake') return;
    const challenge = handshakes['challenge'] as Challenge;
    const unsigned = { ...later, signature: undefined };
    expect(agentTranscript(challenge, decoded.said)).toEqual(agentTranscript(challenge, unsigned));
    expect(agentTranscript(challenge, decoded.said)).not.toEqual(agentTranscript(challenge, { ...hello }));
  });

  test('an unknown field is ignored', () => {
    const wire = {
      ...(encodeAgentMessage({ type: 'capacity', leases: 1 }) as object),
      later: 7,
    } as CborValue;
    const decoded = decodeAgentMessages([item(encodeCbor(wire))]);
    expect(decoded.messages).toEqual([{ type: 'capacity', leases: 1 }]);
  });

  test('an unknown message is counted and dropped, its neighbours kept', () => {
    const decoded = decodeAgentMessages([{ type: 'teleport' }, { type: 'capacity', leases: 2 }]);
    expect(decoded).toEqual({
      messages: [{ type: 'capacity', leases: 2 }],
      unknown: 1,
      malformed: undefined,
    });
  });
});
