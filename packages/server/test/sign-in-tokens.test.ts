import { createHmac, generateKeyPairSync, sign as signAsymmetrically } from 'node:crypto';
import { connect } from 'node:net';
import { problem } from '@coffer/contract';
import type { SessionId, UserId } from '@coffer/core';
import { describe, expect, test } from 'vitest';
import type { Answer, Client } from '../src/testing/client.ts';
import { ENGINES } from '../src/testing/engines.ts';
import { PASSWORD, startTestServer, type TestServer } from '../src/testing/server.ts';

type Claims = Record<string, unknown>;

/** What a forger has: a token of their own, what it says, and (for faults of the issuer) the right key. */
type Forger = {
  token: string;
  claims: Claims;
  key: Buffer;
  others: { uid: string; sid: string };
  now: number;
};

const HS256 = { alg: 'HS256', typ: 'JWT' };
const HMAC = { HS256: 'sha256', HS384: 'sha384', HS512: 'sha512' } as const;
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });

const INVALID = 'token_invalid';

/** Each is refused with this code. */
const FORGERIES: Record<string, [forge: (forger: Forger) => string, code: string]> = {
  'alg none, without a signature': [
    ({ claims }) => `${encode({ alg: 'none', typ: 'JWT' })}.${encode(claims)}.`,
    INVALID,
  ],
  'alg none, without the last dot': [({ claims }) => `${encode({ alg: 'none' })}.${encode(claims)}`, INVALID],
  'alg None': [({ claims }) => `${encode({ alg: 'None' })}.${encode(claims)}.`, INVALID],
  'alg none with the right signature': [({ claims, key }) => hmac({ alg: 'none' }, claims, key), INVALID],
  'no alg': [({ claims, key }) => hmac({ typ: 'JWT' }, claims, key), INVALID],
  'alg as a list': [({ claims, key }) => hmac({ alg: ['HS256'] }, claims, key), INVALID],
  'alg in lower case': [({ claims, key }) => hmac({ alg: 'hs256' }, claims, key), INVALID],
  'HS384 with the right key': [({ claims, key }) => hmac({ alg: 'HS384' }, claims, key, 'HS384'), INVALID],
  'HS512 with the right key': [({ claims, key }) => hmac({ alg: 'HS512' }, claims, key, 'HS512'), INVALID],
  'RS256 with a key of their own': [({ claims }) => asymmetric({ alg: 'RS256' }, claims), INVALID],
  'RS256 with a key of their own in the header': [
    ({ claims }) => asymmetric({ alg: 'RS256', jwk: rsa.publicKey.export({ format: 'jwk' }) }, claims),
    INVALID,
  ],
  'ES256 with a key of their own': [({ claims }) => asymmetric({ alg: 'ES256' }, claims), INVALID],
  'RS256 in name, HMAC with the right key': [
    ({ claims, key }) => hmac({ alg: 'RS256' }, claims, key),
    INVALID,
  ],
  'another key': [({ claims }) => hmac(HS256, claims, Buffer.alloc(32, 7)), INVALID],
  'an empty key': [({ claims }) => hmac(HS256, claims, Buffer.alloc(0)), INVALID],
  'a key of their own in the header': [
    ({ claims }) => hmac({ ...HS256, jwk: { kty: 'oct', k: 'AAAA' } }, claims, Buffer.alloc(3)),
    INVALID,
  ],
  'a key id that is a path': [
    ({ claims }) => hmac({ ...HS256, kid: '/dev/null' }, claims, Buffer.alloc(0)),
    INVALID,
  ],
  'a critical extension': [
    ({ claims, key }) => hmac({ ...HS256, crit: ['b64'], b64: false }, claims, key),
    INVALID,
  ],

  expired: [({ claims, key, now }) => hmac(HS256, { ...claims, exp: now - 1 }, key), 'token_expired'],
  'expired long ago': [({ claims, key }) => hmac(HS256, { ...claims, exp: 0 }, key), 'token_expired'],
  'no expiry': [({ claims, key }) => hmac(HS256, without(claims, 'exp'), key), INVALID],
  'an expiry that is text': [
    ({ claims, key, now }) => hmac(HS256, { ...claims, exp: `${now + 900}` }, key),
    INVALID,
  ],
  'an expiry that is null': [({ claims, key }) => hmac(HS256, { ...claims, exp: null }, key), INVALID],
  'not yet valid': [({ claims, key, now }) => hmac(HS256, { ...claims, nbf: now + 600 }, key), INVALID],
  'issued in the future': [
    ({ claims, key, now }) => hmac(HS256, { ...claims, iat: now + 600, exp: now + 1500 }, key),
    INVALID,
  ],
  'a time of issue that is text': [
    ({ claims, key, now }) => hmac(HS256, { ...claims, iat: `${now}` }, key),
    INVALID,
  ],
  'a time of issue that is null': [({ claims, key }) => hmac(HS256, { ...claims, iat: null }, key), INVALID],
  'no time of issue': [({ claims, key }) => hmac(HS256, without(claims, 'iat'), key), INVALID],

  'another audience': [
    ({ claims, key }) => hmac(HS256, { ...claims, aud: 'ins_00000000000000000000000000' }, key),
    INVALID,
  ],
  'no audience': [({ claims, key }) => hmac(HS256, without(claims, 'aud'), key), INVALID],
  'an empty list of audiences': [({ claims, key }) => hmac(HS256, { ...claims, aud: [] }, key), INVALID],
  'another issuer': [({ claims, key }) => hmac(HS256, { ...claims, iss: 'vault' }, key), INVALID],
  'no issuer': [({ claims, key }) => hmac(HS256, without(claims, 'iss'), key), INVALID],

  'no uid': [({ claims, key }) => hmac(HS256, without(claims, 'uid'), key), INVALID],
  'no sid': [({ claims, key }) => hmac(HS256, without(claims, 'sid'), key), INVALID],
  'a uid that is a list': [
    ({ claims, key }) => hmac(HS256, { ...claims, uid: [claims['uid']] }, key),
    INVALID,
  ],
  'a uid that is a number': [({ claims, key }) => hmac(HS256, { ...claims, uid: 1 }, key), INVALID],
  'a uid that is SQL': [({ claims, key }) => hmac(HS256, { ...claims, uid: "' or 1=1 --" }, key), INVALID],
  'a sid that is null': [({ claims, key }) => hmac(HS256, { ...claims, sid: null }, key), INVALID],
  'a sid that is an object': [
    ({ claims, key }) => hmac(HS256, { ...claims, sid: { id: claims['sid'] } }, key),
    INVALID,
  ],
  'a sid in upper case': [
    ({ claims, key }) => hmac(HS256, { ...claims, sid: String(claims['sid']).toUpperCase() }, key),
    INVALID,
  ],
  "another's uid with one's own sid": [
    ({ claims, key, others }) => hmac(HS256, { ...claims, uid: others.uid }, key),
    'session_ended',
  ],
  "one's own uid with another's sid": [
    ({ claims, key, others }) => hmac(HS256, { ...claims, sid: others.sid }, key),
    'session_ended',
  ],
  'a session that never was': [
    ({ claims, key }) => hmac(HS256, { ...claims, sid: 'ses_00000000000000000000000000' }, key),
    'session_ended',
  ],

  'a payload that is no object': [({ key }) => hmac(HS256, null as unknown as Claims, key), INVALID],
  'a payload that is a list': [({ claims, key }) => hmac(HS256, [claims] as unknown as Claims, key), INVALID],
  'claims in __proto__': [
    ({ claims, key }) => hmac(HS256, JSON.parse(`{"__proto__":${JSON.stringify(claims)}}`) as Claims, key),
    INVALID,
  ],
  'one part': [({ token }) => token.split('.')[0] ?? '', INVALID],
  'two parts': [({ token }) => token.split('.').slice(0, 2).join('.'), INVALID],
  'three parts, the last one empty': [({ token }) => `${token.split('.').slice(0, 2).join('.')}.`, INVALID],
  'three parts, the first one empty': [({ token }) => `.${token.split('.').slice(1).join('.')}`, INVALID],
  'four parts': [({ token }) => `${token}.${token.split('.')[2]}`, INVALID],
  'a signature cut short': [({ token }) => token.slice(0, -4), INVALID],
  'a signature with something behind it': [({ token }) => `${token}AAAA`, INVALID],
  'only dots': [() => '..', INVALID],
  '12 KB of token': [({ token }) => `${token}${'A'.repeat(12_000)}`, INVALID],
};

