import { describe, expect, test } from 'vitest';
import { ENGINES } from '../src/testing/engines.ts';
import { startTestServer } from '../src/testing/server.ts';
import { startVault } from './start-vault.ts';

const VALUE_BYTES_MAX = 65_536;

const CHARACTERS = 'must contain only upper-case letters A-Z, digits and underscores';
const START = 'must start with a letter A-Z';

/** Each holds a word that no answer and no log line may repeat: people put values where keys belong. */
const REFUSED_KEYS: readonly (readonly [string, string, rule: string])[] = [
  ['lower case', 'canary_key', CHARACTERS],
  ['one lower-case letter', 'CANARy', CHARACTERS],
  ['a digit at the start', '1CANARY', START],
  ['an underscore at the start', '_CANARY', START],
  ['256 characters', `CANARY${'A'.repeat(250)}`, 'must have at most 255 characters'],
  ['a hyphen', 'CANARY-KEY', CHARACTERS],
  ['a dot', 'CANARY.KEY', CHARACTERS],
  ['a blank inside', 'CANARY KEY', CHARACTERS],
  ['a blank before', ' CANARY', CHARACTERS],
  ['a blank behind', 'CANARY ', CHARACTERS],
  ['a tab', 'CANARY\t', CHARACTERS],
  ['a newline at the end', 'CANARY\n', CHARACTERS],
  ['a newline before', '\nCANARY', CHARACTERS],
  ['a carriage return', 'CANARY\r', CHARACTERS],
  ['two lines that are both keys', 'CANARY\nKEY', CHARACTERS],
  ['NUL at the end', 'CANARY\u0000', CHARACTERS],
  ['NUL and more behind it', 'CANARY\u0000KEY', CHARACTERS],
  ['a no-break space', 'CANARY\u00a0', CHARACTERS],
  ['a zero-width space', 'CANARY\u200b', CHARACTERS],
  ['a byte order mark', '\ufeffCANARY', CHARACTERS],
  ['a line separator', 'CANARY\u2028', CHARACTERS],
  ['Cyrillic А', 'АCANARY', CHARACTERS],
  ['Greek Α', 'ΑCANARY', CHARACTERS],
  ['fullwidth Ａ', 'ＡCANARY', CHARACTERS],
  ['Turkish İ', 'CANARYİ', CHARACTERS],
  ['Turkish ı', 'CANARYı', CHARACTERS],
  ['Kelvin sign', 'CANARY\u212a', CHARACTERS],
  ['long s', 'CANARYſ', CHARACTERS],
  ['a combining mark', 'CANARY\u0301', CHARACTERS],
  ['Arabic digits', 'CANARY٣', CHARACTERS],
  ['a letter beyond the first plane', 'CANARY𝐀', CHARACTERS],
  ['an emoji', 'CANARY🔑', CHARACTERS],
  ['a lone surrogate', 'CANARY\ud83d', CHARACTERS],
  ['a quote and SQL', "CANARY'; drop table entry; --", CHARACTERS],
];

