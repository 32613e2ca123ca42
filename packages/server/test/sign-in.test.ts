import type * as argon2 from '@node-rs/argon2';
import { hash, verify } from '@node-rs/argon2';
import { describe, expect, test, vi } from 'vitest';
import { PASSWORD_COST } from '../src/services/passwords.ts';
import type { Answer, Client } from '../src/testing/client.ts';
import { ENGINES } from '../src/testing/engines.ts';
import { PASSWORD, startTestServer, type TestServer } from '../src/testing/server.ts';

// The real ones, watched.
vi.mock('@node-rs/argon2', async (original) => {
  const real = await original<typeof argon2>();
  return { ...real, hash: vi.fn<typeof hash>(real.hash), verify: vi.fn<typeof verify>(real.verify) };
});

const STRONG = 'copper-lantern-drift-88';

/** 256 characters that nobody guesses, the same at each run. */
const LONGEST = Array.from({ length: 256 }, (_, index) =>
  String.fromCharCode(33 + ((index * index * 7919 + 11) % 90)),
).join('');

describe.each(ENGINES)('signing in on %s', () => {
  test('takes user name or e-mail address in any case, and says who signed in', async () => {
    await using server = await startTestServer();
    await server.setUp();
    for (const name of ['root', 'ROOT', 'Root', 'root@example.org', 'Root@Example.ORG']) {
      const { body } = await login(server, name, PASSWORD);
      expect(body.user).toMatchObject({ username: 'root', email: 'root@example.org', role: 'ROOT' });
      expect(Object.keys(body).toSorted()).toEqual(['expires_at', 'message', 'status', 'token', 'user']);
    }
  });

  test.each([
    ['a space before the name', ' root', PASSWORD],
    ['a space behind the name', 'root ', PASSWORD],
    ['a wildcard for the name', '%', PASSWORD],
    ['SQL for the name', "root' --", PASSWORD],
    ['SQL that is always true', "' or '1'='1", "' or '1'='1"],
    ['the name of a property', '__proto__', PASSWORD],
    ['a Cyrillic letter in the name', 'r\u043eot', PASSWORD],
    ['a space behind the password', 'root', `${PASSWORD} `],
    ['a NUL behind the password', 'root', `${PASSWORD}\0`],
    ['the password in upper case', 'root', PASSWORD.toUpperCase()],
    ['the password cut short', 'root', PASSWORD.slice(0, -1)],
    ['the password twice', 'root', `${PASSWORD}${PASSWORD}`],
    ['half of an emoji as password', 'root', '\ud83d'],
    ['an emoji as password', 'root', '🔑'],
    ['1024 characters of password', 'root', 'x'.repeat(1024)],
    ['only NULs as password', 'root', '\0'.repeat(100)],
    ['names of the longest kind', 'x'.repeat(254), PASSWORD],
  ])('with %s is refused like any wrong password', async (_, name, password) => {
    await using server = await startTestServer();
    await server.setUp();
    const { status, body, headers } = await login(server, name, password);
    expect([status, body.code]).toEqual([401, 'credentials_invalid']);
    expect(headers.get('www-authenticate')).toBe('Bearer');
    expect(headers.getSetCookie()).toEqual([]);
  });

  test.each([
    ['no name', '', PASSWORD, 'auth_data'],
    ['a NUL behind the name', 'root\0', PASSWORD, 'auth_data'],
    ['too long a name', 'x'.repeat(255), PASSWORD, 'auth_data'],
    ['no password', 'root', '', 'password'],
    ['too long a password', 'root', 'x'.repeat(1025), 'password'],
  ])('with %s is refused before anything is compared', async (_, name, password, field) => {
    await using server = await startTestServer();
    await server.setUp();
    vi.mocked(verify).mockClear();
    const { status, body } = await login(server, name, password);
    expect([status, body.code, body.errors[0].path]).toEqual([400, 'invalid_input', field]);
    expect(verify).not.toHaveBeenCalled();
  });

  test('answers alike for an unknown user and for a wrong password', async () => {
    await using server = await startTestServer();
    await server.setUp();
    const wrong = await login(server, 'root', STRONG);
    for (const name of ['nobody', 'nobody@example.org', 'root@example.com', "'"]) {
      const unknown = await login(server, name, STRONG);
      expect(comparable(unknown)).toEqual(comparable(wrong));
      expect(unknown.text.length).toBe(wrong.text.length);
    }
    expect([wrong.status, wrong.body.code]).toEqual([401, 'credentials_invalid']);
  });

  test('does the same work for an unknown user, a wrong password, and by either name', async () => {
    await using server = await startTestServer({
      passwordCost: { memoryCost: 16, timeCost: 2, parallelism: 1 },
    });
    await server.setUp();
    // The first comparison makes the decoy.
    await login(server, 'nobody', STRONG);
    vi.mocked(hash).mockClear();
    const work: [number, string[]][] = [];
    for (const name of ['nobody', 'root', 'root@example.org', 'nobody@example.org']) {
      vi.mocked(verify).mockClear();
      await login(server, name, STRONG);
      // Its first four parts: algorithm, version and cost.
      const compared = vi
        .mocked(verify)
        .mock.calls.map(([hashed]) => String(hashed).split('$').slice(0, 4).join('$'));
      work.push([compared.length, compared]);
    }
    expect(work).toEqual(Array.from({ length: 4 }, () => [1, ['$argon2id$v=19$m=16,t=2,p=1']]));
    expect(hash).not.toHaveBeenCalled();
  });

  test('is on record, refused or not, without what was typed', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    await login(server, 'sesame-as-a-name', 'sesame-as-a-password');
    await login(server, 'root', 'sesame-as-a-password');
    await login(server, 'root', PASSWORD);
    const { events } = await root.ok('event_fetch', { type: 'user_login' });
    const ip = '127.0.0.1';
    expect(events).toMatchObject([
      { outcome: 'success', username: 'root', details: {}, ip },
      { outcome: 'denied', username: 'root', details: { reason: 'wrong_password' }, ip },
      { outcome: 'denied', username: null, details: { reason: 'unknown_user' }, ip },
    ]);
    const everything = `${JSON.stringify(events)}${server.logLines.join('')}`;
    expect(everything).not.toContain('sesame');
  });
});