describe.each(ENGINES)('tokens on %s', () => {
  test.each(Object.entries(FORGERIES).map(([name, [forge, code]]) => ({ name, forge, code })))(
    'refused with 401 $code: $name',
    async ({ forge, code }) => {
      await using server = await startTestServer();
      const forger = await makeForger(server);
      expectRefusal(await me(server, `Bearer ${forge(forger)}`), code);
    },
  );

  test('what the forger signs by hand is accepted when nothing is wrong with it', async () => {
    await using server = await startTestServer();
    const { claims, key, token } = await makeForger(server);
    expect(hmac(HS256, claims, key)).toBe(token);
    expect((await me(server, `Bearer ${token}`)).status).toBe(200);
  });

  test('one character that is changed, wherever it is, makes it invalid', async () => {
    await using server = await startTestServer();
    const { token } = await makeForger(server);
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    for (const [index, character] of token.split('').entries()) {
      // The next of the alphabet: in the last character of a part this is a change of bits that nobody reads.
      const other = character === '.' ? '-' : alphabet[(alphabet.indexOf(character) + 1) % alphabet.length];
      const changed = `${token.slice(0, index)}${other}${token.slice(index + 1)}`;
      const { status, body } = await me(server, `Bearer ${changed}`);
      expect([index, status, body.code]).toEqual([index, 401, 'token_invalid']);
    }
    expect((await me(server, `Bearer ${token}`)).status).toBe(200);
  });

  test('a token of another instance is refused, even under the same root key', async () => {
    await using server = await startTestServer();
    const { claims } = await makeForger(server);
    await using other = await startTestServer();
    const { key: otherKey, claims: otherClaims } = await makeForger(other);
    for (const foreign of [hmac(HS256, otherClaims, otherKey), hmac(HS256, claims, otherKey)]) {
      expectRefusal(await me(server, `Bearer ${foreign}`), 'token_invalid');
    }
  });

  test.each([
    ['Basic with name and password', () => `Basic ${Buffer.from(`root:${PASSWORD}`).toString('base64')}`],
    ['Basic with the token', (token: string) => `Basic ${token}`],
    ['another scheme', (token: string) => `Token ${token}`],
    ['no scheme', (token: string) => token],
    ['no token', () => 'Bearer'],
    ['a blank token', () => 'Bearer  '],
    ['an empty header', () => ''],
    ['Bearer twice', (token: string) => `Bearer Bearer ${token}`],
    ['two tokens', (token: string) => `Bearer ${token} ${token}`],
    ['two headers in one', (token: string) => `Bearer ${token}, Bearer ${token}`],
    ['quotes', (token: string) => `Bearer "${token}"`],
    ['a parameter', (token: string) => `Bearer token=${token}`],
    ['a semicolon behind it', (token: string) => `Bearer ${token};`],
    ['no space', (token: string) => `Bearer${token}`],
  ])('an Authorization header with %s is refused', async (_, header) => {
    await using server = await startTestServer();
    const { token } = await makeForger(server);
    expectRefusal(await me(server, header(token)), 'token_invalid');
  });

  test('a second Authorization header does not overrule the first', async () => {
    await using server = await startTestServer();
    const { token } = await makeForger(server);
    const answer = await exchange(server, [
      'GET /user/me HTTP/1.1',
      'Host: localhost',
      `Authorization: Bearer ${token.slice(0, -4)}AAAA`,
      `Authorization: Bearer ${token}`,
      'Connection: close',
    ]);
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
    expect(answer).toContain('"code":"token_invalid"');
  });

  test('100 KB of token are too much for a header', async () => {
    await using server = await startTestServer();
    const answer = await exchange(server, [
      'GET /user/me HTTP/1.1',
      'Host: localhost',
      `Authorization: Bearer ${'A'.repeat(100_000)}`,
    ]);
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
    expect(problem.parse(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).code).toBe(
      'headers_too_large',
    );
  });

  test('without a header, and with a token in the URL, nobody is signed in', async () => {
    await using server = await startTestServer();
    const { token } = await makeForger(server);
    expectRefusal(await server.anonymous().call('user_me'), 'unauthenticated');
    expectRefusal(await server.anonymous().send('GET', `/user/me?access_token=${token}`), 'unauthenticated');
  });

  test('the scheme has no case', async () => {
    await using server = await startTestServer();
    const { token } = await makeForger(server);
    expect((await me(server, `bearer ${token}`)).status).toBe(200);
  });

  test('it says who, which session, since and until when, and no more', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const [header, claims] = parts(root);
    expect(header).toEqual({ alg: 'HS256', typ: 'JWT' });
    expect(claims).toEqual({
      uid: root.uid,
      sid: expect.stringMatching(/^ses_/),
      iat: expect.any(Number),
      exp: Number(claims['iat']) + 900,
      iss: 'coffer',
      aud: server.app.context.instance.id,
    });
    expect(Math.abs(Number(claims['iat']) - Date.now() / 1000)).toBeLessThan(10);
  });

  test('it expires after fifteen minutes, as it says', async () => {
    let now = Date.now();
    await using server = await startTestServer({ clock: () => now });
    const root = await server.setUp();
    now += 14 * 60 * 1000;
    expect((await root.call('user_me')).status).toBe(200);
    const { expires_at: expiresAt } = await root.ok('user_refresh');
    expect(Date.parse(expiresAt)).toBe(Math.floor(now / 1000) * 1000 + 15 * 60 * 1000);
    now += 61 * 1000;
    expectRefusal(await root.call('user_me'), 'token_expired');
  });

  test.each(['2001-01-01T00:00:00Z', '2101-01-01T00:00:00Z'])(
    'at %s by the clock of the server',
    async (at) => {
      await using server = await startTestServer({ clock: () => Date.parse(at) });
      const root = await server.setUp();
      expect((await root.call('user_me')).status).toBe(200);
    },
  );
});

