import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeEnvelope,
  encodeAssociatedData,
  encodeEnvelope,
  ENVELOPE_FORMAT,
  ENVELOPE_OVERHEAD_BYTES,
  KEY_ID_BYTES,
  NONCE_BYTES,
  TAG_BYTES,
  type Envelope,
  type SealContext,
} from './envelope.ts';

function bytesOf(length: number): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength: length, maxLength: length });
}

const anyEnvelope: fc.Arbitrary<Envelope> = fc.record({
  keyId: bytesOf(KEY_ID_BYTES),
  nonce: bytesOf(NONCE_BYTES),
  ciphertext: fc.uint8Array({ maxLength: 64 }),
  tag: bytesOf(TAG_BYTES),
});

/** Short texts of few characters, so that two contexts often differ only in where one text ends and the next begins. */
const anyName = fc.string({ unit: fc.constantFrom('a', 'b', '\u0000', '\u0001', 'é'), maxLength: 4 });

const anyContext: fc.Arbitrary<SealContext> = fc.record({
  instance: anyName,
  project: anyName,
  environment: anyName,
  entry: anyName,
  version: fc.oneof(fc.nat({ max: 3 }), fc.maxSafeNat()),
  field: fc.constantFrom('value', 'comment', 'data_key'),
});

const CONTEXT: SealContext = {
  instance: 'i',
  project: 'shop',
  environment: 'é',
  entry: '',
  version: 258,
  field: 'value',
};

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

describe('an envelope', () => {
  test('is taken apart into what it was put together from', () => {
    fc.assert(
      fc.property(anyEnvelope, (envelope) => {
        const decoded = decodeEnvelope(encodeEnvelope(envelope));
        for (const part of ['keyId', 'nonce', 'ciphertext', 'tag'] as const) {
          expect(hex(decoded[part])).toBe(hex(envelope[part]));
        }
      }),
    );
  });

  test('has the documented layout', () => {
    const bytes = encodeEnvelope({
      keyId: new Uint8Array(16).fill(0x11),
      nonce: new Uint8Array(12).fill(0x22),
      ciphertext: Uint8Array.of(0x33, 0x33, 0x33),
      tag: new Uint8Array(16).fill(0x44),
    });
    expect(hex(bytes)).toBe(`01${'11'.repeat(16)}${'22'.repeat(12)}333333${'44'.repeat(16)}`);
  });

  test('may hold nothing: the empty value is a value', () => {
    const bytes = new Uint8Array(ENVELOPE_OVERHEAD_BYTES);
    bytes[0] = ENVELOPE_FORMAT;
    expect(ENVELOPE_OVERHEAD_BYTES).toBe(45);
    expect(decodeEnvelope(bytes).ciphertext.length).toBe(0);
  });

  test('is refused when it is too short for its fixed parts', () => {
    for (let length = 0; length < ENVELOPE_OVERHEAD_BYTES; length += 1) {
      expect(() => decodeEnvelope(new Uint8Array(length).fill(ENVELOPE_FORMAT))).toThrow(RangeError);
    }
  });

  test('is refused in every format but the one known', () => {
    for (let format = 0; format < 256; format += 1) {
      const bytes = new Uint8Array(ENVELOPE_OVERHEAD_BYTES);
      bytes[0] = format;
      if (format === ENVELOPE_FORMAT) continue;
      expect(() => decodeEnvelope(bytes), `format ${format}`).toThrow(RangeError);
    }
  });

  test.each([
    ['a short key id', { keyId: new Uint8Array(15) }],
    ['a long nonce', { nonce: new Uint8Array(16) }],
    ['a short tag', { tag: new Uint8Array(12) }],
    ['no tag', { tag: new Uint8Array(0) }],
  ])('is not made with %s', (_, part) => {
    const envelope = {
      keyId: new Uint8Array(KEY_ID_BYTES),
      nonce: new Uint8Array(NONCE_BYTES),
      ciphertext: new Uint8Array(1),
      tag: new Uint8Array(TAG_BYTES),
    };
    expect(() => encodeEnvelope({ ...envelope, ...part })).toThrow(RangeError);
  });
});

describe('the associated data (R9)', () => {
  test('have the documented bytes', () => {
    expect(hex(encodeAssociatedData(CONTEXT))).toBe(
      [
        '01',
        ['00000001', '69'],
        ['00000004', '73686f70'],
        ['00000002', 'c3a9'],
        ['00000000', ''],
        '0000000000000102',
        ['00000005', '76616c7565'],
      ]
        .flat()
        .join(''),
    );
  });

  test('of two places are the same bytes only when the places are the same', () => {
    fc.assert(
      fc.property(anyContext, anyContext, (a, b) => {
        const isSame = (Object.keys(a) as (keyof SealContext)[]).every((part) => a[part] === b[part]);
        expect(hex(encodeAssociatedData(a)) === hex(encodeAssociatedData(b))).toBe(isSame);
      }),
      { numRuns: 2000 },
    );
  });

  test('change when a character moves from one part to its neighbour', () => {
    const parts = ['instance', 'project', 'environment', 'entry'] as const;
    fc.assert(
      fc.property(anyContext, fc.nat({ max: parts.length - 2 }), (context, at) => {
        const [left, right] = [parts[at] ?? 'instance', parts[at + 1] ?? 'project'];
        fc.pre(context[right].length > 0);
        const moved = {
          ...context,
          [left]: context[left] + context[right].slice(0, 1),
          [right]: context[right].slice(1),
        };
        expect(hex(encodeAssociatedData(moved))).not.toBe(hex(encodeAssociatedData(context)));
      }),
    );
  });

  test.each([
    ['instance', 'j'],
    ['project', 'Shop'],
    ['environment', 'e\u0301'],
    ['entry', 'x'],
    ['version', 257],
    ['field', 'comment'],
  ] as const)('change with the %s', (part, value) => {
    const other = { ...CONTEXT, [part]: value };
    expect(hex(encodeAssociatedData(other))).not.toBe(hex(encodeAssociatedData(CONTEXT)));
  });

  test('take every version that there can be', () => {
    const [last, before] = [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER - 1];
    expect(hex(encodeAssociatedData({ ...CONTEXT, version: last }))).not.toBe(
      hex(encodeAssociatedData({ ...CONTEXT, version: before })),
    );
  });
});
