import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDotenv } from './dotenv.ts';

/** What the text assigns, the last one of each key. */
function assignments(text: string): Record<string, string> {
  return Object.fromEntries(parseDotenv(text).entries.map(({ key, value }) => [key, value]));
}

/** The rules as the README of the `dotenv` package documents them, and what its expression makes of the rest. */
const DOCUMENTED: readonly (readonly [rule: string, text: string, value: string])[] = [
  ['BASIC=basic becomes basic', 'K=basic', 'basic'],
  ['empty values become empty strings', 'K=', ''],
  ['empty values become empty strings, in quotes too', `K=''`, ''],
  ['blanks after the sign are no value', 'K=   ', ''],
  ['inner quotes are kept', 'K={"foo": "bar"}', '{"foo": "bar"}'],
  ['an apostrophe within is kept', "K=it's", "it's"],
  ['both ends of an unquoted value are trimmed', 'K=  some value  ', 'some value'],
  ['blanks around the sign do not count', 'K \t=\t some value', 'some value'],
  ['single quotes are taken off', "K='single quotes'", 'single quotes'],
  ['double quotes are taken off', 'K="double quotes"', 'double quotes'],
  ['backticks are taken off', 'K=`backticks`', 'backticks'],
  ['blanks in single quotes stay', "K='  spaces  '", '  spaces  '],
  ['blanks in double quotes stay', 'K="  spaces  "', '  spaces  '],
  ['blanks in backticks stay', 'K=`  spaces  `', '  spaces  '],
  ['blanks around quotes do not count', 'K=  "quoted"  ', 'quoted'],
  ['double quotes stand in single ones', `K='double "quotes" inside'`, 'double "quotes" inside'],
  ['single quotes stand in double ones', `K="single 'quotes' inside"`, "single 'quotes' inside"],
  ['both stand in backticks', 'K=`"double" and \'single\'`', `"double" and 'single'`],
  ['backticks stand in quotes', "K='a `b` c'", 'a `b` c'],
  [String.raw`\n is a line break in double quotes`, String.raw`K="new\nline"`, 'new\nline'],
  [String.raw`\r is a carriage return in double quotes`, String.raw`K="new\r\nline"`, 'new\r\nline'],
  [String.raw`\n is two characters in single quotes`, String.raw`K='new\nline'`, String.raw`new\nline`],
  [String.raw`\n is two characters in backticks`, 'K=`new\\nline`', String.raw`new\nline`],
  [String.raw`\n is two characters without quotes`, String.raw`K=new\nline`, String.raw`new\nline`],
  [String.raw`\t is no escape`, String.raw`K="a\tb"`, String.raw`a\tb`],
  [
    'a quote behind a backslash does not end the value; both stay',
    String.raw`K="a \"b\" c"`,
    String.raw`a \"b\" c`,
  ],
  ['a backslash before the last quote is the end of the value', String.raw`K="C:\dir\"`, 'C:\\dir\\'],
  ['and so in single quotes', String.raw`K='C:\dir\'`, 'C:\\dir\\'],
  ['a comment begins at #', 'K=value # comment', 'value'],
  ['a comment begins at # without a blank, too', 'K=value#comment', 'value'],
  ['all of the value may be a comment', 'K=# comment', ''],
  ['# in quotes is no comment', 'K="value # no comment"', 'value # no comment'],
  ['# in single quotes is no comment', "K='a#b'", 'a#b'],
  ['# in backticks is no comment', 'K=`a#b`', 'a#b'],
  ['a comment may follow quotes', 'K="a#b" # comment "with" quotes', 'a#b'],
  ['a comment may hold an odd quote', `K='a' # it's`, 'a'],
  ['lines in double quotes belong to the value', 'K="one\ntwo\n"', 'one\ntwo\n'],
  ['lines in single quotes belong to the value', "K='one\n# two\nK=three'", 'one\n# two\nK=three'],
  ['lines in backticks belong to the value', 'K=`one\n\ntwo`', 'one\n\ntwo'],
  ['export may stand before the key', 'export K=value', 'value'],
  ['with any blanks', '  export \t K = value', 'value'],
  ['KEY: value is an assignment', 'K: value', 'value'],
  ['KEY: "value" too', 'K: "a # b"', 'a # b'],
  ['a sign in the value belongs to it', 'K=a=b==', 'a=b=='],
  ['a colon in the value belongs to it', 'K=postgres://u:p@h:5432/d', 'postgres://u:p@h:5432/d'],
  ['a quote that does not end is a part of the value', 'K="value', '"value'],
  ['quotes with more behind them are a part of the value', `K="a"b`, '"a"b'],
  ['the outer ones of several quotes are taken off', `K='a' 'b'`, "a' 'b"],
  ['a line separator of Unicode ends no line', 'K="a" \u2028', 'a'],
  ['nor a comment', 'K=a # b\u2028c', 'a'],
  ['nor a value', 'K=a\u2028b', 'a\u2028b'],
  ['variables are not expanded', 'K=$HOME ${X} $(date)', '$HOME ${X} $(date)'],
  ['any script and any sign', 'K=ключ 🔑 %&/()', 'ключ 🔑 %&/()'],
];

