import { createHash } from 'node:crypto';
import { canonicalJson, type Json } from '@coffer/core';
import { describe, expect, test } from 'vitest';
import { Client } from '../src/testing/client.ts';
import { ENGINES } from '../src/testing/engines.ts';
import { KEY, RouteWorld, SECRET, type Input } from './route-world.ts';

describe.each(ENGINES)('saving a route on %s', () => {
  test('takes the leave of every entry that it names, for where each is sent', async () => {
    await using world = await RouteWorld.start();
    await world.entry('OTHER', 'another value', ['https://auth.example.org']);
    await world.entry('CLIENT', 'a client secret', ['https://auth.example.org', world.upstream.url]);
    const oauth = {
      type: 'oauth2_client_credentials',
      token_url: 'https://auth.example.org/token',
      client_id: 'me',
      client_secret: '${{ vault.CLIENT }}',
    };
    const refused = async (request: Input): Promise<string> =>
      await world.owner.refused('route_create', world.definition({ request }));
    expect(await refused({ query: [{ name: 'a', value: '${{ vault.OTHER }}' }] })).toBe('origin_not_allowed');
    for (const key of ['API_KEY', 'OTHER'])
      expect(await refused({ auth: { ...oauth, client_secret: `\${{ vault.${key} }}` } })).toBe(
        'origin_not_allowed',
      );
    expect(await refused({ auth: { ...oauth, token_url: 'https://auth2.example.org/token' } })).toBe(
      'origin_not_allowed',
    );
    expect(
      await refused({
        body: { type: 'json', value: [[{ a: "${{ base64(hmac_sha256('x', vault.MISSING)) }}" }]] },
      }),
    ).toBe('route_entry_missing');
    expect(await refused({ path: '/${{ vault.API_KEY }}' })).toBe('path_not_allowed');
    expect(
      (await world.owner.call('route_create', world.definition({ request: { auth: oauth } }))).status,
    ).toBe(201);
  });

  test('in a path only where the entry allows that as well', async () => {
    await using world = await RouteWorld.start();
    const entry = { project_id: world.project_id, key: 'BOT' };
    await world.entry('BOT', 'bot-123456789');
    await world.owner.ok('vault_allow_origins', {
      ...entry,
      allowed_origins: [world.upstream.url],
      allowed_in_path: true,
    });
    await world.route({ request: { path: '/bot${{ vault.BOT }}/send', auth: null } });
    const { status, body } = await world.invoke(world.owner);
    expect(status).toBe(200);
    expect(world.upstream.requests[0]?.url).toBe('/botbot-123456789/send');
    expect(body).toContain('/bot[redacted]/send');
    await world.owner.ok('vault_allow_origins', { ...entry, allowed_origins: [world.upstream.url] });
    expect((await world.invoke(world.owner)).code).toBe('path_not_allowed');
  });

  test('takes the right to view every entry that it names', async () => {
    await using world = await RouteWorld.start();
    await world.entry('OTHER', 'another value');
    const token = async (permissions: string[], keys?: string[]): Promise<Client> => {
      const limits = { project_id: world.project_id, ...(keys === undefined ? {} : { keys }) };
      const made = await world.owner.ok('token_create', {
        kind: 'personal',
        name: 'T',
        permissions,
        ...limits,
      });
      return new Client(world.server.app.url, made.token);
    };
    const definition = world.definition({
      request: { headers: [{ name: 'X-A', value: '${{ vault.OTHER }}' }] },
    });
    const both = ['route.create', 'vault.view'];
    expect(await (await token(['route.create'])).refused('route_create', definition)).toBe(
      'token_not_permitted',
    );
    expect(await (await token(both, ['API_*'])).refused('route_create', definition)).toBe(
      'token_not_permitted',
    );
    expect((await (await token(both, ['API_*', 'OTHER'])).call('route_create', definition)).status).toBe(201);
    // One that may change routes, but not view what this one names, cannot take it over.
    const limited = await token(['route.update', 'route.delete', 'route.view', 'vault.view'], ['OTHER']);
    const harmless = world.definition({ request: { auth: null } });
    expect(await limited.refused('route_update', harmless)).toBe('token_not_permitted');
    expect(await limited.refused('route_fetch_one', { project_id: world.project_id, id: 'route' })).toBe(
      'token_not_permitted',
    );
    expect(await limited.refused('route_delete', { project_id: world.project_id, id: 'route' })).toBe(
      'token_not_permitted',
    );
  });

  test.each<[field: string, changes: Input & { request?: Input }]>([
    ['request.origin', { request: { origin: 'http://169.254.169.254/' } }],
    ['request.origin', { request: { origin: 'https://user@api.example.org' } }],
    ['request.origin', { request: { origin: 'http://10.0.0.1' } }],
    ['request.origin', { request: { origin: 'https://127.0.0.1' } }],
    ['request.path', { request: { path: '/a/../b' } }],
    ['request.path', { request: { path: '/a/%2e%2e/b' } }],
    ['request.path', { request: { path: '//evil.example' } }],
    ['request.path', { request: { path: '/a?b' } }],
    ['request.path', { request: { path: 'a' } }],
    ['request.path', { request: { path: '/${{ input.missing }}' } }],
    ['request.headers.0.name', { request: { headers: [{ name: 'Host', value: 'x' }] } }],
    ['request.headers.0.name', { request: { headers: [{ name: 'Authorization', value: 'x' }] } }],
    ['request.headers.0.name', { request: { headers: [{ name: 'Transfer-Encoding', value: 'x' }] } }],
    [
      'request.headers.1.name',
      {
        request: {
          headers: [
            { name: 'X-A', value: 'x' },
            { name: 'x-a', value: 'x' },
          ],
        },
      },
    ],
    ['request.headers.0.value', { request: { headers: [{ name: 'X-A', value: 'é' }] } }],
    ['request.headers.0.value', { request: { headers: [{ name: 'X-A', value: 'a\r\nb' }] } }],
    ['request.headers.0.value', { request: { headers: [{ name: 'X-A', value: '${{ vault.API_KEY' }] } }],
    ['request.query.0.value', { request: { query: [{ name: 'a', value: '${{ env.X }}' }] } }],
    ['request.body', { request: { method: 'GET', body: { type: 'json', value: {} } } }],
    ['request.body.value.a.0', { request: { body: { type: 'json', value: { a: ['${{ vault.x }}'] } } } }],
    [
      'request.body.content_type',
      { request: { body: { type: 'text', content_type: 'application/json', text: '' } } },
    ],
    ['path', { path: '/a/' }],
    ['path', { path: '/a/:id' }],
    ['path', { path: '/..' }],
    ['inputs.0.name', { inputs: [{ name: 'id', in: 'path' }] }],
    ['inputs.0.name', { inputs: [{ name: 'authorization', in: 'header' }] }],
    [
      'inputs.1.name',
      {
        inputs: [
          { name: 'a', in: 'query' },
          { name: 'a', in: 'body' },
        ],
      },
    ],
    ['inputs.0.in', { method: 'GET', inputs: [{ name: 'a', in: 'body' }] }],
    ['inputs.0.type', { inputs: [{ name: 'a', in: 'query', type: 'json' }] }],
    ['response.headers.0', { response: { headers: ['set-cookie'] } }],
    ['response.headers.0', { response: { headers: ['access-control-allow-origin'] } }],
  ])('refuses a wrong %s by its name: %j', async (field, changes) => {
    await using world = await RouteWorld.start();
    const { status, body } = await world.owner.call('route_create', world.definition(changes));
    expect([status, body.code]).toEqual([400, 'invalid_input']);
    expect(body.errors.map(({ path }: { path: string }) => path)).toContain(field);
  });

  test('makes versions that do not change, each with a digest that anyone can recompute', async () => {
    await using world = await RouteWorld.start();
    await world.route();
    const place = { project_id: world.project_id, id: 'route' };
    const changed = world.definition({ description: 'Changed.' });
    expect(await world.owner.refused('route_update', { ...changed, if_version: 2 })).toBe('version_conflict');
    await world.owner.ok('route_update', { ...changed, if_version: 1 });
    expect(await world.owner.refused('route_update', { ...changed, if_version: 1 })).toBe('version_conflict');
    const { versions, amount } = await world.owner.ok('route_version_fetch', place);
    expect(amount).toBe(2);
    expect(versions.map(({ version, current }: Input) => [version, current])).toEqual([
      [2, true],
      [1, false],
    ]);
    for (const { definition, digest } of versions as { definition: Json; digest: string }[])
      expect(createHash('sha256').update(canonicalJson(definition)).digest('hex')).toBe(digest);
  });

  test('of many who change the same version at once, one succeeds', async () => {
    await using world = await RouteWorld.start();
    await world.route();
    const changes = Array.from({ length: 10 }, async (_, index) => {
      const change = world.definition({ description: `Change ${index}` });
      return await world.owner.call('route_update', { ...change, if_version: 1 });
    });
    const codes = (await Promise.all(changes)).map(({ status, body }) => (status === 200 ? 'ok' : body.code));
    expect(codes.filter((code) => code === 'ok')).toHaveLength(1);
    expect(codes.filter((code) => code === 'version_conflict')).toHaveLength(9);
  });

  test('two routes never take the same call, and the more literal path wins', async () => {
    await using world = await RouteWorld.start();
    const inputs = [{ name: 'x', in: 'path' }];
    const make = async (id: string, path: string, changes: Input = {}): Promise<string> => {
      const request = { headers: [{ name: 'X-Route', value: id }] };
      const { status, body } = await world.owner.call(
        'route_create',
        world.definition({ id, path, request, ...changes }),
      );
      return status === 201 ? 'ok' : body.code;
    };
    expect(await make('route_1', '/a/:x', { inputs })).toBe('ok');
    expect(await make('route_2', '/a/:y', { inputs: [{ name: 'y', in: 'path' }] })).toBe('route_path_taken');
    expect(await make('route_1', '/else')).toBe('route_exists');
    expect(await make('route_3', '/a/literal')).toBe('ok');
    expect(await make('route_4', '/:x/literal', { inputs })).toBe('ok');
    expect(await make('route_5', '/a/:x', { inputs, method: 'PUT' })).toBe('ok');
    const routed = async (path: string, method = 'POST'): Promise<unknown> => {
      const { status, body, code } = await world.invoke(world.owner, { path, method });
      return status === 200 ? JSON.parse(body).headers['x-route'] : code;
    };
    expect(await routed('/a/literal')).toBe('route_3');
    expect(await routed('/a/other')).toBe('route_1');
    expect(await routed('/b/literal')).toBe('route_4');
    expect(await routed('/a/other', 'PUT')).toBe('route_5');
    for (const path of ['/a', '/a/', '/a/b/c', '/a//', '/A/literals', '/A', ''])
      expect([path, await routed(path)]).toEqual([path, 'route_not_found']);
    expect(await routed('/a/%ff')).toBe('malformed_request');
  });
});

