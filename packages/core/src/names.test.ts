import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  API_PATH_CHARACTERS_MAX,
  API_PATH_PATTERN,
  checkApiPath,
  checkEntryKey,
  checkEnvironmentId,
  checkOrigin,
  checkProjectId,
  checkUsername,
  checkValue,
  ENTRY_KEY_PATTERN,
  ENVIRONMENT_ID_PATTERN,
  pathsAbove,
  PROJECT_ID_PATTERN,
  USERNAME_PATTERN,
  utf8Bytes,
} from './names.ts';

function anyOf(characters: string): fc.Arbitrary<string> {
  return fc.constantFrom(...Array.from(characters));
}

/** Texts near the edge of a rule, and texts of any kind. */
const anyText = fc.oneof(
  fc.string({ unit: anyOf('AZaz09_-./ \n'), maxLength: 12 }),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.tuple(fc.constantFrom('A', 'a', '/a'), fc.nat({ max: 300 })).map(([text, times]) => text.repeat(times)),
);

/** What refuses, and what documents and stores state as the rule. Both must be one rule. */
const RULES = [
  ['an entry key', checkEntryKey, (text: string) => ENTRY_KEY_PATTERN.test(text)],
  ['a project id', checkProjectId, (text: string) => PROJECT_ID_PATTERN.test(text)],
  ['an environment id', checkEnvironmentId, (text: string) => ENVIRONMENT_ID_PATTERN.test(text)],
  [
    'an API path',
    checkApiPath,
    (text: string) => API_PATH_PATTERN.test(text) && text.length <= API_PATH_CHARACTERS_MAX,
  ],
  ['a user name', checkUsername, (text: string) => USERNAME_PATTERN.test(text)],
] as const;

describe.each(RULES)('%s', (_, check, matches) => {
  test('is refused exactly when it does not match the published pattern', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(check(text) === undefined).toBe(matches(text));
      }),
      { numRuns: 1000 },
    );
  });

  test('is refused without being repeated', () => {
    fc.assert(
      fc.property(fc.string({ unit: anyOf('#%&$~'), minLength: 2 }), (text) => {
        expect(check(text)).not.toContain(text);
      }),
    );
  });

  test('may not end with a newline', () => {
    expect(check('a\n')).toBeDefined();
    expect(check('A\n')).toBeDefined();
    expect(check('/a\n')).toBeDefined();
  });
});

describe('the rule of an entry key (R2)', () => {
  test.each(['A', 'Z', 'DATABASE_URL', 'A_', 'A__B', 'A0', 'A'.repeat(255)])('takes %s', (key) => {
    expect(checkEntryKey(key)).toBeUndefined();
  });

  const CHARACTERS = 'must contain only upper-case letters A-Z, digits and underscores';
  test.each([
    ['', 'must not be empty'],
    ['A'.repeat(256), 'must have at most 255 characters'],
    ['a', CHARACTERS],
    ['A-B', CHARACTERS],
    ['A B', CHARACTERS],
    ['А', CHARACTERS],
    ['Ａ', CHARACTERS],
    ['A\u0301', CHARACTERS],
    ['1A', 'must start with a letter A-Z'],
    ['_A', 'must start with a letter A-Z'],
  ])('names what is wrong with %j', (key, rule) => {
    expect(checkEntryKey(key)).toBe(rule);
  });
});

describe('the rule of a project id (R16)', () => {
  test.each(['abc', 'a_1', 'a'.repeat(50)])('takes %s', (id) => {
    expect(checkProjectId(id)).toBeUndefined();
  });

  const CHARACTERS = 'must contain only lower-case letters a-z, digits and underscores';
  test.each([
    ['', 'must have 3 to 50 characters'],
    ['ab', 'must have 3 to 50 characters'],
    ['a'.repeat(51), 'must have 3 to 50 characters'],
    ['aBc', CHARACTERS],
    ['a-b', CHARACTERS],
    ['1abc', 'must start with a letter a-z'],
    ['_abc', 'must start with a letter a-z'],
  ])('names what is wrong with %j', (id, rule) => {
    expect(checkProjectId(id)).toBe(rule);
  });
});

describe('the rule of an environment id', () => {
  test.each(['a', 'default', 'eu-west_1', 'a'.repeat(50)])('takes %s', (id) => {
    expect(checkEnvironmentId(id)).toBeUndefined();
  });

  const CHARACTERS = 'must contain only lower-case letters a-z, digits, underscores and hyphens';
  test.each([
    ['', 'must have 1 to 50 characters'],
    ['a'.repeat(51), 'must have 1 to 50 characters'],
    ['Staging', CHARACTERS],
    ['a.b', CHARACTERS],
    ['1a', 'must start with a letter a-z'],
    ['-a', 'must start with a letter a-z'],
  ])('names what is wrong with %j', (id, rule) => {
    expect(checkEnvironmentId(id)).toBe(rule);
  });
});