describe('parseDotenv', () => {
  test.each(DOCUMENTED)('%s', (_, text, value) => {
    for (const around of [text, `\n${text}\n`, `# before\n${text}\n# behind`, `A=1\n${text}\nB=2`]) {
      expect(assignments(around)['K']).toBe(value);
      expect(parseDotenv(around).unreadableLines).toEqual([]);
    }
    expect(assignments(`A=1\n${text}\nB=2`)).toEqual({ A: '1', K: value, B: '2' });
  });

  test('ends lines with LF, CRLF or CR alike, in values too', () => {
    const lines = ['# comment', 'A=1', '', 'B="one', 'two"', 'not one', 'C=3 # x'];
    const expected = {
      entries: [
        { key: 'A', value: '1', line: 2 },
        { key: 'B', value: 'one\ntwo', line: 4 },
        { key: 'C', value: '3', line: 7 },
      ],
      unreadableLines: [6],
    };
    for (const end of ['\n', '\r\n', '\r']) {
      expect(parseDotenv(lines.join(end))).toEqual(expected);
      expect(parseDotenv(`${lines.join(end)}${end}`)).toEqual(expected);
    }
  });

  test('says on which line each assignment begins, behind values of many lines, too', () => {
    const text = 'A="1\n2\n3" # of three\n\nB=\'4\n5\'\nC=6';
    expect(parseDotenv(text).entries.map(({ key, line }) => [key, line])).toEqual([
      ['A', 1],
      ['B', 5],
      ['C', 7],
    ]);
  });

  test.each([
    'A',
    'export A',
    '=value',
    'A:value',
    'two words=x',
    'A-Ä=x',
    '"A"=x',
    '$A=x',
    '- A=x',
    'PEM-----BEGIN KEY-----',
    'ссылка=x',
    "'",
  ])('names the line of what is no assignment: %s', (line) => {
    expect(parseDotenv(`B=1\n${line}\nC=2`)).toEqual({
      entries: [
        { key: 'B', value: '1', line: 1 },
        { key: 'C', value: '2', line: 3 },
      ],
      unreadableLines: [2],
    });
  });

  test.each(['', '\n', '  \t ', '# A=1', '# a\u2028b', '   # A=1', '\ufeff', '#'])(
    'finds nothing in %j, and no fault',
    (text) => {
      expect(parseDotenv(text)).toEqual({ entries: [], unreadableLines: [] });
    },
  );

  test('reads behind a byte order mark', () => {
    expect(assignments('\ufeffA=1')).toEqual({ A: '1' });
  });

  test('takes letters of both cases, digits, underscores, dots and hyphens for a key, as they are', () => {
    expect(assignments('a.b-C_1=x\n0=y')).toEqual({ 'a.b-C_1': 'x', '0': 'y' });
  });

  test('keeps each of several assignments to a key, in order', () => {
    expect(parseDotenv('A=1\nA=2').entries).toEqual([
      { key: 'A', value: '1', line: 1 },
      { key: 'A', value: '2', line: 2 },
    ]);
  });

  test('gives back any text that was put into single quotes and has none', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const value = text.replaceAll("'", '').replaceAll('\r', '');
        expect(parseDotenv(`A='${value}'\nB=1`).entries).toEqual([
          { key: 'A', value, line: 1 },
          { key: 'B', value: '1', line: value.split('\n').length + 1 },
        ]);
      }),
    );
  });

  test('accounts for each line once, whatever the text', () => {
    const pieces = ['A', '=', ':', ' ', '"', "'", '`', '\\', '#', '\n', '\r\n', 'export ', 'x'];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 40 }), (chosen) => {
        const text = chosen.join('');
        const { entries, unreadableLines } = parseDotenv(text);
        const lines = [...entries.map(({ line }) => line), ...unreadableLines].toSorted((a, b) => a - b);
        expect(new Set(lines).size).toBe(lines.length);
        expect(lines.at(-1) ?? 1).toBeLessThanOrEqual(text.split(/\r\n|\n|\r/).length);
      }),
    );
  });

  test('is not slow on a large text of quotes that do not end', () => {
    const text = String.raw`A="\"x`.concat('\n').repeat(20_000);
    const started = performance.now();
    expect(parseDotenv(text).entries.length).toBeGreaterThan(0);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
