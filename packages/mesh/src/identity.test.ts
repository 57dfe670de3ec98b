import * as ed from '@noble/ed25519';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { describe, expect, test } from 'vitest';
import {
  createNobleIdentity,
  createWebCryptoIdentity,
  createWebCryptoVerify,
  isStrict,
  verifySignature,
} from './identity.ts';
import { createNodeIdentity, verifyWithNode } from './identity-node.ts';

/** RFC 8032, section 7.1, tests 1 to 3. */
const VECTORS = [
  {
    seed: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    key: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    bytes: '',
    signature:
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  },
  {
    seed: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    key: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    bytes: '72',
    signature:
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  },
  {
    seed: 'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    key: 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    bytes: 'af82',
    signature:
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  },
];

const verifiers = [
  ['portable', async () => verifySignature],
  ['Node', async () => verifyWithNode],
  ['WebCrypto', createWebCryptoVerify],
] as const;

describe('identities', () => {
  test.each(VECTORS)('sign as RFC 8032 says ($key)', async ({ seed, key, bytes, signature }) => {
    for (const create of [createNobleIdentity, createNodeIdentity]) {
      const identity = create(hexToBytes(seed));
      expect(bytesToHex(identity.publicKey)).toBe(key);
      expect(bytesToHex(await identity.sign(hexToBytes(bytes)))).toBe(signature);
    }
  });

  test('a WebCrypto key cannot be taken out, and is the same node again', async () => {
    const identity = await createWebCryptoIdentity();
    expect(identity?.keys.privateKey.extractable).toBe(false);
    const again = await createWebCryptoIdentity(identity?.keys);
    expect(again?.publicKey).toEqual(identity?.publicKey);
    const bytes = new Uint8Array([1, 2, 3]);
    const signature = (await again?.sign(bytes)) ?? new Uint8Array();
    expect(verifySignature(identity?.publicKey ?? new Uint8Array(), bytes, signature)).toBe(true);
  });
});

describe.each(verifiers)('%s verification', (_name, create) => {
  test.each(VECTORS)('takes what RFC 8032 signs ($key)', async ({ key, bytes, signature }) => {
    const verify = await create();
    expect(await verify(hexToBytes(key), hexToBytes(bytes), hexToBytes(signature))).toBe(true);
  });

  test('refuses a flipped bit anywhere', async () => {
    const verify = await create();
    const { key, bytes, signature } = VECTORS[1] ?? { key: '', bytes: '', signature: '' };
    for (let bit = 0; bit < 512; bit += 7) {
      const flipped = hexToBytes(signature);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(await verify(hexToBytes(key), hexToBytes(bytes), flipped)).toBe(false);
    }
    expect(await verify(hexToBytes(key), hexToBytes('73'), hexToBytes(signature))).toBe(false);
  });

  test('refuses a signature moved by the order of the group', async () => {
    const verify = await create();
    const { key, bytes, signature } = VECTORS[0] ?? { key: '', bytes: '', signature: '' };
    const moved = hexToBytes(signature);
    let carry = 0;
    const order = hexToBytes('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010');
    for (let index = 0; index < 32; index += 1) {
      const sum = (moved[32 + index] ?? 0) + (order[index] ?? 0) + carry;
      moved[32 + index] = sum & 255;
      carry = sum >> 8;
    }
    expect(await verify(hexToBytes(key), hexToBytes(bytes), moved)).toBe(false);
  });

  test.each(smallOrderKeys())('refuses the key of small order %s', async (key) => {
    const verify = await create();
    // The signature that the identity element would accept for any message.
    const signature = new Uint8Array(64);
    signature[0] = 1;
    expect(await verify(hexToBytes(key), new Uint8Array([1]), signature)).toBe(false);
  });

  test('refuses wrong sizes and numbers past the prime without throwing', async () => {
    const verify = await create();
    const past = new Uint8Array(32).fill(255);
    expect(await verify(past, new Uint8Array(), new Uint8Array(64))).toBe(false);
    expect(await verify(new Uint8Array(31), new Uint8Array(), new Uint8Array(64))).toBe(false);
    expect(await verify(new Uint8Array(32).fill(9), new Uint8Array(), new Uint8Array(63))).toBe(false);
  });
});

test('the table of small orders is complete', () => {
  expect(smallOrderKeys()).toHaveLength(8);
  for (const key of smallOrderKeys()) expect(isStrict(hexToBytes(key), new Uint8Array(64))).toBe(false);
  expect(isStrict(createNobleIdentity(new Uint8Array(32)).publicKey, new Uint8Array(64))).toBe(true);
});

/** The eight points of small order, computed: any point times the group's order lands on one of them. */
function smallOrderKeys(): readonly string[] {
  const found = new Set<string>([bytesToHex(ed.Point.ZERO.toBytes())]);
  for (let y = 2; found.size < 8 && y < 200; y += 1) {
    try {
      const point = ed.Point.fromBytes(Uint8Array.from({ length: 32 }, (_, index) => (index === 0 ? y : 0)));
      // The library refuses the order itself as a factor, so one less and the point once more.
      found.add(
        bytesToHex(
          point
            .multiply(GROUP_ORDER - 1n)
            .add(point)
            .toBytes(),
        ),
      );
    } catch {
      // No point has this y.
    }
  }
  return [...found];
}

const GROUP_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