describe.each(ENGINES)('sessions behind tokens on %s', () => {
  test('signing out ends this session and no other', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const elsewhere = server.anonymous();
    await elsewhere.signIn('user_login', { auth_data: 'root', password: PASSWORD });
    await elsewhere.ok('user_logout');
    expectRefusal(await elsewhere.call('user_me'), 'session_ended');
    expectRefusal(await elsewhere.call('user_refresh'), 'session_ended');
    await root.ok('user_me');
  });

  test('a changed password ends the other sessions and keeps this one', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const user = await server.user(root, 'VIEWER');
    const elsewhere = server.anonymous();
    await elsewhere.signIn('user_login', { auth_data: user.username, password: PASSWORD });
    const changed = 'another-violet-pebble-14';
    expect(await user.refused('user_password', { current_password: 'wrong', new_password: changed })).toBe(
      'password_incorrect',
    );
    await elsewhere.ok('user_me');
    await user.ok('user_password', { current_password: PASSWORD, new_password: changed });
    expectRefusal(await elsewhere.call('user_me'), 'session_ended');
    await user.ok('user_me');
    await root.ok('user_me');
    const again = { auth_data: user.username, password: PASSWORD };
    expect(await server.anonymous().refused('user_login', again)).toBe('credentials_invalid');
    await server.anonymous().ok('user_login', { ...again, password: changed });
  });

  test('a deleted user is out at once', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const user = await server.user(root, 'ADMIN');
    await root.ok('user_delete', { uid: user.uid });
    expectRefusal(await user.call('user_me'), 'session_ended');
    const again = { auth_data: user.username, password: PASSWORD };
    expect(await server.anonymous().refused('user_login', again)).toBe('credentials_invalid');
  });

  test('a changed role counts from the next request on', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const user = await server.user(root, 'ADMIN');
    await root.ok('user_update', { uid: user.uid, role: 'VIEWER' });
    const input = { id: 'shop', name: 'Shop', api_path: '/shop' };
    expect(await user.refused('project_create', input)).toBe('forbidden');
    await root.ok('user_update', { uid: user.uid, role: 'ADMIN' });
    await user.ok('project_create', input);
  });

  test('a session that nobody renews ends after twelve hours, whatever its token says', async () => {
    const hour = 60 * 60 * 1000;
    let now = Date.now();
    await using server = await startTestServer({ clock: () => now });
    const root = await server.setUp();
    now += 12 * hour - 1000;
    await renew(server, root);
    await root.ok('user_refresh');
    now += 12 * hour - 1000;
    await renew(server, root);
    await root.ok('user_me');
    now += 1000;
    await renew(server, root);
    expectRefusal(await root.call('user_me'), 'session_ended');
  });

  test('a session ends after seven days, however often it is renewed', async () => {
    const hour = 60 * 60 * 1000;
    let now = Date.now();
    await using server = await startTestServer({ clock: () => now });
    const root = await server.setUp();
    for (let hours = 0; hours < 7 * 24 - 8; hours += 8) {
      now += 8 * hour;
      await renew(server, root);
      await root.ok('user_refresh');
    }
    now += 8 * hour;
    await renew(server, root);
    expectRefusal(await root.call('user_refresh'), 'session_ended');
  });
});

