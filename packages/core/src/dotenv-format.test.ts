import { parse } from 'dotenv';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatDotenv } from './dotenv-format.ts';
import { parseDotenv } from './dotenv.ts';

const PIECES = [
  '\n',
  '\r',
  '\r\n',
  '"',
  "'",
  '`',
  '$',
  '${X}',
  '#',
  '\\',
  String.raw`\n`,
  String.raw`\r`,
  String.raw`\'`,
  String.raw`\"`,
  ' ',
  '\t',
  '=',
  'K=',
  'export ',
  '🔑',
  'ключ',
  '\u2028',
  '\u00a0',
  '\ufeff',
  '\u0000',
  'x',
  '0',
];
const values = fc.oneof(
  fc.array(fc.constantFrom(...PIECES), { maxLength: 12 }).map((pieces) => pieces.join('')),
  fc.string({ unit: 'grapheme' }),
  fc.json(),
);
const keys = fc.stringMatching(/^[A-Z][A-Z0-9_]{0,8}$/);

function read(text: string): Record<string, string> {
  return Object.fromEntries(parseDotenv(text).entries.map(({ key, value }) => [key, value]));
}

describe('formatDotenv', () => {
  test('writes what parseDotenv and the dotenv package read back as the same values', () => {
    fc.assert(
      fc.property(fc.dictionary(keys, values), (entries) => {
        const { text, inexpressible } = formatDotenv(Object.entries(entries));
        const written = Object.entries(entries).filter(([key]) => !inexpressible.includes(key));
        const expected = Object.fromEntries(written);
        expect(read(text)).toEqual(expected);
        expect(parse(text)).toEqual(expected);
        expect(parseDotenv(text).unreadableLines).toEqual([]);
      }),
      { numRuns: 5000 },
    );
  });

  test('can write every value without a carriage return that lacks one kind of quote', () => {
    const lacking = fc.tuple(values, fc.constantFrom("'", '`'));
    fc.assert(
      fc.property(lacking, ([value, quote]) => {
        const text = value.replaceAll(quote, '').replaceAll('\r', '');
        expect(formatDotenv([['K', text]]).inexpressible).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ['text', 'K=text\n'],
    ['', "K=''\n"],
    ['two words', "K='two words'\n"],
    ['$HOME', "K='$HOME'\n"],
    ["it's", `K="it's"\n`],
    ['one\ntwo\n', "K='one\ntwo\n'\n"],
    ['one\r\ntwo', String.raw`K="one\r\ntwo"`.concat('\n')],
    [`"a" 'b' \`c\``, `K='"a" 'b' \`c\`'\n`],
    ['C:\\my dir\\', "K='C:\\my dir\\' #'.\n"],
  ])('writes %j plainly', (value, text) => {
    expect(formatDotenv([['K', value]])).toEqual({ text, inexpressible: [] });
  });

  test.each([
    ['all kinds of quotes and a line break with an escape', `${String.raw`'"`}\`\n${String.raw`\n`}`],
    ['all kinds of quotes and a #', `'"\`#`],
    ['a carriage return and what reads as an escape', `\r${String.raw`\n`}`],
  ])('names the key of what has no form: %s', (_, value) => {
    expect(
      formatDotenv([
        ['A', '1'],
        ['K', value],
        ['Z', '2'],
      ]),
    ).toEqual({ text: 'A=1\nZ=2\n', inexpressible: ['K'] });
  });

  test('names a key that a reader would not take for one', () => {
    expect(formatDotenv([['two words', '1']]).inexpressible).toEqual(['two words']);
  });
});

describe('parseDotenv', () => {
  /** An assignment that goes on behind the end of its line outside quotes: see `parseDotenv` for why it does not. */
  const SPLIT = /export\s*\n|[\w.-][^\S\n]*\n\s*[=:]|[=:][^\S\n]*\n/;

  test('agrees with the dotenv package on any text whose assignments begin and have their sign on one line', () => {
    const pieces = [
      'A',
      'B',
      '=',
      ': ',
      ' ',
      '"',
      "'",
      '`',
      '\\',
      '#',
      '\n',
      '\n',
      '\r\n',
      'export ',
      'x',
      '\\n',
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 40 }), (chosen) => {
        const text = chosen.join('');
        fc.pre(!SPLIT.test(text.replaceAll('\r', '')));
        expect(read(text)).toEqual(parse(text));
      }),
      { numRuns: 20_000 },
    );
  });

  test.each([
    ['K=\n"x"', 'x', ''],
    ['K\n=x', 'x', undefined],
    ['K:\nB=x', 'B=x', undefined],
    ['# c\u2028K=x', 'x', undefined],
    ['K="a"\u2028b', 'a', '"a"\u2028b'],
  ])('does not look for the rest of an assignment on another line: %j', (text, theirs, ours) => {
    expect(parse(text)['K']).toBe(theirs);
    expect(read(text)['K']).toBe(ours);
  });
});
