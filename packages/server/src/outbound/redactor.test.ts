import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MARK, Redactor, redactText } from './redactor.ts';

/** The ways in which an upstream may write a secret down; by other means than the redactor's own. */
const ENCODINGS: Record<string, (secret: string) => string> = {
  raw: (secret) => secret,
  'percent-encoded': (secret) => encodeURIComponent(secret),
  'percent-encoded, lower case': (secret) =>
    encodeURIComponent(secret).replace(/%../g, (code) => code.toLowerCase()),
  'as in a form': (secret) => new URLSearchParams({ '': secret }).toString().slice(1),
  'as in JSON': (secret) => JSON.stringify(secret).slice(1, -1),
  'as in JSON with slashes escaped': (secret) => JSON.stringify(secret).slice(1, -1).replaceAll('/', '\\/'),
  hexadecimal: (secret) => Buffer.from(secret).toString('hex'),
  'hexadecimal, upper case': (secret) => Buffer.from(secret).toString('hex').toUpperCase(),
  'base 64': (secret) => Buffer.from(secret).toString('base64'),
  'base 64 with a byte before': (secret) => Buffer.from(`:${secret}`).toString('base64'),
  'base 64 with two bytes before and one behind': (secret) => Buffer.from(`a:${secret}.`).toString('base64'),
  'base 64 for URLs': (secret) => Buffer.from(`ab:${secret}`).toString('base64url'),
};

const secretText = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9+/=_ "\\&%-]{12,80}$/),
  fc
    .string({ unit: 'grapheme', minLength: 8, maxLength: 40 })
    .filter((text) => text.isWellFormed() && Buffer.byteLength(text) >= 12),
);
const filler = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.stringMatching(/^[0-9a-f]{0,60}$/),
);

function inChunks(bytes: Buffer, cuts: readonly number[], redactor: Redactor): Buffer {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].toSorted((a, b) => a - b);
  const parts = [0, ...places].map((start, index) => bytes.subarray(start, places[index] ?? bytes.length));
  return Buffer.concat([...parts.map((part) => redactor.push(part)), redactor.end()]);
}

describe.each(Object.entries(ENCODINGS))('a secret that is echoed %s', (_, encode) => {
  test('is taken out wherever it stands and however the answer is cut', () => {
    fc.assert(
      fc.property(
        secretText,
        filler,
        filler,
        fc.array(fc.nat(), { maxLength: 40 }),
        (secret, before, behind, cuts) => {
          const text = `${before}${encode(secret)}${behind}`;
          const redactor = new Redactor([secret]);
          const answer = inChunks(Buffer.from(text), cuts, redactor).toString();
          expect(redactor.redactions).toBeGreaterThan(0);
          expect(answer).toContain(MARK);
          expect(answer).not.toContain(encode(secret));
          // Nothing of it but, in base 64, the characters that it shares with its neighbours.
          expect(answer.length).toBeLessThanOrEqual(text.length - encode(secret).length + MARK.length + 8);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('what is no secret', () => {
  test('flows through as it is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.array(fc.nat(), { maxLength: 20 }), (bytes, cuts) => {
        const redactor = new Redactor(['a-secret-that-is-not-there']);
        expect(inChunks(Buffer.from(bytes), cuts, redactor)).toEqual(Buffer.from(bytes));
        expect(redactor.redactions).toBe(0);
      }),
    );
  });

  test('leaves at once, but for an end that could be the beginning of one', () => {
    const redactor = new Redactor(['walnut-kestrel-52']);
    expect(redactor.push(Buffer.from('data: hello\n\n')).toString()).toBe('data: hello\n\n');
    expect(redactor.push(Buffer.from('data: wal')).toString()).toBe('data: ');
    expect(redactor.push(Buffer.from('l\n\n')).toString()).toBe('wall\n\n');
  });

  test('is not held back longer than it takes, to the last byte', () => {
    const redactor = new Redactor(['walnut-kestrel-52']);
    expect(redactor.push(Buffer.from('walnut-kestrel-5')).toString()).toBe('');
    expect(redactor.end().toString()).toBe('walnut-kestrel-5');
  });
});

describe('several secrets', () => {
  test('that overlap are taken out together', () => {
    const secrets = ['abcdefghijkl', 'ghijklmnopqr', 'ijklmnop'];
    expect(redactText('..abcdefghijklmnopqr..', secrets).text).toBe(`..${MARK}..`);
    for (let cut = 0; cut < 22; cut += 1) {
      const answer = inChunks(Buffer.from('..abcdefghijklmnopqr..'), [cut], new Redactor(secrets)).toString();
      expect(answer).toBe(`..${MARK}..`);
    }
  });

  test('one after the other are taken out one by one, also when each ends as it begins', () => {
    const { text, redactions } = redactText('aaaaaaaabbaaaaaaaa aaaaaaaabbaaaaaaaabbaaaaaaaa', [
      'aaaaaaaabbaaaaaaaa',
    ]);
    expect(text).toBe(`${MARK} ${MARK}`);
    expect(redactions).toBe(2);
  });

  test('in large answers are found by the other search as well', () => {
    const secret = 'walnut-kestrel-52/+';
    const noise = 'x'.repeat(5000);
    const text = `${noise}${secret}${noise}${encodeURIComponent(secret)}${noise}`;
    for (const cut of [5000, 5003, 5019, 10_025, 10_040]) {
      const redactor = new Redactor([secret]);
      const answer = inChunks(Buffer.from(text), [cut], redactor).toString();
      expect(answer).toBe(`${noise}${MARK}${noise}${MARK}${noise}`);
    }
  });
});

test('a long secret that arrives byte by byte costs no more than its length', () => {
  const secret = `${'ab'.repeat(30_000)}c`;
  const redactor = new Redactor([secret]);
  let out = 0;
  for (const byte of Buffer.from(secret.slice(0, -1))) out += redactor.push(Buffer.from([byte])).length;
  expect(out).toBe(0);
  redactor.push(Buffer.from('c'));
  expect(redactor.end().toString()).toBe('');
  expect(redactor.redactions).toBe(1);
}, 60_000);