describe.each(ENGINES)('the key of an entry on %s', () => {
  test('may be any letter A-Z, and after it any letter, digit and underscore, up to 255 characters', async () => {
    await using server = await startTestServer();
    const { root, place } = await startVault(server);
    const letters = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ');
    const keys = [
      ...letters,
      `A${letters.join('')}0123456789_`,
      'A_',
      'A0',
      `A${'_'.repeat(254)}`,
      'Z9'.padEnd(255, 'Q'),
    ];
    for (const key of keys) await root.ok('vault_create', { ...place, key, value: `of ${key}` });
    for (const key of keys) {
      const { vault } = await root.ok('vault_fetch_one', { ...place, key });
      expect(vault).toMatchObject({ key, value: `of ${key}` });
    }
    expect((await root.ok('vault_fetch', place)).amount).toBe(keys.length);
  });

  test('may have nothing else: a refusal names the rule that was broken, and does not repeat the key', async () => {
    await using server = await startTestServer();
    const { root, place } = await startVault(server);
    for (const [name, key, rule] of REFUSED_KEYS) {
      for (const [id, rest] of [
        ['vault_create', { value: 'x' }],
        ['vault_update', { value: 'x' }],
        ['vault_version_restore', { version: 1 }],
        ['vault_fetch_one', {}],
        ['vault_version_fetch', {}],
        ['vault_delete', {}],
      ] as const) {
        // A lone surrogate has no percent-encoding: it cannot be sent in a query.
        if (!key.isWellFormed() && Object.keys(rest).length === 0) continue;
        const { status, body, text } = await root.call(id, { ...place, key, ...rest });
        expect([id, name, status, body.errors]).toEqual([id, name, 400, [{ path: 'key', message: rule }]]);
        expect(text.toUpperCase()).not.toContain('CANARY');
      }
    }
    expect(server.logLines.join('').toUpperCase()).not.toContain('CANARY');
    expect((await root.ok('vault_fetch', place)).amount).toBe(0);
  });

  test.each([
    ['empty', '', 'must not be empty'],
    ['left out', undefined, 'is required'],
  ])('may not be %s', async (_, key, rule) => {
    await using server = await startTestServer();
    const { root, place } = await startVault(server);
    for (const id of ['vault_create', 'vault_fetch_one', 'vault_delete'] as const) {
      const { status, body } = await root.call(id, {
        ...place,
        ...(id === 'vault_create' ? { value: 'x' } : {}),
        key,
      });
      expect(status).toBe(400);
      expect(body.errors).toEqual([{ path: 'key', message: rule }]);
    }
  });

  test('is text and nothing else', async () => {
    await using server = await startTestServer();
    const { root, place } = await startVault(server);
    for (const key of [null, 7, true, ['A'], { A: 'A' }]) {
      const { status, body } = await root.call('vault_create', { ...place, key, value: 'x' });
      expect(status).toBe(400);
      expect(body).toMatchObject({ code: 'invalid_input', errors: [{ path: 'key' }] });
    }
  });

  test('cannot change: an update finds its entry by it, and knows no field for another (R4)', async () => {
    await using server = await startTestServer();
    const { root, place } = await startVault(server);
    await root.ok('vault_create', { ...place, key: 'OLD', value: 'x' });
    for (const field of ['new_key', 'name', 'to', 'id']) {
      const { body } = await root.call('vault_update', { ...place, key: 'OLD', value: 'x', [field]: 'NEW' });
      expect(body).toMatchObject({
        code: 'invalid_input',
        errors: [{ path: field, message: 'is not a known field' }],
      });
    }
    expect(await root.refused('vault_update', { ...place, key: 'NEW', value: 'x' })).toBe('entry_not_found');
    const { vaults } = await root.ok('vault_fetch', place);
    expect(vaults).toMatchObject([{ key: 'OLD', version: 1 }]);
  });

  test('is taken once in its environment', async () => {
    await using server = await startTestServer();
    const { root, place } = await startVault(server);
    await root.ok('vault_create', { ...place, key: 'KEY', value: 'first' });
    expect(await root.refused('vault_create', { ...place, key: 'KEY', value: 'second' })).toBe(
      'entry_exists',
    );
    const { vault } = await root.ok('vault_fetch_one', { ...place, key: 'KEY' });
    expect(vault).toMatchObject({ value: 'first', version: 1 });
  });
});

/** U+0000 to U+001F and U+007F to U+009F. */
const CONTROL_CHARACTERS = Array.from({ length: 0xa0 }, (_, code) => String.fromCodePoint(code)).filter(
  (character) => /\p{Cc}/u.test(character),
);

const KEPT_VALUES: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['one blank', ' '],
  ['blanks around', '  \t value \t  '],
  ['a newline at the end', 'value\n'],
  ['newlines around', '\n\nvalue\n\n'],
  ['a lone carriage return', 'a\rb\r'],
  ['a lone line feed', 'a\nb\n'],
  ['CRLF', 'a\r\nb\r\n'],
  ['every kind of line end', '\r\r\n\n\r\u0085\u2028\u2029\u000b\u000c'],
  ['every control character', CONTROL_CHARACTERS.join('')],
  ['NUL in the middle', 'before\u0000after'],
  ['a byte order mark at the start', '\ufeffvalue'],
  ['two byte order marks', '\ufeff\ufeff'],
  ['the line separator', 'a\u2028b'],
  ['an emoji of several characters', '👩🏽‍🚀👨‍👩‍👧‍👦🏴󠁧󠁢󠁥󠁮󠁧󠁿'],
  ['composed letters', 'Å é ﬁ 한'.normalize('NFC')],
  ['decomposed letters', 'Å é ﬁ 한'.normalize('NFD')],
  ['right-to-left marks', '\u202eabc\u202c שלום'],
  ['characters that mean something to JSON', '"\\"\\\\\\u0041{}[],:"'],
  ['characters that mean something to HTML', '</script><b>&amp;'],
  ['noncharacters', '\ufffe\uffff\u{1fffe}\u{10ffff}'],
  ['the replacement character', '\ufffd'],
  ['the numbers of other languages', '1e309'],
  ['a private key', '-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----\n'],
];

