import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { OAuthAuth } from '@coffer/core';
import { describe, expect, test } from 'vitest';
import { Egress } from '../../egress/egress.ts';
import { ScriptedServer, type Reply } from '../../testing/scripted-server.ts';
import { simultaneously } from '../../testing/simultaneously.ts';
import { OAuthTokens } from './oauth-tokens.ts';
import type { Send } from './token-endpoint.ts';

const SECRET = 'walnut & kestrel:52';

const send: Send = async ({ url, method, headers, body, signal }) => {
  const outgoing = httpRequest(url, { method, headers: Object.fromEntries(headers), signal });
  outgoing.end(body);
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
  const { 'content-type': type = '' } = answer.headers;
  return { status: answer.statusCode ?? 0, headers: [['content-type', type]], body: answer };
};

function reply(status: number, body: unknown, type = 'application/json'): Reply {
  return (response) => {
    response.writeHead(status, { 'content-type': type });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
}

/** Each with the next number. */
function issue(fields: Record<string, unknown> = { expires_in: 100 }): Reply {
  let issued = 0;
  return (response, request) => {
    issued += 1;
    reply(200, { access_token: `token-${issued}`, token_type: 'Bearer', ...fields })(response, request);
  };
}

const never: Reply = () => {};

async function setUp(...script: readonly Reply[]) {
  const server = await ScriptedServer.start(...script);
  const time = { now: 1_700_000_000_000 };
  const tokens = new OAuthTokens({ send, clock: () => time.now, timeoutMs: 2000, grantsMax: 3 });
  const auth: OAuthAuth = {
    type: 'oauth2_client_credentials',
    token_url: `${server.url}/token?tenant=1`,
    client_id: 'client:1',
    client_secret: SECRET,
    client_auth: 'basic',
    scope: null,
    audience: null,
  };
  const get = async (changes: Partial<OAuthAuth> = {}, routeKey = 'route', signal?: AbortSignal) =>
    await tokens.get({ routeKey, auth: { ...auth, ...changes }, signal });
  return { server, tokens, time, auth, get, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

describe('the request', () => {
  test('has id and secret encoded as in a form and then in base 64, in its header', async () => {
    await using test = await setUp(issue());
    const { token, secrets } = await test.get({ scope: 'read write', audience: 'https://api.example.org' });
    const credentials = btoa('client%3A1:walnut+%26+kestrel%3A52');
    const [asked] = test.server.requests;
    expect(asked).toMatchObject({ method: 'POST', url: '/token?tenant=1' });
    expect(asked?.headers).toMatchObject({
      authorization: `Basic ${credentials}`,
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect(Object.fromEntries(new URLSearchParams(asked?.body))).toEqual({
      grant_type: 'client_credentials',
      scope: 'read write',
      audience: 'https://api.example.org',
    });
    expect(token).toBe('token-1');
    expect(secrets).toEqual(['token-1', SECRET, credentials]);
  });

  test('has them in its body, if the route says so', async () => {
    await using test = await setUp(issue());
    const { secrets } = await test.get({ client_auth: 'post' });
    const [asked] = test.server.requests;
    expect(asked?.headers.authorization).toBeUndefined();
    expect(Object.fromEntries(new URLSearchParams(asked?.body))).toEqual({
      grant_type: 'client_credentials',
      client_id: 'client:1',
      client_secret: SECRET,
    });
    expect(secrets).toEqual(['token-1', SECRET]);
  });
});

describe('a token', () => {
  test('is asked for once by a hundred callers at a time, and by those that follow', async () => {
    await using test = await setUp(issue());
    const grants = await simultaneously(100, async () => await test.get());
    await test.get();
    expect(new Set(grants.map(({ token }) => token))).toEqual(new Set(['token-1']));
    expect(test.server.requests).toHaveLength(1);
  });

  test.each<[string, Partial<OAuthAuth>, string]>([
    ['another route', {}, 'other'],
    ['another client', { client_id: 'client:2' }, 'route'],
    ['another secret', { client_secret: 'other' }, 'route'],
    ['another scope', { scope: 'read' }, 'route'],
    ['another audience', { audience: 'read' }, 'route'],
    ['another way to send the secret', { client_auth: 'post' }, 'route'],
  ])('is not given to %s', async (_, changes, routeKey) => {
    await using test = await setUp(issue());
    await test.get();
    expect(await test.get(changes, routeKey)).toMatchObject({ token: 'token-2' });
    expect(await test.get()).toMatchObject({ token: 'token-1' });
  });

  test.each([
    ['of 100 seconds at 80', { expires_in: 100 }, 80],
    ['of 100 seconds in a text as well', { expires_in: '100' }, 80],
    ['of 30 seconds ten before its end', { expires_in: 30 }, 20],
    ['of 60 seconds when the endpoint does not say', {}, 48],
    ['of 60 seconds when what it says is no time', { expires_in: -1 }, 48],
    ['of a day when it says longer', { expires_in: 1e9 }, 69_120],
    ['of less than ten seconds at once', { expires_in: 9 }, 0],
  ])('is renewed: one %s', async (_, fields, seconds) => {
    await using test = await setUp(issue(fields));
    const { now } = test.time;
    await test.get();
    if (seconds > 0) {
      test.time.now = now + seconds * 1000 - 1;
      expect(await test.get()).toMatchObject({ token: 'token-1' });
    }
    test.time.now = now + seconds * 1000;
    const grants = await simultaneously(5, async () => await test.get());
    expect(grants.map(({ token }) => token)).toEqual(Array.from({ length: 5 }, () => 'token-2'));
  });

  test('is used to its end while the endpoint is down', async () => {
    const issuer = issue();
    await using test = await setUp(issuer, reply(503, ''), reply(503, ''), issuer);
    const { now } = test.time;
    await test.get();
    test.time.now = now + 81_000;
    expect(await test.get()).toMatchObject({ token: 'token-1' });
    // Not asked again by each call.
    expect(await test.get()).toMatchObject({ token: 'token-1' });
    expect(test.server.requests).toHaveLength(2);
    test.time.now = now + 90_000;
    await expect(test.get()).rejects.toMatchObject({ code: 'route_upstream_unreachable' });
    expect(await test.get()).toMatchObject({ token: 'token-2' });
  });

  test('is not used on when the endpoint says no', async () => {
    await using test = await setUp(issue(), reply(401, { error: 'invalid_client' }));
    await test.get();
    test.time.now += 81_000;
    await expect(test.get()).rejects.toMatchObject({ code: 'route_response_refused' });
  });

  test('that the API refused is forgotten, and only that one', async () => {
    await using test = await setUp(issue());
    const refused = await test.get();
    test.tokens.forget(refused);
    expect(await test.get()).toMatchObject({ token: 'token-2' });
    test.tokens.forget(refused);
    expect(await test.get()).toMatchObject({ token: 'token-2' });
    expect(test.server.requests).toHaveLength(2);
  });

  test('that was used longest ago makes room', async () => {
    await using test = await setUp(issue());
    for (const scope of ['a', 'b', 'c', 'a', 'd']) await test.get({ scope });
    expect(await test.get({ scope: 'a' })).toMatchObject({ token: 'token-1' });
    expect(await test.get({ scope: 'b' })).toMatchObject({ token: 'token-5' });
  });

  test('reaches the others when the caller who asked first goes away', async () => {
    const leaving = new AbortController();
    const issuer = issue();
    await using test = await setUp((response, request) => {
      leaving.abort();
      issuer(response, request);
    });
    const [first, second] = await Promise.allSettled([test.get({}, 'route', leaving.signal), test.get()]);
    expect(first).toMatchObject({ status: 'rejected', reason: { code: 'route_upstream_timeout' } });
    expect(second).toMatchObject({ status: 'fulfilled', value: { token: 'token-1' } });
    expect(test.server.requests).toHaveLength(1);
  });
});

describe('a failure', () => {
  test('is shared by those who wait, and is not kept', async () => {
    await using test = await setUp(reply(400, { error: 'invalid_scope' }), issue());
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, async () => await test.get()));
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
    expect(test.server.requests).toHaveLength(1);
    expect(await test.get()).toMatchObject({ token: 'token-1' });
  });

  const good = { access_token: 'token', token_type: 'bearer' };
  test.each<[string, Reply, string]>([
    [
      'a standard error',
      reply(401, { error: 'invalid_client' }),
      'the token endpoint answered invalid_client',
    ],
    [
      'another error',
      reply(400, { error: SECRET, error_description: SECRET }),
      'the token endpoint gave no token',
    ],
    ['a name of every object', reply(400, { error: 'constructor' }), 'the token endpoint gave no token'],
    ['a redirect', reply(302, good), 'the token endpoint gave no token'],
    [
      'a page',
      reply(200, `<p>${SECRET}`, 'text/html'),
      'the answer of the token endpoint is not a JSON object',
    ],
    [
      'JSON by another name',
      reply(200, good, 'text/plain'),
      'the answer of the token endpoint is not a JSON object',
    ],
    ['no JSON', reply(200, SECRET), 'the answer of the token endpoint is not a JSON object'],
    ['a list', reply(200, [good]), 'the answer of the token endpoint is not a JSON object'],
    [
      'another type',
      reply(200, { ...good, token_type: 'DPoP' }),
      'the token of the token endpoint is not a bearer token',
    ],
    [
      'no type',
      reply(200, { access_token: SECRET }),
      'the token of the token endpoint is not a bearer token',
    ],
    [
      'no token',
      reply(200, { token_type: 'bearer' }),
      'the answer of the token endpoint has no token that can be sent',
    ],
    [
      'a token with a line break',
      reply(200, { ...good, access_token: 'a\r\nX: 1' }),
      'the answer of the token endpoint has no token that can be sent',
    ],
    [
      'too much',
      reply(200, { ...good, more: 'x'.repeat(65_536) }),
      'the answer of the token endpoint is too large',
    ],
  ])('of the endpoint does not repeat what it said: %s', async (_, answer, reason) => {
    await using test = await setUp(answer);
    const error = await failureOf(test.get());
    expect(error).toMatchObject({ code: 'route_response_refused', detail: { reason } });
    expect(error).not.toHaveProperty('cause');
  });

  test('to answer in time is told as one', async () => {
    await using test = await setUp(never);
    const tokens = new OAuthTokens({ send, clock: () => 0, timeoutMs: 50 });
    const error = await failureOf(tokens.get({ routeKey: 'route', auth: test.auth }));
    expect(error).toMatchObject({ code: 'route_upstream_timeout' });
  });

  test('to end an answer in time is told as one', async () => {
    await using test = await setUp((response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{');
    });
    const tokens = new OAuthTokens({ send, clock: () => 0, timeoutMs: 50 });
    const error = await failureOf(tokens.get({ routeKey: 'route', auth: test.auth }));
    expect(error).toMatchObject({ code: 'route_upstream_timeout' });
  });

  test('to reach the endpoint is told as one', async () => {
    const blocked: Send = async ({ url }) => {
      await new Egress([]).get(url, { timeoutMs: 1000, bytesMax: 1 });
      throw new Error('it was reached');
    };
    await using test = await setUp(never);
    const tokens = new OAuthTokens({ send: blocked, clock: () => 0 });
    const error = await failureOf(tokens.get({ routeKey: 'route', auth: test.auth }));
    expect(error).toMatchObject({ code: 'route_upstream_unreachable' });
  });

  test.each([
    [{ client_id: '' }, 'request.auth.client_id'],
    [{ client_secret: '' }, 'request.auth.client_secret'],
    [{ client_secret: 'secret\n' }, 'request.auth.client_secret'],
    [{ token_url: 'login' }, 'request.auth.token_url'],
  ])('of what was filled in asks nobody: %j', async (changes, place) => {
    await using test = await setUp(never);
    const error = await failureOf(test.get(changes));
    expect(error).toMatchObject({ code: 'route_value_unusable', detail: { place } });
    expect(test.server.requests).toHaveLength(0);
  });
});

async function failureOf(call: Promise<unknown>): Promise<unknown> {
  return await call.then(
    () => undefined,
    (error: unknown) => error,
  );
}