describe.each(ENGINES)('passwords on %s', () => {
  test.each([
    ['11 characters', 'xK9#pQ2!vLz'],
    ['257 characters', `${LONGEST}x`],
    ['half of an emoji', `${STRONG}\ud83d`],
    ['a common one', 'password1234'],
    ['a common one, twice', 'passwordpassword'],
    ['a common one in disguise', 'P@ssw0rd2024'],
    ['a common one backwards', 'drowssap1234'],
    ['a common one with a row of digits', 'iloveyou1234'],
    ['a row of keys', 'qwertyuiop12'],
    ['a zigzag of keys', '1qaz2wsx3edc'],
    ['digits in order', '123456789012'],
    ['letters in order', 'abcdefghijkl'],
    ['one character over and over', 'aaaaaaaaaaaaaaaaaaaaaaaa'],
    ['one word over and over', 'dragondragondragon'],
    ['what everybody starts with', 'changeme1234'],
    ['only spaces', ' '.repeat(16)],
    ["one's own user name", 'bartholomew12'],
    ["one's own address", 'bartholomew12@example.org'],
    ["one's own name", 'Bartholomew12!'],
  ])('are refused wherever they are chosen: %s', async (_, password) => {
    await using server = await startTestServer();
    const user = {
      username: 'bartholomew12',
      email: 'bartholomew12@example.org',
      first_name: 'Ngozi',
      last_name: 'Okonkwo',
    };
    const setUp = { setup_token: server.app.setupToken?.expose(), ...user };
    expectWeak(await server.anonymous().call('setup', { ...setUp, password }), 'password');
    const root = server.anonymous();
    await root.signIn('setup', { ...setUp, password: STRONG });
    expectWeak(
      await root.call('user_password', { current_password: STRONG, new_password: password }),
      'new_password',
    );
    const other = {
      ...user,
      username: 'ngozi',
      email: 'ngozi@example.org',
      first_name: user.username,
      last_name: user.email,
    };
    expectWeak(await root.call('user_create', { ...other, role: 'VIEWER', password }), 'password');
    expect((await root.ok('user_fetch')).amount).toBe(1);
    expect((await login(server, user.username, STRONG)).status).toBe(200);
  });

  test.each([
    ['12 characters', 'xK9#pQ2!vLz7'],
    ['256 characters', LONGEST],
    ['words', 'correct horse battery staple'],
    ['other scripts', 'ключ-密码-κλειδί'],
    ['emoji', '🔑🦉🌋 copper 🪁🧊'],
    ['spaces at both ends', `  ${STRONG}  `],
    ['an accent as a character of its own', 'cafe\u0301-lantern-drift'],
    ['quotes and escapes', `'"\\\u2028$&%00{{}}`],
    ['characters without a picture', 'zero\u200bwidth\u202edrift'],
  ])('are kept as they are, every character of them: %s', async (_, password) => {
    await using server = await startTestServer();
    const user = await userWith(server, password);
    expect((await login(server, user, password)).status).toBe(200);
    for (const similar of [password.slice(0, -1), password.slice(1), `${password}x`]) {
      expect((await login(server, user, similar)).body.code).toBe('credentials_invalid');
    }
  });

  test('are stored as argon2id at the documented cost, each with a salt of its own', async () => {
    await using server = await startTestServer({ passwordCost: PASSWORD_COST });
    const root = await server.setUp();
    await server.user(root, 'VIEWER');
    const rows = await server.app.context.store.db.selectFrom('user').select('password_hash').execute();
    const hashes = rows.map((row) => row.password_hash);
    expect(hashes).toEqual(
      Array(2).fill(expect.stringMatching(/^\$argon2id\$v=19\$m=65536,t=3,p=1\$[\w+/]{22}\$[\w+/]{43}$/)),
    );
    expect(new Set(hashes.map((text) => text.split('$')[4])).size).toBe(2);
  });

  test('are compared at the documented cost, with a decoy where there is no user', async () => {
    await using server = await startTestServer({ passwordCost: PASSWORD_COST });
    vi.mocked(verify).mockClear();
    await login(server, 'nobody', STRONG);
    expect(vi.mocked(verify).mock.calls.map(([hashed]) => hashed)).toEqual([
      expect.stringMatching(/^\$argon2id\$v=19\$m=65536,t=3,p=1\$/),
    ]);
  });
});

async function login(server: TestServer, name: string, password: string): Promise<Answer> {
  return await server.anonymous().call('user_login', { auth_data: name, password });
}

async function userWith(server: TestServer, password: string): Promise<string> {
  const root: Client = await server.setUp();
  const names = { username: 'ada', email: 'ada@example.org', first_name: 'Ada', last_name: 'Lovelace' };
  await root.ok('user_create', { ...names, role: 'VIEWER', password });
  return 'ada';
}

function expectWeak({ status, body }: Answer, field: string): void {
  expect([status, body.code, body.errors]).toEqual([
    400,
    'invalid_input',
    [
      {
        path: field,
        message: expect.stringMatching(/^(must have at |must be Unicode text|is among the most common)/),
      },
    ],
  ]);
}

/** All of an answer but the time and the id of the request. */
function comparable({ status, body, headers }: Answer): unknown {
  const { request_id: _, ...rest } = body;
  const ignored = new Set(['date', 'x-request-id']);
  return { status, rest, headers: [...headers].filter(([name]) => !ignored.has(name)) };
}
