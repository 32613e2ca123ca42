import { ENDPOINTS, type Endpoint, type EndpointId } from '@coffer/contract';
import { describe, expect, test } from 'vitest';
import { Client, type Answer } from '../src/testing/client.ts';
import { ENGINES } from '../src/testing/engines.ts';
import { PASSWORD, startTestServer, type TestOptions, type TestServer } from '../src/testing/server.ts';
import { simultaneously } from '../src/testing/simultaneously.ts';
import { takeSnapshot } from '../src/testing/snapshot.ts';

const SECOND = 1000;
const HOUR = 3600 * SECOND;
const HTTPS: TestOptions = { config: { publicUrl: 'https://vault.example.org' } };

const CHANGING = Object.entries<Endpoint>(ENDPOINTS).filter(
  ([, { method, action }]) => action !== undefined && method !== 'GET',
);

/** What a browser does: it holds the cookie that it was given last, and says where its pages come from. */
class Browser {
  readonly client: Client;
  readonly origin: string;
  cookie = '';

  constructor(server: TestServer, origin: string = server.app.publicUrl) {
    this.client = new Client(server.app.url);
    this.origin = origin;
  }

  async call(
    id: EndpointId,
    input: Record<string, unknown> = {},
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const cookie = this.cookie === '' ? {} : { cookie: this.cookie };
    const origin = ENDPOINTS[id].method === 'GET' ? {} : { origin: this.origin };
    const answer = await this.client.call(id, input, { ...cookie, ...origin, ...headers });
    const [set] = answer.headers.getSetCookie();
    if (set !== undefined) this.cookie = set.slice(0, set.indexOf(';'));
    return answer;
  }

  async signIn(): Promise<Answer> {
    return await this.call('user_login', { auth_data: 'root', password: PASSWORD });
  }
}

async function signedInBrowser(server: TestServer): Promise<Browser> {
  await server.setUp();
  const browser = new Browser(server);
  await browser.signIn();
  return browser;
}

