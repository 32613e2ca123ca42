import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MARK, Redactor, redactHeader, Secrets, type Parts } from './redactor.ts';

const redactorOf = (secrets: readonly string[], parts?: Parts): Redactor =>
  new Redactor(new Secrets(secrets), parts);

function redactText(text: string, secrets: readonly string[]): { text: string; redactions: number } {
  const redactor = redactorOf(secrets);
  const parts = [redactor.push(Buffer.from(text)), redactor.end()];
  return { text: Buffer.concat(parts).toString(), redactions: redactor.redactions };
}

/** The ways in which an upstream may write a secret down; by other means than the redactor's own. */
const ENCODINGS: Record<string, (secret: string) => string> = {
  raw: (secret) => secret,
  'percent-encoded': (secret) => encodeURIComponent(secret),
  'percent-encoded, lower case': (secret) =>
    encodeURIComponent(secret).replace(/%../g, (code) => code.toLowerCase()),
  'as in a form': (secret) => new URLSearchParams({ '': secret }).toString().slice(1),
  'as in JSON': (secret) => JSON.stringify(secret).slice(1, -1),
  'as in JSON with slashes escaped': (secret) => JSON.stringify(secret).slice(1, -1).replaceAll('/', '\\/'),
  'as Go writes JSON': (secret) =>
    JSON.stringify(secret)
      .slice(1, -1)
      .replaceAll('&', String.raw`\u0026`)
      .replaceAll('<', String.raw`\u003c`)
      .replaceAll('>', String.raw`\u003e`),
  'as JSON in JSON': (secret) => JSON.stringify(JSON.stringify(secret)).slice(3, -3),
  'as in HTML': (secret) =>
    secret.replace(
      /[&<>"']/g,
      (character) =>
        ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' })[character] ?? '',
    ),
  'percent-encoded twice': (secret) => encodeURIComponent(encodeURIComponent(secret)),
  hexadecimal: (secret) => Buffer.from(secret).toString('hex'),
  'hexadecimal, upper case': (secret) => Buffer.from(secret).toString('hex').toUpperCase(),
  'base 64': (secret) => Buffer.from(secret).toString('base64'),
  'base 64 with a byte before': (secret) => Buffer.from(`:${secret}`).toString('base64'),
  'base 64 with two bytes before and one behind': (secret) => Buffer.from(`a:${secret}.`).toString('base64'),
  'as JSON in a URL': (secret) => encodeURIComponent(JSON.stringify(secret).slice(1, -1)),
  'as JSON in a form': (secret) =>
    new URLSearchParams({ '': JSON.stringify(secret).slice(1, -1) }).toString().slice(1),
  'base 64 in a URL': (secret) => encodeURIComponent(Buffer.from(secret).toString('base64')),
  'base 64 in JSON with slashes escaped': (secret) =>
    Buffer.from(`:${secret}`).toString('base64').replaceAll('/', '\\/'),
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
          const redactor = redactorOf([secret]);
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

test.each(['as JSON in a URL', 'as JSON in a form', 'percent-encoded twice', 'as JSON in JSON'])(
  'a mark of either encoding before a secret that is echoed %s hides none of it',
  (name) => {
    const secret = String.raw`AA/ %\A""--"A=`;
    for (const mark of ['%', '%25', '\\', '%5C', '\\\\', '&'])
      expect(redactText(`${mark}${ENCODINGS[name]?.(secret)}`, [secret])).toEqual({
        text: `${mark}${MARK}`,
        redactions: 1,
      });
  },
);

describe('what is no secret', () => {
  test('flows through as it is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.array(fc.nat(), { maxLength: 20 }), (bytes, cuts) => {
        const redactor = redactorOf(['a-secret-that-is-not-there']);
        expect(inChunks(Buffer.from(bytes), cuts, redactor)).toEqual(Buffer.from(bytes));
        expect(redactor.redactions).toBe(0);
      }),
    );
  });

  test('leaves with the event or the line that it is in', () => {
    const secrets = ['walnut-kestrel-52'];
    const events = redactorOf(secrets, 'events');
    expect(events.push(Buffer.from('data: hello\n\ndata: wal')).toString()).toBe('data: hello\n\n');
    expect(events.push(Buffer.from('nut-kestrel-52\n')).toString()).toBe('');
    expect(events.push(Buffer.from('\n')).toString()).toBe(`data: ${MARK}\n\n`);
    expect(events.push(Buffer.from('a\r\n\r\nb\r\rc')).toString()).toBe('a\r\n\r\nb\r\r');
    expect(events.end().toString()).toBe('c');
    const lines = redactorOf(secrets, 'lines');
    expect(lines.push(Buffer.from('{"a":1}\n{"b"')).toString()).toBe('{"a":1}\n');
    expect(lines.push(Buffer.from(':"walnut-kestrel-52"}\n')).toString()).toBe(`{"b":"${MARK}"}\n`);
  });

  test.each(['none', 'events', 'lines'] as const)(
    'leaves when it leaves whatever it is: nobody learns what a secret begins with (%s)',
    (parts) => {
      const secret = 'walnut-kestrel-52';
      fc.assert(
        fc.property(
          fc.array(fc.nat({ max: 400 }), { maxLength: 30 }),
          fc.constantFrom(...Array.from({ length: secret.length }, (_, length) => secret.slice(0, length))),
          (cuts, start) => {
            // The same lengths, once with what a secret begins with.
            const noise = '.'.repeat(200);
            const texts = [`${noise}\n\n${start}${noise}`, `${noise}\n\n${'#'.repeat(start.length)}${noise}`];
            const lengths = texts.map((text) => {
              const redactor = redactorOf([secret], parts);
              const places = cuts.map((cut) => cut % text.length).toSorted((a, b) => a - b);
              return [0, ...places].map(
                (from, index) =>
                  redactor.push(Buffer.from(text.slice(from, places[index] ?? text.length))).length,
              );
            });
            expect(lengths[0]).toEqual(lengths[1]);
          },
        ),
        { numRuns: 500 },
      );
    },
  );

  test('secrets with line breaks are found where parts end at such', () => {
    const secret = '-----BEGIN KEY-----\n\nabcdef\n-----END KEY-----';
    for (const parts of ['events', 'lines'] as const) {
      const redactor = redactorOf([secret], parts);
      const out = Buffer.concat([redactor.push(Buffer.from(`a\n\n${secret}\n\nb`)), redactor.end()]);
      expect(out.toString()).toBe(`a\n\n${MARK}\n\nb`);
    }
  });

  test.each(['utf16le', 'utf16be'])('letters whose bytes end a part are found in %s', (encoding) => {
    const encode = (text: string): Buffer => {
      const bytes = Buffer.from(text, 'utf16le');
      return encoding === 'utf16le' ? bytes : bytes.swap16();
    };
    for (const secret of ['ਊਊਊਊਊਊਊਊ', 'walnut\u0a0akestrel', 'Ċwalnut-kestrel', 'walnut-kestrelഊ']) {
      for (const parts of ['events', 'lines'] as const) {
        const redactor = redactorOf([secret], parts);
        const given = encode(`ਊ${secret}ਊ`);
        const out = [...given].map((byte) => redactor.push(Buffer.from([byte])));
        expect(Buffer.concat([...out, redactor.end()]).toString('latin1')).not.toContain(
          encode(secret).toString('latin1'),
        );
        expect(redactor.redactions).toBe(1);
      }
    }
  });

  test('is as long as it likes: a part without an end does not fill the memory', () => {
    const redactor = redactorOf(['walnut-kestrel-52'], 'events');
    let out = 0;
    for (let index = 0; index < 64; index += 1) out += redactor.push(Buffer.alloc(64 * 1024, 'x')).length;
    expect(out).toBeGreaterThan(2 * 1024 * 1024);
  });
});

