import { describe, expect, test } from 'vitest';
import { ENGINES } from '../src/testing/engines.ts';
import { PASSWORD, startTestServer, type TestServer } from '../src/testing/server.ts';
import { countOutcomes, simultaneously } from '../src/testing/simultaneously.ts';

const ADA = {
  username: 'Ada.Lovelace',
  email: 'Ada@Example.org',
  first_name: 'Ada',
  last_name: 'Lovelace',
  password: 'copper-lantern-drift-88',
  role: 'AUTHOR',
};

function setupInput(server: TestServer): Record<string, string> {
  return {
    setup_token: server.app.setupToken?.expose() ?? '',
    username: 'root',
    email: 'root@example.org',
    first_name: 'Rosa',
    last_name: 'Root',
    password: PASSWORD,
  };
}

describe.each(ENGINES)('users on %s', () => {
  test('are what was given of them, and never their password', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const answer = await root.call('user_create', ADA);
    expect(answer.status).toBe(201);
    const { password, ...given } = ADA;
    expect(answer.body.user).toMatchObject(given);
    for (const { text } of [
      answer,
      await root.call('user_fetch'),
      await root.call('user_fetch_one', { uid: answer.body.user.uid }),
    ]) {
      expect(text).not.toContain(password);
      expect(text).not.toContain('argon2');
    }
    expect(server.logLines.join('')).not.toContain(password);
  });

  test.each([
    ['username', 'ada.lovelace', 'username_taken'],
    ['username', 'ADA.LOVELACE', 'username_taken'],
    ['username', 'Ada.Lovelace', 'username_taken'],
    ['email', 'ada@example.org', 'email_taken'],
    ['email', 'ADA@EXAMPLE.ORG', 'email_taken'],
  ])('have a %s of their own, whatever the case: %s', async (field, value, code) => {
    await using server = await startTestServer();
    const root = await server.setUp();
    await root.ok('user_create', ADA);
    const other = { ...ADA, username: 'another', email: 'another@example.org', [field]: value };
    const { status, body } = await root.call('user_create', other);
    expect(status).toBe(409);
    expect(body.code).toBe(code);
    expect((await root.ok('user_fetch')).amount).toBe(2);
  });

  test('are made once when 10 spellings of one name are asked for at the same time', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const answers = await simultaneously(10, async (index) => {
      const username = index % 2 === 0 ? 'charlie' : 'CHARLIE';
      return await root.call('user_create', { ...ADA, username, email: `c${index}@example.org` });
    });
    expect(countOutcomes(answers)).toEqual({ success: 1, username_taken: 9 });
  });

  test('sign in with either name in any case, and with nothing else', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const { user } = await root.ok('user_create', ADA);
    for (const auth_data of ['Ada.Lovelace', 'ADA.lovelace', 'ada@example.org', 'ADA@EXAMPLE.ORG']) {
      const answer = await server.anonymous().ok('user_login', { auth_data, password: ADA.password });
      expect(answer.user.uid).toBe(user.uid);
    }
    for (const auth_data of [user.uid, 'Ada', 'ada', 'ada.lovelace ', 'ada.lovelace%', 'nobody']) {
      const code = await server.anonymous().refused('user_login', { auth_data, password: ADA.password });
      expect(code).toBe('credentials_invalid');
    }
    for (const password of [`${ADA.password} `, ADA.password.toUpperCase(), ADA.password.slice(0, -1), 'x']) {
      const code = await server.anonymous().refused('user_login', { auth_data: ADA.username, password });
      expect(code).toBe('credentials_invalid');
    }
  });

  test('change what an update names and nothing else; an address of another is refused', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const { user } = await root.ok('user_create', ADA);
    const changed = await root.ok('user_update', { uid: user.uid, last_name: 'King' });
    expect(changed.user).toEqual({ ...user, last_name: 'King' });
    const { status, body } = await root.call('user_update', {
      uid: user.uid,
      first_name: 'A',
      email: 'ROOT@example.org',
    });
    expect(status).toBe(409);
    expect(body.code).toBe('email_taken');
    expect((await root.ok('user_fetch_one', { uid: user.uid })).user).toEqual(changed.user);
    // Their own in another spelling is no conflict.
    expect((await root.ok('user_update', { uid: user.uid, email: 'ada@EXAMPLE.org' })).user.email).toBe(
      'ada@EXAMPLE.org',
    );
  });

  test('keep their user name and uid', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const { user } = await root.ok('user_create', ADA);
    for (const field of ['username', 'password', 'created_at']) {
      const { body } = await root.call('user_update', { uid: user.uid, last_name: 'x', [field]: 'x' });
      expect(body).toMatchObject({
        code: 'invalid_input',
        errors: [{ path: field, message: 'is not a known field' }],
      });
    }
  });

  test('that do not exist are told to ROOT', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const nobody = { uid: `usr_${'0'.repeat(26)}` };
    for (const id of ['user_fetch_one', 'user_update', 'user_delete'] as const) {
      const change = id === 'user_update' ? { last_name: 'x' } : {};
      const { status, body } = await root.call(id, { ...nobody, ...change });
      expect(status).toBe(404);
      expect(body.code).toBe('user_not_found');
    }
  });

  test.each([
    ['username', '', 'must have 1 to 100 characters'],
    [
      'username',
      'ada@example.org',
      'must contain only letters A-Z and a-z, digits, dots, underscores and hyphens',
    ],
    ['username', 'ada\n', 'must contain only letters A-Z and a-z, digits, dots, underscores and hyphens'],
    ['username', 'аda', 'must contain only letters A-Z and a-z, digits, dots, underscores and hyphens'],
    ['username', '.ada', 'must start with a letter or a digit'],
    ['email', 'ada', 'must be an e-mail address'],
    ['email', 'ada@', 'must be an e-mail address'],
    ['email', 'a@example.org\n', 'must be an e-mail address'],
    ['first_name', '', 'must not be empty'],
    ['first_name', 'A\u0000da', 'must not contain control characters'],
    ['last_name', 'a'.repeat(101), 'at most 100'],
    ['role', 'OWNER', 'ROOT'],
    ['role', 'root', 'ROOT'],
    ['role', undefined, ''],
  ])('may not have the %s %j', async (field, value, rule) => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const { status, body } = await root.call('user_create', { ...ADA, [field]: value });
    expect(status).toBe(400);
    expect(body.errors).toMatchObject([{ path: field, message: expect.stringContaining(rule) }]);
    expect((await root.ok('user_fetch')).amount).toBe(1);
  });
});

