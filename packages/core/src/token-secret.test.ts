import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isTokenSecret, looksLikeTokenSecret, makeTokenSecret, TOKEN_KINDS } from './token-secret.ts';

const zeros = (amount: number): Uint8Array => new Uint8Array(amount);
const bytes = fc.uint8Array({ minLength: 64, maxLength: 64 });

/** Answers with the bytes over and over, and with zeros where all of them are left out. */
function source(given: Uint8Array): (amount: number) => Uint8Array {
  let calls = 0;
  return (amount) => {
    calls += 1;
    return calls > 20 ? zeros(amount) : given.slice(0, amount);
  };
}

describe('the secret of an access token', () => {
  test('has a prefix that tells its kind, 43 random characters and a CRC-32 in base 62', () => {
    // Computed with another implementation of CRC-32 (zlib) over the first 48 characters.
    expect(makeTokenSecret('personal', zeros)).toBe(`cofp_${'0'.repeat(43)}3aNh5x`);
    expect(makeTokenSecret('service', zeros)).toBe(`cofs_${'0'.repeat(43)}4cE2xE`);
  });

  test('is recognised, and a change of any one character is noticed', () => {
    fc.assert(
      fc.property(
        bytes,
        fc.constantFrom(...TOKEN_KINDS),
        fc.nat(53),
        fc.constantFrom('a', 'Z', '0'),
        (random, kind, at, other) => {
          const secret = makeTokenSecret(kind, source(random));
          expect(isTokenSecret(secret)).toBe(true);
          expect(looksLikeTokenSecret(secret)).toBe(true);
          const changed = `${secret.slice(0, at)}${other}${secret.slice(at + 1)}`;
          expect(isTokenSecret(changed)).toBe(changed === secret);
        },
      ),
    );
  });

  test('leaves out bytes that would make some characters likelier', () => {
    const biased = (amount: number): Uint8Array =>
      Uint8Array.from({ length: amount }, (_, index) => (index % 2 === 0 ? 255 : 61));
    expect(makeTokenSecret('service', biased).slice(5, 48)).toBe('z'.repeat(43));
  });

  test.each([
    '',
    'cofs_',
    'cofx_',
    'eyJhbGciOiJIUzI1NiJ9.e30.x',
    ` ${makeTokenSecret('service', zeros)}`,
    `${makeTokenSecret('service', zeros)}\n`,
  ])('is not %j', (text) => {
    expect(isTokenSecret(text)).toBe(false);
  });
});