test('a header is looked through as it came, in bytes', () => {
  const secrets = new Secrets(['pässwörd-of-länge']);
  const value = Buffer.from('a pässwörd-of-länge b').toString('latin1');
  expect(redactHeader(value, secrets)).toEqual({ text: `a ${MARK} b`, redactions: 1 });
  expect(redactHeader('a pässwörd-of-länge b', secrets).text).toBe(`a ${MARK} b`);
});

describe('several secrets', () => {
  test('that overlap are taken out together', () => {
    const secrets = ['abcdefghijkl', 'ghijklmnopqr', 'ijklmnop'];
    expect(redactText('..abcdefghijklmnopqr..', secrets).text).toBe(`..${MARK}..`);
    for (let cut = 0; cut < 22; cut += 1) {
      const answer = inChunks(Buffer.from('..abcdefghijklmnopqr..'), [cut], redactorOf(secrets)).toString();
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
      const redactor = redactorOf([secret]);
      const answer = inChunks(Buffer.from(text), [cut], redactor).toString();
      expect(answer).toBe(`${noise}${MARK}${noise}${MARK}${noise}`);
    }
  });
});

test('a long secret that arrives byte by byte costs no more than its length', () => {
  const secret = `${'ab'.repeat(30_000)}c`;
  const redactor = redactorOf([secret]);
  let out = 0;
  for (const byte of Buffer.from(secret.slice(0, -1))) out += redactor.push(Buffer.from([byte])).length;
  expect(out).toBe(0);
  const rest = Buffer.concat([redactor.push(Buffer.from('c')), redactor.end()]);
  expect(rest.toString()).toBe(MARK);
  expect(redactor.redactions).toBe(1);
}, 60_000);