describe.each(ENGINES)('the last ROOT on %s', () => {
  test('can be neither deleted nor demoted, by themselves or others (R18)', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const deletion = await root.call('user_delete', { uid: root.uid });
    expect(deletion.status).toBe(409);
    expect(deletion.body.code).toBe('last_root');
    for (const role of ['ADMIN', 'AUTHOR', 'VIEWER']) {
      const { status, body } = await root.call('user_update', { uid: root.uid, first_name: 'Changed', role });
      expect(status).toBe(409);
      expect(body.code).toBe('last_root');
    }
    expect((await root.ok('user_me')).user).toMatchObject({ role: 'ROOT', first_name: 'Rosa' });
    expect(
      (await root.ok('user_update', { uid: root.uid, role: 'ROOT', first_name: 'Rose' })).user.first_name,
    ).toBe('Rose');
  });

  test('is the one who is left, whichever of two goes', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const second = await server.user(root, 'ROOT');
    await second.ok('user_update', { uid: root.uid, role: 'VIEWER' });
    expect(await second.refused('user_delete', { uid: second.uid })).toBe('last_root');
    await second.ok('user_update', { uid: root.uid, role: 'ROOT' });
    await second.ok('user_delete', { uid: second.uid });
    expect(await root.refused('user_delete', { uid: root.uid })).toBe('last_root');
  });

  test.each([
    ['delete', 'user_delete', {}],
    ['demote', 'user_update', { role: 'VIEWER' }],
  ] as const)('stays when two %s one another at the same time', async (_, id, change) => {
    await using server = await startTestServer();
    const root = await server.setUp();
    for (let round = 0; round < 5; round += 1) {
      const { users } = await root.ok('user_fetch', { filter: 'ROOT' });
      const other = await server.user(root, 'ROOT');
      expect(users).toHaveLength(1);
      const answers = await Promise.all([
        root.call(id, { uid: other.uid, ...change }),
        other.call(id, { uid: root.uid, ...change }),
      ]);
      const outcomes = answers.map(({ body }) => body.code ?? 'success');
      expect(outcomes.filter((outcome) => outcome === 'success')).toHaveLength(1);
      // The loser was refused because they are the last, or because they are no ROOT or no user any more.
      expect(['last_root', 'forbidden', 'session_ended']).toContain(
        outcomes.find((outcome) => outcome !== 'success'),
      );
      const [winner, loser] = outcomes[0] === 'success' ? [root, other] : [other, root];
      const roots = await winner.ok('user_fetch', { filter: 'ROOT' });
      expect(roots.users.filter(({ role }: { role: string }) => role === 'ROOT')).toMatchObject([
        { uid: winner.uid },
      ]);
      if (id === 'user_update') await winner.ok('user_delete', { uid: loser.uid });
      root.token = winner.token;
      root.uid = winner.uid;
    }
  });

  test('stays when five ROOTs all demote themselves at the same time', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const roots = [root, ...(await simultaneously(4, async () => await server.user(root, 'ROOT')))];
    const answers = await simultaneously(roots.length, async (index) => {
      const one = roots[index] ?? root;
      return await one.call('user_update', { uid: one.uid, role: 'VIEWER' });
    });
    expect(countOutcomes(answers)).toEqual({ success: 4, last_root: 1 });
  });
});