describe.each(ENGINES)('session cookies on %s', () => {
  test('are set by sign-in and set-up, out of reach of scripts and of other sites', async () => {
    const now = Date.now();
    await using server = await startTestServer({ clock: () => now });
    const set = await server.anonymous().call('setup', {
      setup_token: server.app.setupToken?.expose(),
      username: 'root',
      email: 'root@example.org',
      first_name: 'Rosa',
      last_name: 'Root',
      password: PASSWORD,
    });
    const login = await new Browser(server).signIn();
    for (const { headers } of [set, login]) {
      expect(headers.getSetCookie()).toEqual([
        expect.stringMatching(
          /^coffer_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/,
        ),
      ]);
    }
  });

  test('are for HTTPS and this host alone where the address is https', async () => {
    await using server = await startTestServer(HTTPS);
    await server.setUp();
    const { headers } = await new Browser(server).signIn();
    expect(headers.getSetCookie()).toEqual([
      expect.stringMatching(
        /^__Host-coffer_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=4\d{4}; Secure$/,
      ),
    ]);
  });

  test('are stored as a hash alone', async () => {
    await using server = await startTestServer();
    const browser = await signedInBrowser(server);
    const secret = browser.cookie.split('=')[1] ?? '';
    const stored = JSON.stringify(await takeSnapshot(server.app.context.store));
    expect(stored).not.toContain(secret);
    expect(stored).not.toContain(JSON.stringify([...Buffer.from(secret, 'base64url')]));
    expect(server.logLines.join('')).not.toContain(secret);
  });

  test('sign in by themselves, to read and with the right Origin to change', async () => {
    await using server = await startTestServer();
    const browser = await signedInBrowser(server);
    expect((await browser.call('user_me')).body.user.username).toBe('root');
    expect(
      (await browser.call('project_create', { id: 'shop', name: 'Shop', api_path: '/shop' })).status,
    ).toBe(201);
    expect((await browser.call('project_update', { project_id: 'shop', name: 'Store' })).status).toBe(200);
    expect((await browser.call('project_delete', { project_id: 'shop' })).status).toBe(200);
  });

  test.each([
    ['a made-up secret', `coffer_session=${'A'.repeat(43)}`, 'session_ended'],
    ['a hostile secret', `coffer_session=' or 1=1 --`, 'session_ended'],
    ['an empty secret', 'coffer_session=', 'unauthenticated'],
    ['another name', `session=${'A'.repeat(43)}`, 'unauthenticated'],
    ['a name in upper case', `COFFER_SESSION=${'A'.repeat(43)}`, 'unauthenticated'],
    ['no name', 'A'.repeat(43), 'unauthenticated'],
    ['nothing but separators', ';;; = ;', 'unauthenticated'],
  ])('with %s sign nobody in', async (_, cookie, code) => {
    await using server = await startTestServer();
    await server.setUp();
    const answer = await server.anonymous().call('user_me', {}, { cookie });
    expect([answer.status, answer.body.code]).toEqual([401, code]);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
  });

  test('without the prefix are not taken where the address is https: other hosts of the domain can set those', async () => {
    await using server = await startTestServer(HTTPS);
    const browser = await signedInBrowser(server);
    const cookie = browser.cookie.replace('__Host-', '');
    expect((await server.anonymous().call('user_me', {}, { cookie })).body.code).toBe('unauthenticated');
    expect((await browser.call('user_me')).status).toBe(200);
  });

  test('are found among others', async () => {
    await using server = await startTestServer();
    const browser = await signedInBrowser(server);
    const cookie = `a=1; x_coffer_session=2;${browser.cookie};   theme=dark`;
    expect((await server.anonymous().call('user_me', {}, { cookie })).status).toBe(200);
  });

  test('do not overrule an Authorization header that is not valid', async () => {
    let now = Date.now();
    await using server = await startTestServer({ clock: () => now });
    const root = await server.setUp();
    const browser = new Browser(server);
    const { body } = await browser.signIn();
    now += 16 * 60 * SECOND;
    for (const [authorization, code] of [
      ['Bearer nonsense', 'token_invalid'],
      ['Basic cm9vdDpyb290', 'token_invalid'],
      ['', 'token_invalid'],
      [`Bearer ${root.token}`, 'token_expired'],
      [`Bearer ${body.token}`, 'token_expired'],
    ] as const) {
      expect((await browser.call('user_me', {}, { authorization })).body.code).toBe(code);
    }
    expect((await browser.call('user_me')).status).toBe(200);
  });
});

