import { createCipheriv, createSecretKey, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  encodeAssociatedData,
  ENVELOPE_OVERHEAD_BYTES,
  KEY_ID_BYTES,
  NONCE_BYTES,
  TAG_BYTES,
  type SealContext,
} from '@coffer/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { open, seal, sealWithNonce, type SealingKey } from './aead.ts';

type Vector = {
  name: string;
  key: string;
  key_id: string;
  nonce: string;
  context: SealContext;
  plaintext: string;
  associated_data: string;
  envelope: string;
};

const VECTORS_FILE = new URL('../../../core/src/crypto/envelope.vectors.json', import.meta.url);
const VECTORS = JSON.parse(readFileSync(VECTORS_FILE, 'utf8')) as Vector[];

const CONTEXT: SealContext = {
  instance: 'ins_0123456789abcdefghjkmnpqrs',
  project: 'shop',
  environment: 'default',
  entry: 'ent_7zyxwvtsrqpnmkjhgfedcba987',
  version: 2,
  field: 'value',
};
const SECRET = Buffer.from('postgres://shop:s3cret@db/shop');

const UNREADABLE = expect.objectContaining({ code: 'value_unreadable' });

const anyContext: fc.Arbitrary<SealContext> = fc.record({
  instance: fc.string({ maxLength: 40 }),
  project: fc.string({ maxLength: 50 }),
  environment: fc.string({ maxLength: 50 }),
  entry: fc.string({ maxLength: 40 }),
  version: fc.maxSafeNat(),
  field: fc.constantFrom('value', 'comment', 'data_key'),
});

function bytes(hex: string): Buffer<ArrayBuffer> {
  return Buffer.from(hex, 'hex');
}

function hex(data: Uint8Array): string {
  return Buffer.from(data).toString('hex');
}

function sealingKey(
  key: Uint8Array = randomBytes(32),
  id: Uint8Array = randomBytes(KEY_ID_BYTES),
): SealingKey {
  return { id, key: createSecretKey(key) };
}

function keyOf(vector: Vector): SealingKey {
  return sealingKey(bytes(vector.key), bytes(vector.key_id));
}

/** The envelope with one bit turned over. */
function flipped(envelope: Uint8Array, byte: number, bit: number): Uint8Array {
  const altered = Uint8Array.from(envelope);
  altered[byte] = (altered[byte] ?? 0) ^ (1 << bit);
  return altered;
}

describe('the published vectors', () => {
  test.each(VECTORS)('$name: sealing gives the published bytes', (vector) => {
    const { context, plaintext, nonce, associated_data: associatedData, envelope } = vector;
    expect(hex(encodeAssociatedData(context))).toBe(associatedData);
    expect(hex(sealWithNonce(keyOf(vector), context, bytes(plaintext), bytes(nonce)))).toBe(envelope);
  });

  test.each(VECTORS)('$name: opening gives the published plaintext', (vector) => {
    expect(hex(open(keyOf(vector), vector.context, bytes(vector.envelope)))).toBe(vector.plaintext);
  });

  test.each(VECTORS)('$name: WebCrypto opens what the vector holds', async (vector) => {
    const envelope = bytes(vector.envelope);
    const key = await crypto.subtle.importKey('raw', bytes(vector.key), 'AES-GCM', false, ['decrypt']);
    const opened = await crypto.subtle.decrypt(
      {
        name: 'AES-GCM',
        iv: bytes(vector.nonce),
        additionalData: bytes(vector.associated_data),
        tagLength: 128,
      },
      key,
      envelope.subarray(1 + KEY_ID_BYTES + NONCE_BYTES),
    );
    expect(hex(new Uint8Array(opened))).toBe(vector.plaintext);
  });

  test('cover the empty text, a text that is not ASCII, each field and the last version', () => {
    expect(VECTORS.some(({ plaintext }) => plaintext === '')).toBe(true);
    expect(VECTORS.some(({ plaintext }) => bytes(plaintext).some((byte) => byte > 127))).toBe(true);
    expect(new Set(VECTORS.map(({ context }) => context.field))).toEqual(
      new Set(['value', 'comment', 'data_key']),
    );
    expect(VECTORS.some(({ context }) => context.version === Number.MAX_SAFE_INTEGER)).toBe(true);
  });
});

// McGrew and Viega, The Galois/Counter Mode of Operation (GCM), appendix B, test case 16; NIST took it over.
test('the platform seals as the test case of GCM has it', () => {
  const cipher = createCipheriv(
    'aes-256-gcm',
    bytes('feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308'),
    bytes('cafebabefacedbaddecaf888'),
    { authTagLength: TAG_BYTES },
  );
  cipher.setAAD(bytes('feedfacedeadbeeffeedfacedeadbeefabaddad2'));
  const ciphertext = Buffer.concat([
    cipher.update(
      bytes(
        'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72' +
          '1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39',
      ),
    ),
    cipher.final(),
  ]);
  expect(hex(ciphertext)).toBe(
    '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa' +
      '8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662',
  );
  expect(hex(cipher.getAuthTag())).toBe('76fc6ece0f4e1768cddf8853bb2d551b');
});