const GUESSABLE = 'is among the most common passwords, a variation of one, or made of your own names';

const REFUSED_PASSWORDS: readonly (readonly [string, string, rule: string])[] = [
  ['eleven characters', 'short-one-4', 'must have at least 12 characters'],
  ['nothing', '', 'must have at least 12 characters'],
  ['257 characters', 'x7-Kq'.repeat(60).slice(0, 257), 'must have at most 256 characters'],
  ['a lone surrogate', 'copper-lantern-\ud83d', 'must be Unicode text: it has a lone surrogate'],
  ['a common one', 'password1234', GUESSABLE],
  ['a common one in another spelling', 'P@ssw0rd1234', GUESSABLE],
  ['a row of keys', 'qwertyuiop12', GUESSABLE],
  ['a row of digits', '123456789012', GUESSABLE],
  ['one character again and again', 'aaaaaaaaaaaaaaaa', GUESSABLE],
  ['their user name', 'ada.lovelace', GUESSABLE],
  ['their user name and a year', 'Ada.Lovelace1', GUESSABLE],
  ['their e-mail address', 'ada@example.org', GUESSABLE],
  ['their last name twice', 'lovelaceLovelace', GUESSABLE],
];

describe.each(ENGINES)('a password on %s', () => {
  test.each(REFUSED_PASSWORDS)(
    'may not be %s; the refusal names the field and not the password',
    async (_, password, rule) => {
      await using server = await startTestServer();
      const setupAnswer = await server
        .anonymous()
        .call('setup', { ...setupInput(server), ...ADA, role: undefined, password });
      const root = await server.setUp();
      const createAnswer = await root.call('user_create', { ...ADA, password });
      await root.ok('user_create', ADA);
      const ada = server.anonymous();
      await ada.signIn('user_login', { auth_data: ADA.username, password: ADA.password });
      const changeAnswer = await ada.call('user_password', {
        current_password: ADA.password,
        new_password: password,
      });

      for (const [answer, path] of [
        [setupAnswer, 'password'],
        [createAnswer, 'password'],
        [changeAnswer, 'new_password'],
      ] as const) {
        expect(answer.status).toBe(400);
        expect(answer.body.code).toBe('invalid_input');
        expect(answer.body.errors).toEqual([{ path, message: rule }]);
      }
      const said =
        [setupAnswer, createAnswer, changeAnswer].map(({ text }) => text).join('') + server.logLines.join('');
      expect(password !== '' && said.includes(password)).toBe(false);
      // The old one still opens.
      await server.anonymous().ok('user_login', { auth_data: ADA.username, password: ADA.password });
    },
  );

  test.each([
    ['twelve characters', 'kq7-vRx_2mZp'],
    [
      '256 characters',
      Array.from({ length: 256 }, (_, index) => String.fromCodePoint(33 + ((index * 37) % 90))).join(''),
    ],
    ['blanks around it, which count', '  violet anchor pebble  '],
    ['other scripts', 'лампа-маяк-берёза-41'],
    ['an emoji', 'violet-🔑-anchor-pebble'],
  ])('may have %s, and opens only in full', async (_, password) => {
    await using server = await startTestServer();
    const root = await server.setUp();
    await root.ok('user_create', { ...ADA, password });
    await server.anonymous().ok('user_login', { auth_data: ADA.username, password });
    const shortened = Array.from(password).slice(0, -1).join('');
    const code = await server
      .anonymous()
      .refused('user_login', { auth_data: ADA.username, password: shortened });
    expect(code).toBe('credentials_invalid');
  });

  test('is changed only by who knows it', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const next = 'harbour-quilt-ember-19';
    const { status, body } = await root.call('user_password', {
      current_password: `${PASSWORD}x`,
      new_password: next,
    });
    expect(status).toBe(403);
    expect(body.code).toBe('password_incorrect');
    const login = { auth_data: 'root', password: next };
    expect(await server.anonymous().refused('user_login', login)).toBe('credentials_invalid');
    await root.ok('user_password', { current_password: PASSWORD, new_password: next });
    await server.anonymous().ok('user_login', login);
    expect(await server.anonymous().refused('user_login', { ...login, password: PASSWORD })).toBe(
      'credentials_invalid',
    );
  });

  test('is changed once when 5 change it from the same one at the same time', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const answers = await simultaneously(
      5,
      async (index) =>
        await root.call('user_password', {
          current_password: PASSWORD,
          new_password: `harbour-quilt-ember-${index}`,
        }),
    );
    expect(countOutcomes(answers)).toEqual({ success: 1, password_incorrect: 4 });
    const winner = answers.findIndex(({ status }) => status === 200);
    await server
      .anonymous()
      .ok('user_login', { auth_data: 'root', password: `harbour-quilt-ember-${winner}` });
  });
});