/** As many bytes as a value may have, of characters of each length in UTF-8. */
const LARGEST_VALUES: readonly (readonly [string, string])[] = [
  ['1-byte characters', 'a'.repeat(VALUE_BYTES_MAX)],
  ['2-byte characters', 'é'.repeat(VALUE_BYTES_MAX / 2)],
  ['3-byte characters', `${'€'.repeat((VALUE_BYTES_MAX - 1) / 3)}a`],
  ['4-byte characters', '😀'.repeat(VALUE_BYTES_MAX / 4)],
  ['control characters, which take six bytes each in JSON', '\u0000'.repeat(VALUE_BYTES_MAX)],
];

describe.each(ENGINES)('the value of an entry on %s', () => {
  test.each([...KEPT_VALUES, ...LARGEST_VALUES])(
    'comes back byte for byte by every way: %s',
    async (_, value) => {
      await using server = await startTestServer();
      const { root, place } = await startVault(server);
      const entry = { ...place, key: 'KEY' };
      await root.ok('vault_create', { ...entry, value });
      expect((await root.ok('vault_fetch_one', entry)).vault.value).toBe(value);
      expect((await root.ok('vault_fetch', { ...place, values: true })).vaults[0].value).toBe(value);
      await root.ok('vault_update', { ...entry, value: 'another' });
      expect((await root.ok('vault_fetch_one', { ...entry, version: 1 })).vault.value).toBe(value);
      await root.ok('vault_version_restore', { ...entry, version: 1 });
      expect((await root.ok('vault_fetch_one', entry)).vault).toMatchObject({ value, version: 3 });
      await root.ok('vault_update', { ...entry, value });
      expect((await root.ok('vault_fetch_one', entry)).vault).toMatchObject({ value, version: 4 });
    },
  );

  test('may be any single control character', async () => {
    await using server = await startTestServer();
    const { root, place } = await startVault(server);
    const entries = CONTROL_CHARACTERS.map((value, index) => ({
      key: `C${String(index).padStart(2, '0')}`,
      value,
    }));
    for (const entry of entries) await root.ok('vault_create', { ...place, ...entry });
    const { vaults } = await root.ok('vault_fetch', { ...place, values: true, limit: 100 });
    expect(vaults.map(({ key, value }: { key: string; value: string }) => ({ key, value }))).toEqual(entries);
  });

  test('is not normalised: two spellings of one letter stay two values', async () => {
    await using server = await startTestServer();
    const { root, place } = await startVault(server);
    await root.ok('vault_create', { ...place, key: 'COMPOSED', value: '\u00e9' });
    await root.ok('vault_create', { ...place, key: 'DECOMPOSED', value: 'e\u0301' });
    const { vaults } = await root.ok('vault_fetch', { ...place, values: true });
    expect(vaults.map(({ value }: { value: string }) => value.length)).toEqual([1, 2]);
  });

  test.each(LARGEST_VALUES)(
    `may not have one byte more than ${VALUE_BYTES_MAX}, made of %s`,
    async (_, largest) => {
      await using server = await startTestServer();
      const { root, place } = await startVault(server);
      const entry = { ...place, key: 'KEY' };
      const value = `${largest}a`;
      await root.ok('vault_create', { ...entry, value: 'small' });
      for (const answer of [
        await root.call('vault_create', { ...place, key: 'OTHER', value }),
        await root.call('vault_update', { ...entry, value }),
      ]) {
        expect(answer.status).toBe(413);
        expect(answer.body).toMatchObject({ code: 'value_too_large', errors: [{ path: 'value' }] });
      }
      expect((await root.ok('vault_fetch', { ...place, values: true })).vaults).toMatchObject([
        { value: 'small', version: 1 },
      ]);
    },
  );

  test('that is too large beside another mistake is refused with both named', async () => {
    await using server = await startTestServer();
    const { root, place } = await startVault(server);
    const { status, body } = await root.call('vault_create', {
      ...place,
      key: 'lower',
      value: 'a'.repeat(VALUE_BYTES_MAX + 1),
    });
    expect(status).toBe(400);
    expect(body.errors.map(({ path }: { path: string }) => path).toSorted()).toEqual(['key', 'value']);
  });

  test.each([
    ['a lone high surrogate', 'canary\ud83d'],
    ['a lone low surrogate', '\ude00canary'],
    ['a pair in the wrong order', 'canary\ude00\ud83d'],
    ['a high surrogate before a pair', '\ud83d\ud83d\ude00canary'],
  ])('may not have %s, which has no UTF-8 form', async (_, value) => {
    await using server = await startTestServer();
    const { root, place } = await startVault(server);
    const answer = await root.call('vault_create', { ...place, key: 'KEY', value });
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ code: 'invalid_input', errors: [{ path: 'value' }] });
    expect(answer.text).not.toContain('canary');
    expect((await root.ok('vault_fetch', place)).amount).toBe(0);
  });

  test.each([
    ['a lone continuation byte', [0x80]],
    ['a sequence that breaks off', [0xe2, 0x82]],
    ['an overlong slash', [0xc0, 0xaf]],
    ['an overlong NUL', [0xc0, 0x80]],
    ['an encoded surrogate', [0xed, 0xa0, 0x80]],
    ['a code point beyond the last', [0xf4, 0x90, 0x80, 0x80]],
    ['bytes that are never in UTF-8', [0xff, 0xfe]],
    ['Latin-1', [0xe9]],
  ])('may not come as %s: replaced characters would not be what was given', async (_, bytes) => {
    await using server = await startTestServer();
    const { root, place } = await startVault(server);
    const [before, behind] = JSON.stringify({ ...place, key: 'KEY', value: 'canary|' }).split('|');
    const body = Buffer.concat([Buffer.from(before ?? ''), Buffer.from(bytes), Buffer.from(behind ?? '')]);
    const answer = await root.send('POST', '/vault/create', { body });
    expect(answer.status).toBe(400);
    expect(answer.body.code).toBe('malformed_json');
    expect(answer.text).not.toContain('canary');
    expect((await root.ok('vault_fetch', place)).amount).toBe(0);
  });

  test('is text and nothing else', async () => {
    await using server = await startTestServer();
    const { root, place } = await startVault(server);
    for (const value of [null, 7, true, ['x'], { x: 'x' }, undefined]) {
      const { status, body } = await root.call('vault_create', { ...place, key: 'KEY', value });
      expect(status).toBe(400);
      expect(body).toMatchObject({ code: 'invalid_input', errors: [{ path: 'value' }] });
    }
  });

  test('is not in a list unless it is asked for, and never in the answer to a change (R27)', async () => {
    await using server = await startTestServer();
    const { root, place } = await startVault(server);
    const entry = { ...place, key: 'KEY' };
    const answers = [
      await root.call('vault_create', { ...entry, value: 'canary-1', comment: 'c' }),
      await root.call('vault_update', { ...entry, value: 'canary-2' }),
      await root.call('vault_version_restore', { ...entry, version: 1 }),
      await root.call('vault_fetch', place),
      await root.call('vault_fetch', { ...place, values: false }),
      await root.call('vault_version_fetch', entry),
    ];
    for (const { status, text } of answers) {
      expect(status).toBeLessThan(300);
      expect(text).not.toContain('canary');
    }
  });
});

