import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { ScriptedServer } from '../src/testing/scripted-server.ts';
import { RouteWorld } from './route-world.ts';

const PASSWORD = 'violet-anchor-pebble-41';

/** What a browser has after signing in. */
async function cookieOf(world: RouteWorld): Promise<string> {
  const { headers } = await world.owner.call('user_login', {
    auth_data: world.owner.username,
    password: PASSWORD,
  });
  return headers.getSetCookie()[0]?.split(';')[0] ?? '';
}

describe('a path', () => {
  test.each<[string, Record<string, string>]>([
    ['left out', {}],
    ['empty', { id: '' }],
    ['a dot', { id: '.' }],
    ['two dots', { id: '..' }],
  ])('is not that of all where the input that names one is %s', async (_, body) => {
    await using world = await RouteWorld.start();
    await world.route({
      inputs: [
        { name: 'account', in: 'body' },
        { name: 'id', in: 'body', required: false },
      ],
      request: { method: 'DELETE', path: '/accounts/${{ input.account }}/users/${{ input.id }}' },
    });
    const refused = await world.invoke(world.owner, { body: { account: 'a', ...body } });
    expect(JSON.parse(refused.body)).toMatchObject({ code: 'invalid_input', errors: [{ path: 'id' }] });
    expect(world.upstream.requests).toEqual([]);
    expect((await world.invoke(world.owner, { body: { account: 'a', id: '7' } })).status).toBe(200);
    expect(world.upstream.requests).toMatchObject([{ method: 'DELETE', url: '/accounts/a/users/7' }]);
  });

  test('may end with a slash that the route has', async () => {
    await using world = await RouteWorld.start();
    await world.route({ inputs: [{ name: 'id', in: 'body' }], request: { path: '/users/${{ input.id }}/' } });
    expect((await world.invoke(world.owner, { body: { id: '7' } })).status).toBe(200);
    expect((await world.invoke(world.owner, { body: { id: '' } })).code).toBe('invalid_input');
    expect(world.upstream.requests.map(({ url }) => url)).toEqual(['/users/7/']);
  });
});

test('a token that is fetched with a value goes only where the entry may go, now and later', async () => {
  await using endpoint = await ScriptedServer.start((response) => {
    response.setHeader('content-type', 'application/json');
    response.end('{"access_token":"minted-token-1234","token_type":"bearer"}');
  });
  await using api = await ScriptedServer.start((response) => response.end());
  const both = [endpoint.url, api.url];
  await using world = await RouteWorld.start([], { config: { egressAllow: both } });
  await world.entry('CLIENT', 'a-client-secret', [endpoint.url]);
  const auth = {
    type: 'oauth2_client_credentials',
    token_url: `${endpoint.url}/token`,
    client_id: 'shop',
    client_secret: '${{ vault.CLIENT }}',
  };
  const route = world.definition({ request: { origin: api.url, auth } });
  expect(await world.owner.refused('route_create', route)).toBe('origin_not_allowed');
  const allow = async (allowed_origins: string[]): Promise<unknown> =>
    await world.owner.ok('vault_allow_origins', {
      project_id: world.project_id,
      key: 'CLIENT',
      allowed_origins,
    });
  await allow(both);
  await world.owner.ok('route_create', route);
  for (const origin of both) {
    await allow([origin]);
    expect((await world.invoke(world.owner)).code).toBe('origin_not_allowed');
  }
  expect([...endpoint.requests, ...api.requests]).toEqual([]);
  await allow(both);
  expect((await world.invoke(world.owner)).status).toBe(200);
  expect(api.requests).toMatchObject([{ headers: { authorization: 'Bearer minted-token-1234' } }]);
});