describe.each(ENGINES)('setting up on %s', () => {
  test('makes the first ROOT and signs them in, once (R20)', async () => {
    await using server = await startTestServer();
    const input = setupInput(server);
    const first = server.anonymous();
    await first.signIn('setup', input);
    expect((await first.ok('user_me')).user).toMatchObject({ username: 'root', role: 'ROOT' });
    for (const again of [
      { ...input, username: 'other', email: 'other@example.org' },
      { ...input, setup_token: 'wrong' },
    ]) {
      const { status, body } = await server.anonymous().call('setup', again);
      expect(status).toBe(409);
      expect(body.code).toBe('setup_done');
    }
    expect((await first.ok('user_fetch')).amount).toBe(1);
  });

  test('takes the one token that was printed', async () => {
    await using server = await startTestServer();
    const input = setupInput(server);
    const token = input['setup_token'] ?? '';
    for (const wrong of ['x', `${token}x`, token.slice(0, -1), token.toUpperCase(), ` ${token}`]) {
      const { status, body } = await server.anonymous().call('setup', { ...input, setup_token: wrong });
      expect(status).toBe(401);
      expect(body.code).toBe('setup_token_invalid');
    }
    await server.anonymous().ok('setup', input);
  });

  test('cannot be steered to another role', async () => {
    await using server = await startTestServer();
    const { body } = await server.anonymous().call('setup', { ...setupInput(server), role: 'VIEWER' });
    expect(body).toMatchObject({
      code: 'invalid_input',
      errors: [{ path: 'role', message: 'is not a known field' }],
    });
  });

  test('is won by one of 20 who do it at the same time', async () => {
    // Hashing takes its time, so that all have begun before the first is done.
    await using server = await startTestServer({
      passwordCost: { memoryCost: 16_384, timeCost: 2, parallelism: 1 },
    });
    const input = setupInput(server);
    const answers = await simultaneously(
      20,
      async (index) =>
        await server
          .anonymous()
          .call('setup', { ...input, username: `root${index}`, email: `root${index}@example.org` }),
    );
    expect(countOutcomes(answers)).toEqual({ success: 1, setup_done: 19 });
    const winner = answers.find(({ status }) => status === 201);
    const root = server.anonymous();
    root.token = winner?.body.token;
    expect((await root.ok('user_fetch')).users).toMatchObject([{ uid: winner?.body.user.uid, role: 'ROOT' }]);
    const { events } = await root.ok('event_fetch', { type: 'instance_setup' });
    expect(events.map(({ outcome }: { outcome: string }) => outcome)).toEqual(['success']);
  });

  test('leaves an empty instance empty when it is refused', async () => {
    await using server = await startTestServer();
    const anonymous = server.anonymous();
    await anonymous.refused('setup', { ...setupInput(server), password: 'password1234' });
    await anonymous.refused('setup', { ...setupInput(server), email: 'nowhere' });
    const { db } = server.app.context.store;
    expect(await db.selectFrom('user').selectAll().execute()).toEqual([]);
    expect(await anonymous.refused('user_login', { auth_data: 'root', password: PASSWORD })).toBe(
      'credentials_invalid',
    );
    await anonymous.ok('setup', setupInput(server));
  });
});
