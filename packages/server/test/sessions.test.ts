import { describe, expect, test } from 'vitest';
import { Client } from '../src/testing/client.ts';
import { ENGINES } from '../src/testing/engines.ts';
import { PASSWORD, startTestServer, type TestServer } from '../src/testing/server.ts';

const HOUR_MS = 60 * 60 * 1000;
const NEXT = 'harbour-quilt-ember-19';

/** The same user from somewhere else. */
async function signInAgain({ app }: TestServer, { username }: Client, password = PASSWORD): Promise<Client> {
  const client = new Client(app.url);
  await client.signIn('user_login', { auth_data: username, password });
  return client;
}

async function currentSession(client: Client): Promise<string> {
  const { sessions } = await client.ok('user_session_fetch', { limit: 100 });
  return sessions.find(({ current }: { current: boolean }) => current).id;
}

describe.each(ENGINES)('the sessions of a user on %s', () => {
  test('are listed newest first, with where they came from, and which of them asks', async () => {
    let now = Date.now();
    await using server = await startTestServer({ clock: () => now });
    const root = await server.setUp();
    const user = await server.user(root, 'VIEWER');
    now += 1000;
    const login = { auth_data: user.username, password: PASSWORD };
    await server.anonymous().call('user_login', login, { 'user-agent': 'a browser'.padEnd(300, '!') });
    now += 1000;
    const newest = await signInAgain(server, user);
    const { sessions, amount } = await user.ok('user_session_fetch');
    expect(amount).toBe(3);
    expect(sessions).toMatchObject([
      { current: false, created_at: new Date(now).toISOString() },
      { current: false, user_agent: 'a browser'.padEnd(200, '!'), ip: '127.0.0.1' },
      { current: true, expires_at: new Date(now - 2000 + 12 * HOUR_MS).toISOString() },
    ]);
    expect(Object.keys(sessions[0]).toSorted()).toEqual(
      ['created_at', 'current', 'expires_at', 'id', 'ip', 'user_agent'].toSorted(),
    );
    const seen = (await newest.ok('user_session_fetch')).sessions;
    expect(seen.map(({ id }: { id: string }) => id)).toEqual(sessions.map(({ id }: { id: string }) => id));
    expect(seen.map(({ current }: { current: boolean }) => current)).toEqual([true, false, false]);
  });

  test("are one's own alone, whatever one's role", async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const admin = await server.user(root, 'ADMIN');
    for (const client of [root, admin]) {
      const { sessions, amount } = await client.ok('user_session_fetch');
      expect(amount).toBe(1);
      expect(sessions).toMatchObject([{ current: true }]);
    }
    expect(await currentSession(root)).not.toBe(await currentSession(admin));
    const { body } = await root.call('user_session_fetch', { uid: admin.uid });
    expect(body).toMatchObject({ code: 'invalid_input', errors: [{ path: 'uid' }] });
  });

  test('are not listed any more when they have expired', async () => {
    const started = Date.now();
    let now = started;
    await using server = await startTestServer({ clock: () => now });
    const root = await server.setUp();
    now += HOUR_MS;
    // A cookie outlives the token.
    const login = { auth_data: root.username, password: PASSWORD };
    const { headers } = await server.anonymous().call('user_login', login);
    const cookie = headers.getSetCookie()[0]?.split(';')[0] ?? '';
    const listed = async (): Promise<boolean[]> => {
      const { body } = await server.anonymous().call('user_session_fetch', {}, { cookie });
      expect(body.amount).toBe(body.sessions.length);
      return body.sessions.map(({ current }: { current: boolean }) => current);
    };
    now = started + 12 * HOUR_MS - 1;
    expect(await listed()).toEqual([true, false]);
    now += 1;
    expect(await listed()).toEqual([true]);
  });

  test('can each be ended from another one: its next request is refused, the others stand, and it is on record', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const user = await server.user(root, 'VIEWER');
    const [lost, kept] = [await signInAgain(server, user), await signInAgain(server, user)];
    const id = await currentSession(lost);
    const { status, headers } = await user.call('user_session_delete', { id });
    expect([status, headers.getSetCookie()]).toEqual([200, []]);
    expect(await lost.refused('user_me')).toBe('session_ended');
    expect(await lost.refused('user_refresh')).toBe('session_ended');
    await kept.ok('user_me');
    expect((await user.ok('user_session_fetch')).amount).toBe(2);
    expect(await user.refused('user_session_delete', { id })).toBe('session_not_found');
    const { events } = await root.ok('event_fetch', { type: 'user_session_delete' });
    expect(events).toMatchObject([
      { outcome: 'error', uid: user.uid, object: id, details: { code: 'session_not_found' } },
      { outcome: 'success', uid: user.uid, object: id },
    ]);
  });

  test('can end themselves, which clears the cookie as signing out does', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const other = await signInAgain(server, await server.user(root, 'VIEWER'));
    const { headers } = await other.call('user_session_delete', { id: await currentSession(other) });
    expect(headers.getSetCookie()).toEqual([expect.stringMatching(/^coffer_session=; .*Max-Age=0/)]);
    expect(await other.refused('user_me')).toBe('session_ended');
    await root.ok('user_me');
  });

  test('of another user are no sessions, for ROOT neither', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const user = await server.user(root, 'ADMIN');
    for (const [client, other] of [
      [root, user],
      [user, root],
    ] as const) {
      const theirs = await client.call('user_session_delete', { id: await currentSession(other) });
      const nobodys = await client.call('user_session_delete', { id: `ses_${'0'.repeat(26)}` });
      expect(theirs.status).toBe(404);
      expect(theirs.body.code).toBe('session_not_found');
      expect({ ...theirs.body, request_id: '' }).toEqual({ ...nobodys.body, request_id: '' });
      await other.ok('user_me');
    }
  });

  test('have ids of one form', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    for (const id of ['', 'x', root.uid, `${await currentSession(root)}0`, '%']) {
      const { body } = await root.call('user_session_delete', { id });
      expect(body).toMatchObject({ code: 'invalid_input', errors: [{ path: 'id' }] });
    }
    await root.ok('user_me');
  });
});