async function makeForger(server: TestServer): Promise<Forger> {
  const root = await server.setUp();
  const other = await server.user(root, 'ADMIN');
  const [, claims] = parts(root);
  const [, { uid, sid }] = parts(other);
  return {
    token: root.token ?? '',
    claims,
    key: server.app.context.rootKeys.latest.tokenKey,
    others: { uid: String(uid), sid: String(sid) },
    now: Math.floor(Date.now() / 1000),
  };
}

function parts(client: Client): [header: Claims, claims: Claims] {
  const [header = '', claims = ''] = (client.token ?? '').split('.');
  return [decode(header), decode(claims)];
}

/** A fresh token for the same session: the old one would be refused for its age first. */
async function renew(server: TestServer, client: Client): Promise<void> {
  const [, { uid, sid }] = parts(client);
  const { tokens, store } = server.app.context;
  const { token } = await tokens.issue(store.db, { uid: uid as UserId, sid: sid as SessionId });
  client.token = token;
}

async function me(server: TestServer, authorization: string): Promise<Answer> {
  return await server.anonymous().call('user_me', {}, { authorization });
}

function expectRefusal({ status, body, headers }: Answer, code: string): void {
  expect(body.code).toBe(code);
  expect(status).toBe(401);
  expect(headers.get('www-authenticate')).toBe('Bearer');
  expect(headers.get('set-cookie')).toBeNull();
}