describe('sealing', () => {
  test('is undone by opening, whatever the text and the place', () => {
    fc.assert(
      fc.property(anyContext, fc.uint8Array({ maxLength: 500 }), (context, plaintext) => {
        const key = sealingKey();
        const envelope = seal(key, context, plaintext);
        expect(envelope.length).toBe(plaintext.length + ENVELOPE_OVERHEAD_BYTES);
        expect(hex(open(key, context, envelope))).toBe(hex(plaintext));
      }),
    );
  });

  test('takes the largest value', () => {
    const key = sealingKey();
    const value = randomBytes(65_536);
    expect(open(key, CONTEXT, seal(key, CONTEXT, value)).equals(value)).toBe(true);
  });

  test('never uses a nonce twice', () => {
    const key = sealingKey();
    const nonces = Array.from({ length: 2000 }, () =>
      hex(seal(key, CONTEXT, SECRET).subarray(1 + KEY_ID_BYTES, 1 + KEY_ID_BYTES + NONCE_BYTES)),
    );
    expect(new Set(nonces).size).toBe(nonces.length);
  });
});

describe('opening fails closed', () => {
  const key = sealingKey();
  const envelope = seal(key, CONTEXT, SECRET);

  test('with another key', () => {
    expect(() => open(sealingKey(undefined, key.id), CONTEXT, envelope)).toThrow(UNREADABLE);
  });

  test('with the right key under another id', () => {
    expect(() => open({ ...key, id: randomBytes(KEY_ID_BYTES) }, CONTEXT, envelope)).toThrow(UNREADABLE);
  });

  test.each([
    ['instance', 'ins_0123456789abcdefghjkmnpqrt'],
    ['project', 'shop2'],
    ['environment', 'staging'],
    ['entry', 'ent_7zyxwvtsrqpnmkjhgfedcba986'],
    ['version', 1],
    ['version', 3],
    ['field', 'comment'],
    ['field', 'data_key'],
  ] as const)('in another %s: %s', (field, other) => {
    expect(() => open(key, { ...CONTEXT, [field]: other }, envelope)).toThrow(UNREADABLE);
  });

  test('in any place but its own', () => {
    fc.assert(
      fc.property(anyContext, (context) => {
        expect(() => open(key, context, envelope)).toThrow(UNREADABLE);
      }),
    );
  });

  test('with any one bit turned over: format, key id, nonce, ciphertext and tag', () => {
    for (let byte = 0; byte < envelope.length; byte += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        expect(() => open(key, CONTEXT, flipped(envelope, byte, bit)), `byte ${byte}, bit ${bit}`).toThrow(
          UNREADABLE,
        );
      }
    }
  });

  test('cut short anywhere, at either end', () => {
    for (let cut = 1; cut <= envelope.length; cut += 1) {
      expect(() => open(key, CONTEXT, envelope.subarray(0, -cut)), `${cut} off the end`).toThrow(UNREADABLE);
      expect(() => open(key, CONTEXT, envelope.subarray(cut)), `${cut} off the start`).toThrow(UNREADABLE);
    }
  });

  test('with bytes put on', () => {
    for (const extra of [1, 16, 45]) {
      expect(() => open(key, CONTEXT, Buffer.concat([envelope, Buffer.alloc(extra)]))).toThrow(UNREADABLE);
      expect(() => open(key, CONTEXT, Buffer.concat([Buffer.alloc(extra), envelope]))).toThrow(UNREADABLE);
    }
  });

  // Node takes such tags unless it is told their length, and four bytes can be guessed.
  test.each([4, 8, 12, 13, 14, 15])('with a genuine tag of %i bytes', (tagBytes) => {
    const nonce = randomBytes(NONCE_BYTES);
    for (const plaintext of [Buffer.alloc(0), SECRET]) {
      const cipher = createCipheriv('aes-256-gcm', key.key, nonce, { authTagLength: tagBytes });
      cipher.setAAD(encodeAssociatedData(CONTEXT));
      const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
      const short = Buffer.concat([Uint8Array.of(1), key.id, nonce, ciphertext, cipher.getAuthTag()]);
      expect(() => open(key, CONTEXT, short)).toThrow(UNREADABLE);
    }
  });

  test('and says nothing of the text or the key', () => {
    const altered = flipped(envelope, envelope.length - 1, 0);
    let refusal: unknown;
    try {
      open(key, CONTEXT, altered);
    } catch (error) {
      refusal = error;
    }
    const said = `${String(refusal)} ${JSON.stringify(refusal)} ${String((refusal as Error).cause)}`;
    for (const secret of [SECRET, key.key.export()]) {
      for (const encoding of ['utf8', 'hex', 'base64'] as const) {
        expect(said).not.toContain(secret.toString(encoding));
      }
    }
  });
});