describe.each(ENGINES)('the Origin of a change by cookie on %s', () => {
  test.each([
    ['is missing', () => undefined],
    ['is null', () => 'null'],
    ['is empty', () => ''],
    ['has another scheme', ({ host }: URL) => `https://${host}`],
    ['has no scheme', ({ host }: URL) => host],
    ['has another port', ({ hostname, port }: URL) => `http://${hostname}:${Number(port) + 1}`],
    ['has no port', ({ hostname }: URL) => `http://${hostname}`],
    ['is another name of this host', ({ port }: URL) => `http://localhost:${port}`],
    ['is another site', () => 'https://evil.example'],
    ['starts like this one', ({ origin }: URL) => `${origin}.evil.example`],
    ['starts like this one, up to the port', ({ origin }: URL) => `${origin}0`],
    ['ends like this one', ({ host }: URL) => `http://evil-${host}`],
    ['has this one before an @', ({ origin }: URL) => `${origin}@evil.example`],
    ['has this one as its user', ({ host }: URL) => `http://${host}@evil.example`],
    ['has this one in its path', ({ origin }: URL) => `https://evil.example/${origin}`],
    ['has a slash behind it', ({ origin }: URL) => `${origin}/`],
    ['is a list with this one', ({ origin }: URL) => `https://evil.example, ${origin}`],
    ['is a list that starts with this one', ({ origin }: URL) => `${origin} https://evil.example`],
    ['is a wildcard', () => '*'],
  ])('is refused when it %s', async (_, makeOrigin) => {
    await using server = await startTestServer();
    const browser = await signedInBrowser(server);
    const origin = makeOrigin(new URL(server.app.url));
    const headers = { cookie: browser.cookie, ...(origin === undefined ? {} : { origin }) };
    const before = await takeSnapshot(server.app.context.store);
    const input = { id: 'shop', name: 'Shop', api_path: '/shop' };
    const answer = await server.anonymous().call('project_create', input, headers);
    expect([answer.status, answer.body.code]).toEqual([403, 'origin_mismatch']);
    expect(await takeSnapshot(server.app.context.store)).toEqual(before);
    expect((await browser.call('user_me')).status).toBe(200);
  });

  test('is asked for by every endpoint that changes something', async () => {
    await using server = await startTestServer();
    const browser = await signedInBrowser(server);
    for (const [id] of CHANGING) {
      const { status, body } = await server
        .anonymous()
        .call(id as EndpointId, {}, { cookie: browser.cookie });
      expect([id, status, body.code]).toEqual([id, 403, 'origin_mismatch']);
    }
    expect(CHANGING.length).toBeGreaterThan(15);
  });

  test('of a read must not be another, as far as the browser says where it comes from', async () => {
    await using server = await startTestServer();
    const browser = await signedInBrowser(server);
    const outcomes: Record<string, string> = {};
    for (const from of ['same-origin', 'none', 'same-site', 'cross-site', 'SAME-ORIGIN', ''])
      outcomes[from] = (await browser.call('user_me', {}, { 'sec-fetch-site': from })).body.code ?? 'ok';
    expect(outcomes).toEqual({
      'same-origin': 'ok',
      none: 'ok',
      'same-site': 'origin_mismatch',
      'cross-site': 'origin_mismatch',
      'SAME-ORIGIN': 'origin_mismatch',
      '': 'origin_mismatch',
    });
  });

  test('is that of the public address, where one is set, and not of whatever host was asked', async () => {
    await using server = await startTestServer(HTTPS);
    const browser = await signedInBrowser(server);
    const input = { id: 'shop', name: 'Shop', api_path: '/shop' };
    for (const origin of [
      server.app.url,
      server.app.url.replace('http:', 'https:'),
      'http://vault.example.org',
    ]) {
      const { body } = await browser.call('project_create', input, {
        origin,
        'x-forwarded-host': '127.0.0.1',
      });
      expect([origin, body.code]).toEqual([origin, 'origin_mismatch']);
    }
    expect((await browser.call('project_create', input)).status).toBe(201);
  });

  test('does not matter to a token', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const input = { id: 'shop', name: 'Shop', api_path: '/shop' };
    expect((await root.call('project_create', input, { origin: 'https://evil.example' })).status).toBe(201);
  });
});