describe.each(ENGINES)('what is shown of routes on %s', () => {
  test('a preview has neither a value nor sends anything, and says what stands in the way', async () => {
    await using world = await RouteWorld.start();
    await world.entry('OTHER', 'another value', []);
    const { id: _, ...definition } = world.definition({
      inputs: [{ name: 'amount', in: 'body', type: 'integer' }],
      request: {
        path: '/v1/x',
        query: [{ name: 'k', value: 'a ${{ vault.OTHER }}' }],
        headers: [{ name: 'X-Signature', value: "${{ hmac_sha256(vault.API_KEY, 'x') }}" }],
        body: { type: 'json', value: { amount: '${{ input.amount }}', again: 'x${{ input.amount }}' } },
      },
    });
    const answer = await world.owner.call('route_preview', { ...definition, example: { amount: 5 } });
    expect(answer.body).toMatchObject({
      preview: {
        method: 'POST',
        url: `${world.upstream.url}/v1/x?k=a%20•••`,
        headers: [
          { name: 'X-Signature', value: '•••' },
          { name: 'content-type', value: 'application/json' },
          { name: 'Authorization', value: 'Bearer •••' },
        ],
        body: '{"amount":5,"again":"x5"}',
      },
      keys: [KEY, 'OTHER'],
      problems: [{ key: 'OTHER', code: 'origin_not_allowed' }],
    });
    expect(answer.text).not.toContain(SECRET);
    expect(world.upstream.requests).toEqual([]);
  });

  test('AUTHOR sees what can be called, and nothing of how it is done', async () => {
    await using world = await RouteWorld.start();
    await world.route({ inputs: [{ name: 'a', in: 'query', description: 'What for.' }] });
    const author = await world.member('AUTHOR');
    const answer = await author.call('route_fetch', { project_id: world.project_id });
    expect(answer.body.routes).toMatchObject([{ id: 'route', url: '/x/p1/call', inputs: [{ name: 'a' }] }]);
    expect(answer.text).not.toContain(KEY);
    const place = { project_id: world.project_id, id: 'route' };
    for (const id of ['route_fetch_one', 'route_version_fetch', 'route_call_fetch'] as const)
      expect(await author.refused(id, place)).toBe('forbidden');
    const byKey = { project_id: world.project_id, environment: 'default', key: KEY };
    expect(await author.refused('route_fetch', byKey)).toBe('forbidden');
    expect(await author.refused('route_fetch', { project_id: world.project_id, key: KEY })).toBe('forbidden');
  });

  test('with an entry the routes that use it, also when it is deleted', async () => {
    await using world = await RouteWorld.start();
    await world.route();
    await world.route({ id: 'other', path: '/other', request: { auth: null } });
    const entry = { project_id: world.project_id, environment: 'default', key: KEY };
    const using = await world.owner.ok('route_fetch', entry);
    expect(using.routes.map(({ id }: Input) => id)).toEqual(['route']);
    expect((await world.owner.ok('vault_delete', entry)).routes).toEqual(['route']);
    await world.owner.ok('vault_create', { ...entry, value: 'one that is made later' });
    // The key is the same; the entry is another, and allows nothing yet.
    expect((await world.invoke(world.owner)).code).toBe('origin_not_allowed');
  });

  test('an environment that has routes is not deleted', async () => {
    await using world = await RouteWorld.start();
    const environment = { project_id: world.project_id, id: 'staging' };
    await world.owner.ok('environment_create', { ...environment, name: 'Staging' });
    await world.route({ environment: 'staging', request: { auth: null } });
    expect(await world.owner.refused('environment_delete', environment)).toBe('environment_not_empty');
    await world.owner.ok('route_delete', { project_id: world.project_id, id: 'route' });
    await world.owner.ok('environment_delete', environment);
  });

  test('calls of a route that was deleted are not those of a later one of that name', async () => {
    await using world = await RouteWorld.start();
    await world.route();
    await world.invoke(world.owner);
    expect(await world.calls()).toHaveLength(1);
    await world.owner.ok('route_delete', { project_id: world.project_id, id: 'route' });
    const place = { project_id: world.project_id, id: 'route' };
    expect(await world.owner.refused('route_call_fetch', place)).toBe('route_not_found');
    await world.route();
    expect(await world.calls()).toEqual([]);
  });

  test('a token of one environment sees the routes of that one', async () => {
    await using world = await RouteWorld.start();
    await world.route();
    await world.owner.ok('environment_create', {
      project_id: world.project_id,
      id: 'staging',
      name: 'Staging',
    });
    await world.route({ id: 'other', path: '/other', environment: 'staging', request: { auth: null } });
    const program = await world.serviceToken(['route.list', 'route.view', 'route.invoke'], {
      environments: ['staging'],
    });
    const { routes, amount } = await program.ok('route_fetch', { project_id: world.project_id });
    expect([routes.map(({ id }: Input) => id), amount]).toEqual([['other'], 1]);
    expect(await program.refused('route_fetch_one', { project_id: world.project_id, id: 'route' })).toBe(
      'token_not_permitted',
    );
    expect((await world.invoke(program)).code).toBe('token_not_permitted');
    expect((await world.invoke(program, { path: '/other' })).status).toBe(200);
  });
});