describe.each(ENGINES)('a password that ROOT sets anew on %s', () => {
  test('opens, the old one does not, all sessions of the user are over, and it is on record', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const user = await server.user(root, 'ADMIN');
    const bystander = await server.user(root, 'ADMIN');
    const sessions = [user, await signInAgain(server, user)];
    const answer = await root.call('user_password_reset', { uid: user.uid, new_password: NEXT });
    expect(answer.status).toBe(200);
    for (const session of sessions) expect(await session.refused('user_me')).toBe('session_ended');
    for (const client of [root, bystander]) await client.ok('user_me');
    const old = { auth_data: user.username, password: PASSWORD };
    expect(await server.anonymous().refused('user_login', old)).toBe('credentials_invalid');
    await signInAgain(server, user, NEXT);
    const { events } = await root.ok('event_fetch', { type: 'user_password_reset' });
    expect(events).toMatchObject([
      { outcome: 'success', uid: root.uid, object: user.uid, details: { sessions_ended: 2 } },
    ]);
    expect(`${answer.text}${JSON.stringify(events)}${server.logLines.join('')}`).not.toContain(NEXT);
  });

  test.each([
    ['password1234', 'is among the most common passwords, a variation of one, or made of your own names'],
    ['lovelaceLovelace', 'is among the most common passwords, a variation of one, or made of your own names'],
    ['too-short-1', 'must have at least 12 characters'],
    ['x'.repeat(257), 'must have at most 256 characters'],
  ])('is none that is weak: %s', async (new_password, message) => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const user = await server.user(root, 'VIEWER');
    const names = { email: 'ada.lovelace@example.org', first_name: 'Ada', last_name: 'Lovelace' };
    await root.ok('user_update', { uid: user.uid, ...names });
    const { status, body } = await root.call('user_password_reset', { uid: user.uid, new_password });
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: 'invalid_input', errors: [{ path: 'new_password', message }] });
    await user.ok('user_me');
    await signInAgain(server, user);
  });

  test('is for ROOT alone to set: of others and of themselves others are refused, and that is on record', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    for (const role of ['ADMIN', 'AUTHOR', 'VIEWER'] as const) {
      const user = await server.user(root, role);
      for (const { uid } of [root, user]) {
        const code = await user.refused('user_password_reset', { uid, new_password: NEXT });
        expect(code).toBe('forbidden');
        const { events } = await root.ok('event_fetch', { type: 'user_password_reset', limit: 1 });
        expect(events).toMatchObject([{ outcome: 'denied', uid: user.uid, object: uid }]);
      }
      await signInAgain(server, user);
    }
    await signInAgain(server, root);
  });

  // Who resets their own has all sessions ended, the one that asked too: the others may be why they reset it.
  test('may be their own: then the session that asked is over, too', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const other = await signInAgain(server, root);
    await root.ok('user_password_reset', { uid: root.uid, new_password: NEXT });
    for (const session of [root, other]) expect(await session.refused('user_me')).toBe('session_ended');
    const again = await signInAgain(server, root, NEXT);
    expect((await again.ok('user_session_fetch')).amount).toBe(1);
  });

  test('of nobody is not set', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const nobody = { uid: `usr_${'0'.repeat(26)}`, new_password: NEXT };
    expect(await root.refused('user_password_reset', nobody)).toBe('user_not_found');
  });
});