describe.each(ENGINES)('renewing a session cookie on %s', () => {
  test('replaces it; the old one serves for thirty seconds, and using it later ends the session, on record', async () => {
    let now = Date.now();
    await using server = await startTestServer({ clock: () => now });
    const browser = await signedInBrowser(server);
    const stolen = new Browser(server);
    stolen.cookie = browser.cookie;
    expect((await browser.call('user_refresh')).status).toBe(200);
    expect(browser.cookie).not.toBe(stolen.cookie);

    now += 30 * SECOND - 1;
    expect((await stolen.call('user_me')).status).toBe(200);
    expect((await browser.call('user_me')).status).toBe(200);

    now += 1;
    for (const { call } of [
      { call: async () => await stolen.call('user_me') },
      { call: async () => await stolen.call('user_me') },
      { call: async () => await browser.call('user_me') },
    ]) {
      const { status, body } = await call();
      expect([status, body.code]).toEqual([401, 'session_ended']);
    }
    await browser.signIn();
    const { events, amount } = (await browser.call('event_fetch', { type: 'session_reuse' })).body;
    expect(amount).toBe(1);
    expect(events[0]).toMatchObject({
      outcome: 'denied',
      username: 'root',
      object: expect.stringMatching(/^ses_/),
    });
  });

  test('is not undone when the clock is set back: the old cookie ends the session, the new one serves and is renewed', async () => {
    let now = Date.now();
    await using server = await startTestServer({ clock: () => now });
    const browser = await signedInBrowser(server);
    const old = browser.cookie;
    await browser.call('user_refresh');
    const current = browser.cookie;
    now -= HOUR;
    expect((await browser.call('user_me')).status).toBe(200);
    await browser.call('user_refresh');
    expect(browser.cookie).not.toBe(current);
    now -= HOUR;
    expect((await browser.call('user_me', {}, { cookie: current })).body.code).toBe('session_ended');
    expect((await browser.call('user_me', {}, { cookie: old })).body.code).toBe('session_ended');
  });

  test('ends the session when it is done with a cookie that was replaced long ago', async () => {
    let now = Date.now();
    await using server = await startTestServer({ clock: () => now });
    const browser = await signedInBrowser(server);
    const old = browser.cookie;
    await browser.call('user_refresh');
    now += HOUR;
    const answer = await browser.call('user_refresh', {}, { cookie: old });
    expect([answer.status, answer.body.code]).toEqual([401, 'session_ended']);
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect((await browser.call('user_me')).body.code).toBe('session_ended');
  });

  test('at the same time in many tabs gives one new cookie, and throws nobody out', async () => {
    let now = Date.now();
    await using server = await startTestServer({ clock: () => now });
    const browser = await signedInBrowser(server);
    const headers = { cookie: browser.cookie, origin: browser.origin };
    const answers = await simultaneously(
      20,
      async () => await server.anonymous().call('user_refresh', {}, headers),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    const cookies = answers.flatMap((answer) => answer.headers.getSetCookie());
    expect(cookies).toHaveLength(1);
    now += HOUR;
    const cookie = String(cookies[0]).split(';')[0] ?? '';
    expect((await server.anonymous().call('user_me', {}, { cookie })).status).toBe(200);
  });

  test('keeps a browser in over a working week of days, and renews its expiry', async () => {
    let now = Date.now();
    await using server = await startTestServer({ clock: () => now });
    const browser = await signedInBrowser(server);
    for (let times = 0; times < 10; times += 1) {
      now += 11 * HOUR;
      const { headers } = await browser.call('user_refresh');
      expect(headers.getSetCookie()[0]).toContain('Max-Age=43200');
    }
    now += 12 * HOUR;
    expect((await browser.call('user_me')).body.code).toBe('session_ended');
  });

  test('with a token sets none', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const { headers, body } = await root.call('user_refresh');
    expect(headers.getSetCookie()).toEqual([]);
    root.token = body.token;
    await root.ok('user_me');
  });
});

describe.each(ENGINES)('the end of a session by cookie on %s', () => {
  test('signing out clears it, as it was set, and it is worth nothing any more', async () => {
    await using server = await startTestServer();
    const browser = await signedInBrowser(server);
    const old = browser.cookie;
    const { headers } = await browser.call('user_logout');
    expect(headers.getSetCookie()).toEqual(['coffer_session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0']);
    expect((await browser.call('user_me')).body.code).toBe('unauthenticated');
    expect((await server.anonymous().call('user_me', {}, { cookie: old })).body.code).toBe('session_ended');
  });

  test('signing out clears the cookie of HTTPS with its attributes, or browsers would keep it', async () => {
    await using server = await startTestServer(HTTPS);
    const browser = await signedInBrowser(server);
    const { headers } = await browser.call('user_logout');
    expect(headers.getSetCookie()).toEqual([
      '__Host-coffer_session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0; Secure',
    ]);
  });

  test('it is that of the token, too, and the other way round', async () => {
    await using server = await startTestServer();
    const browser = await signedInBrowser(server);
    const { body } = await browser.signIn();
    await new Client(server.app.url, body.token).ok('user_logout');
    expect((await browser.call('user_me')).body.code).toBe('session_ended');
  });

  test('a password that is changed in one browser ends the others', async () => {
    await using server = await startTestServer();
    const browser = await signedInBrowser(server);
    const other = new Browser(server);
    await other.signIn();
    const input = { current_password: PASSWORD, new_password: 'another-violet-pebble-14' };
    expect((await browser.call('user_password', input)).status).toBe(200);
    expect((await other.call('user_me')).body.code).toBe('session_ended');
    expect((await browser.call('user_me')).status).toBe(200);
  });

  test('it comes after twelve hours without a renewal', async () => {
    let now = Date.now();
    await using server = await startTestServer({ clock: () => now });
    const browser = await signedInBrowser(server);
    now += 12 * HOUR - 1;
    expect((await browser.call('user_me')).status).toBe(200);
    now += 1;
    expect((await browser.call('user_me')).body.code).toBe('session_ended');
  });
});