/** For what `fetch` would not send. Ends when the server closes the connection. */
async function exchange(server: TestServer, head: readonly string[]): Promise<string> {
  const socket = connect(Number(new URL(server.app.url).port), '127.0.0.1');
  socket.write([...head, '', ''].join('\r\n'));
  let received = '';
  for await (const chunk of socket) received += String(chunk);
  return received;
}

function hmac(header: unknown, claims: Claims, key: Buffer, algorithm: keyof typeof HMAC = 'HS256'): string {
  const input = `${encode(header)}.${encode(claims)}`;
  return `${input}.${createHmac(HMAC[algorithm], key).update(input).digest('base64url')}`;
}

function asymmetric(header: { alg: string; jwk?: unknown }, claims: Claims): string {
  const input = `${encode(header)}.${encode(claims)}`;
  const key =
    header.alg === 'RS256' ? rsa.privateKey : { key: ec.privateKey, dsaEncoding: 'ieee-p1363' as const };
  return `${input}.${signAsymmetrically('sha256', Buffer.from(input), key).toString('base64url')}`;
}

function without(claims: Claims, name: string): Claims {
  return Object.fromEntries(Object.entries(claims).filter(([key]) => key !== name));
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function decode(part: string): Claims {
  return JSON.parse(Buffer.from(part, 'base64url').toString()) as Claims;
}