describe('the rule of an API path (R16)', () => {
  test.each(['/a', '/a/b', '/shop-1/v_2', `/${'a'.repeat(99)}`])('takes %s', (path) => {
    expect(checkApiPath(path)).toBeUndefined();
  });

  const SEGMENTS = 'must not have empty segments or end with /';
  const CHARACTERS = 'must contain only lower-case letters a-z, digits, _, - and /';
  test.each([
    ['', 'must start with /'],
    ['a', 'must start with /'],
    [`/${'a'.repeat(100)}`, 'must have at most 100 characters'],
    ['/A', CHARACTERS],
    ['/a/../b', CHARACTERS],
    ['/a?b', CHARACTERS],
    ['/a%2fb', CHARACTERS],
    ['/', SEGMENTS],
    ['//', SEGMENTS],
    ['/a/', SEGMENTS],
    ['/a//b', SEGMENTS],
  ])('names what is wrong with %j', (path, rule) => {
    expect(checkApiPath(path)).toBe(rule);
  });

  test('has the paths above it, nearest last', () => {
    expect(pathsAbove('/a')).toEqual([]);
    expect(pathsAbove('/a/b')).toEqual(['/a']);
    expect(pathsAbove('/a/b/c')).toEqual(['/a', '/a/b']);
  });
});

describe('the rule of a user name (R18)', () => {
  test.each(['a', 'Ada', '0', 'ada.l-b_1', 'a'.repeat(100)])('takes %s', (name) => {
    expect(checkUsername(name)).toBeUndefined();
  });

  const CHARACTERS = 'must contain only letters A-Z and a-z, digits, dots, underscores and hyphens';
  test.each([
    ['', 'must have 1 to 100 characters'],
    ['a'.repeat(101), 'must have 1 to 100 characters'],
    // Signing in takes a user name or an address: were @ allowed, one person's name could be another's address.
    ['ada@example.org', CHARACTERS],
    ['ада', CHARACTERS],
    ['.ada', 'must start with a letter or a digit'],
  ])('names what is wrong with %j', (name, rule) => {
    expect(checkUsername(name)).toBe(rule);
  });
});

describe('the rule of a value (R3)', () => {
  test('takes every text that has a UTF-8 form', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(checkValue(text)).toBeUndefined();
      }),
    );
  });

  test.each(['\ud83d', '\ude00', 'a\ude00\ud83db'])('refuses a lone surrogate, as in %j', (text) => {
    expect(checkValue(text)).toBe('must be Unicode text: it has a lone surrogate');
  });

  test.each([
    ['', 0],
    ['a', 1],
    ['é', 2],
    ['€', 3],
    ['😀', 4],
    ['\u0000', 1],
  ])('counts the bytes of %j', (text, bytes) => {
    expect(utf8Bytes(text)).toBe(bytes);
  });
});

describe('an origin', () => {
  test.each([
    'https://api.example.com',
    'https://a.b-c.example:8443',
    'http://localhost',
    'http://10.0.0.7:8080',
    'https://1.1.1.1',
    'https://[2606:4700::1111]',
    'http://[::1]:3000',
    'https://xn--mnchen-3ya.example',
    'https://example.com:80',
    `https://${'a'.repeat(63)}.example`,
  ])('is %s', (text) => {
    expect(checkOrigin(text)).toBeUndefined();
  });

  test.each([
    ['', 'must start with https:// or http://'],
    ['example.com', 'must start with https:// or http://'],
    ['HTTPS://example.com', 'must start with https:// or http://'],
    ['ftp://example.com', 'must start with https:// or http://'],
    [' https://example.com', 'must start with https:// or http://'],
    [`https://${'a.'.repeat(150)}com`, 'must have at most 300 characters'],
    ['https://Example.com', 'must be in lower case'],
    ['https://a@example.com', 'must have no user name or password'],
    ['https://example.com:443', 'must not say the usual port'],
    ['http://example.com:80', 'must not say the usual port'],
    ['https://example.com.', 'must have a host that is a valid name or address'],
    ['https://a..example', 'must have a host that is a valid name or address'],
    ['https://-a.example', 'must have a host that is a valid name or address'],
    ['https://a_b.example', 'must have a host that is a valid name or address'],
    [`https://${'a'.repeat(64)}.example`, 'must have a host that is a valid name or address'],
    ['https://127.1', 'must have a host that is a valid name or address'],
    ['https://example.0x7f', 'must have a host that is a valid name or address'],
  ])('is not %s: it %s', (text, rule) => {
    expect(checkOrigin(text)).toBe(rule);
  });

  test.each([
    'https://example.com/',
    'https://example.com/a',
    'https://example.com?a',
    'https://example.com#a',
    'https://example.com:',
    'https://example.com:8443:1',
    'https://example.com\\a',
    'https://example.com\n',
    'https://example.com:65536',
    'https://example.com:08443',
    'https://[::1%25lo]',
    'https://[0:0::1]',
    'https://[::ffff:127.0.0.1]',
    'https://::1',
    'https://münchen.example',
    'https://010.0.0.1',
    'https://256.0.0.1',
    'https://%65xample.com',
  ])('is not %j', (text) => {
    expect(checkOrigin(text)).toMatch(/^must /);
  });

  test('is, whatever passes, exactly the origin of the URL that it is', () => {
    const anyOrigin = fc.string({ unit: anyOf('a0x1.-:/@[]f%?#\\A\n'), maxLength: 14 });
    fc.assert(
      fc.property(anyOrigin, fc.constantFrom('https://', 'http://', 'https://[', ''), (rest, start) => {
        const text = start + rest;
        if (checkOrigin(text) === undefined) expect(new URL(text).origin).toBe(text);
      }),
      { numRuns: 5000 },
    );
  });
});