describe.each(ENGINES)('the comment of an entry on %s', () => {
  test('is empty when none is given, stays when an update leaves it out, and goes when it is emptied', async () => {
    await using server = await startTestServer();
    const { root, place } = await startVault(server);
    const entry = { ...place, key: 'KEY' };
    const comments = [
      (await root.ok('vault_create', { ...entry, value: '1' })).vault.comment,
      (await root.ok('vault_update', { ...entry, value: '2', comment: 'rotate in May' })).vault.comment,
      (await root.ok('vault_update', { ...entry, value: '3' })).vault.comment,
      (await root.ok('vault_fetch_one', entry)).vault.comment,
      (await root.ok('vault_fetch', place)).vaults[0].comment,
      (await root.ok('vault_update', { ...entry, value: '4', comment: '' })).vault.comment,
    ];
    expect(comments).toEqual(['', 'rotate in May', 'rotate in May', 'rotate in May', 'rotate in May', '']);
  });

  test('comes back as it was given, like a value', async () => {
    await using server = await startTestServer();
    const { root, place } = await startVault(server);
    const comments = [...KEPT_VALUES.map(([, text]) => text), 'ü'.repeat(1000)];
    const keys = comments.map((_, index) => `C${String(index).padStart(3, '0')}`);
    for (const [index, comment] of comments.entries()) {
      const entry = { ...place, key: keys[index] };
      expect((await root.ok('vault_create', { ...entry, value: 'x', comment })).vault.comment).toBe(comment);
      expect((await root.ok('vault_fetch_one', entry)).vault.comment).toBe(comment);
    }
    const { vaults } = await root.ok('vault_fetch', { ...place, limit: 100 });
    expect(vaults.map(({ comment }: { comment: string }) => comment)).toEqual(comments);
  });

  test.each([
    ['more than 1000 characters', 'a'.repeat(1001)],
    ['a lone surrogate', '\ud83d'],
  ])('may not have %s', async (_, comment) => {
    await using server = await startTestServer();
    const { root, place } = await startVault(server);
    const { status, body } = await root.call('vault_create', { ...place, key: 'KEY', value: 'x', comment });
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: 'invalid_input', errors: [{ path: 'comment' }] });
  });
});