describe('a cookie', () => {
  test.each<[string, Record<string, string>]>([
    ['a link in a mail', { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' }],
    ['a browser that does not say where from', {}],
    ['a page of a sibling', { 'sec-fetch-site': 'same-site' }],
    ['a page of another site', { 'sec-fetch-site': 'cross-site' }],
  ])('does not call a route by GET for %s', async (_, headers) => {
    await using world = await RouteWorld.start();
    await world.route({ method: 'GET' });
    const cookie = await cookieOf(world);
    const answer = await world.invoke(undefined, { method: 'GET', headers: { cookie, ...headers } });
    expect(answer.code).toBe('origin_mismatch');
    expect(world.upstream.requests).toEqual([]);
  });

  test.each<[string, Record<string, string>]>([
    ['as browsers say', { 'sec-fetch-site': 'same-origin' }],
    ['as it says itself where they do not', { 'x-coffer-page': 'call' }],
  ])('calls a route by GET for a page of ours, %s', async (_, headers) => {
    await using world = await RouteWorld.start();
    await world.route({ method: 'GET' });
    const cookie = await cookieOf(world);
    const answer = await world.invoke(undefined, { method: 'GET', headers: { cookie, ...headers } });
    expect(answer.status).toBe(200);
  });
});

describe('a value that would not be found again is not sent', () => {
  test.each([
    ['with blanks around it', '   walnut7   '],
    ['of blanks', '            '],
    ['of letters that take two bytes in UTF-8 and one in Latin-1', 'éèàöü'],
  ])('%s', async (_, value) => {
    await using world = await RouteWorld.start([
      (response, request) => {
        const { searchParams } = new URL(request.url ?? '', 'http://x');
        response.end(Buffer.from((searchParams.get('k') ?? '').trim(), 'latin1'));
      },
    ]);
    await world.entry('SHORT', value);
    await world.route({ request: { auth: null, query: [{ name: 'k', value: '${{ vault.SHORT }}' }] } });
    expect((await world.invoke(world.owner)).code).toBe('route_value_unusable');
    expect(world.upstream.requests).toEqual([]);
  });
});

test('an answer that breaks off does not look whole to a proxy that speaks HTTP/1.0', async () => {
  const release = Promise.withResolvers<void>();
  await using world = await RouteWorld.start([
    (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: 1\n\n');
      void release.promise.then(() => response.destroy());
    },
  ]);
  await world.route();
  const { hostname, port } = new URL(world.server.app.url);
  const socket = connect(Number(port), hostname);
  const failed = once(socket, 'close').catch((error: unknown) => error);
  let received = '';
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString();
    if (received.includes('data: 1')) release.resolve();
  });
  const head = [
    'POST /x/p1/call HTTP/1.0',
    'Content-Length: 0',
    `Authorization: Bearer ${world.owner.token}`,
  ];
  socket.write([...head, '', ''].join('\r\n'));
  expect(await failed).toMatchObject({ code: 'ECONNRESET' });
  expect(received).toContain('data: 1');
});

test('a retry looks again at who calls', async () => {
  const first = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<void>();
  await using world = await RouteWorld.start([
    (response) => {
      first.resolve();
      void answered.promise.then(() => response.writeHead(503).end());
    },
    (response) => response.end('again'),
  ]);
  await world.route({ request: { method: 'PUT' }, response: { retries: 1 } });
  const program = await world.serviceToken(['route.invoke']);
  const call = world.invoke(program);
  await first.promise;
  await world.owner.ok('token_revoke', { id: program.uid });
  answered.resolve();
  expect((await call).code).toBe('token_invalid');
  expect(world.upstream.requests).toHaveLength(1);
});

test('a number that JSON does not have is refused in a definition and in an input, by name', async () => {
  await using world = await RouteWorld.start();
  await world.route({
    inputs: [{ name: 'order', in: 'body', type: 'json' }],
    request: { body: { type: 'json', value: '${{ input.order }}' } },
  });
  const send = async (path: string, body: unknown): Promise<unknown> => {
    const answer = await fetch(`${world.server.app.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${world.owner.token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body).replace('"HUGE"', '1e999'),
    });
    return await answer.json();
  };
  const definition = world.definition({ request: { body: { type: 'json', value: [{ a: 'HUGE' }] } } });
  const message = 'must have no numbers beyond those of 64 bits';
  expect(await send('/route/create', { ...definition, id: 'other', path: '/other' })).toMatchObject({
    errors: [{ path: 'request.body.value', message }],
  });
  expect(await send('/x/p1/call', { order: [{ a: 'HUGE' }] })).toMatchObject({
    errors: [{ path: 'order', message }],
  });
  expect(world.upstream.requests).toEqual([]);
});
