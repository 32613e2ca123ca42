import { once } from 'node:events';
import { connect } from 'node:net';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../src/testing/data-dir.ts';
import { Client } from '../src/testing/client.ts';
import { ENGINES } from '../src/testing/engines.ts';
import { EventStream } from '../src/testing/events.ts';
import { PASSWORD, startTestServer, type TestServer } from '../src/testing/server.ts';
import { startVault } from './start-vault.ts';

const CANARY = 'walnut-kestrel-52';

async function watch(
  client: Client,
  { project_id, environment = 'default' }: { project_id: string; environment?: string },
  headers: Record<string, string> = {},
): Promise<EventStream> {
  return await EventStream.open(
    client,
    `/vault/watch?project_id=${project_id}&environment=${environment}`,
    headers,
  );
}

/** A stream that is open, and has said where it begins. */
async function watching(...args: Parameters<typeof watch>): Promise<EventStream> {
  const stream = await watch(...args);
  expect(stream.response.status).toBe(200);
  await stream.block();
  return stream;
}

async function problemOf(
  stream: EventStream,
): Promise<{ status: number; code: string; retryAfter: string | null }> {
  const { code } = (await stream.response.json()) as { code: string };
  return { status: stream.response.status, code, retryAfter: stream.response.headers.get('retry-after') };
}

describe.each(ENGINES)('a watched vault on %s', () => {
  test('tells of each change as it happens, in order, without values', async () => {
    await using server = await startTestServer();
    const { root, place } = await startVault(server);
    await using stream = await watching(root, place);
    expect(stream.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(stream.response.headers.get('cache-control')).toBe('no-store, no-transform');
    expect(stream.response.headers.get('x-content-type-options')).toBe('nosniff');

    const entry = { ...place, key: 'KEY' };
    await root.ok('vault_create', { ...entry, value: CANARY, comment: CANARY });
    await root.ok('vault_update', { ...entry, value: `${CANARY} 2` });
    await root.ok('vault_version_restore', { ...entry, version: 1 });
    await root.ok('vault_delete', entry);
    await root.ok('vault_create', { ...entry, value: CANARY });
    const entries = ['NEW', 'KEY'].map((key) => ({ key, value: `${CANARY} 3` }));
    await root.ok('vault_import', { ...place, entries: [...entries, { key: 'SAME', value: 'same' }] });

    const events = await stream.take(8);
    expect(events.map(({ event, data }) => [event, data.type, data.key])).toEqual([
      ['change', 'vault_create', 'KEY'],
      ['change', 'vault_update', 'KEY'],
      ['change', 'vault_version_restore', 'KEY'],
      ['change', 'vault_delete', 'KEY'],
      ['change', 'vault_create', 'KEY'],
      ['change', 'vault_create', 'NEW'],
      ['change', 'vault_update', 'KEY'],
      ['change', 'vault_create', 'SAME'],
    ]);
    expect(Object.keys(events[0]?.data).toSorted()).toEqual(['at', 'index', 'key', 'type']);
    expect(stream.text).not.toContain(CANARY);
  });

  test('tells nothing of another project, another environment, a refused change or a project of the same name before', async () => {
    await using server = await startTestServer();
    const { root, place } = await startVault(server);
    const create = { id: 'again', name: 'Again', api_path: '/again' };
    await root.ok('project_create', create);
    await root.ok('vault_create', { project_id: 'again', key: 'BEFORE', value: 'x' });
    await root.ok('project_delete', { project_id: 'again' });
    await root.ok('project_create', create);
    await root.ok('environment_create', { project_id: 'again', id: 'staging', name: 'Staging' });
    await using stream = await watching(root, { project_id: 'again' }, { 'last-event-id': '0' });

    await root.ok('vault_create', { ...place, key: 'OTHER_PROJECT', value: 'x' });
    await root.ok('vault_create', {
      project_id: 'again',
      environment: 'staging',
      key: 'STAGING',
      value: 'x',
    });
    await root.refused('vault_update', { project_id: 'again', key: 'MISSING', value: 'x' });
    await root.ok('vault_create', { project_id: 'again', key: 'LAST', value: 'x' });

    expect((await stream.next())?.data.key).toBe('LAST');
  });

  test('is resumed without loss and without doubling, while others write', async () => {
    await using server = await startTestServer();
    const { root, place } = await startVault(server);
    let stream = await watching(root, place);
    const { lastId } = stream;
    const writing = Promise.all(
      [0, 1, 2, 3].map(async (writer) => {
        for (let turn = 0; turn < 25; turn += 1)
          await root.ok('vault_create', { ...place, key: `K${writer}_${turn}`, value: 'x' });
      }),
    );
    const seen: string[] = [];
    for (let turn = 0; seen.length < 100; turn += 1) {
      for (const { data } of await stream.take(Math.min(1 + (turn % 9), 100 - seen.length)))
        seen.push(data.key);
      await stream[Symbol.asyncDispose]();
      stream = await watch(root, place, { 'last-event-id': stream.lastId ?? lastId ?? '' });
    }
    await writing;
    await stream[Symbol.asyncDispose]();
    const { events } = await root.ok('event_fetch', { type: 'vault_create', limit: 100 });
    expect(seen).toEqual(events.map(({ object }: { object: string }) => object).toReversed());
  });

  test('resumes after more changes than one look takes', async () => {
    await using server = await startTestServer();
    const { root, place } = await startVault(server);
    const keys = Array.from({ length: 1100 }, (_, index) => `K${index}`);
    for (let at = 0; at < keys.length; at += 500) {
      const entries = keys.slice(at, at + 500).map((key) => ({ key, value: 'x' }));
      await root.ok('vault_import', { ...place, entries });
    }
    await using stream = await watch(root, place, { 'last-event-id': '0' });
    expect((await stream.take(keys.length)).map(({ data }) => data.key)).toEqual(keys);
  });

  test('tells of what another process writes', async () => {
    using directory = temporaryDirectory();
    await using server = await startTestServer({ dataDir: directory.path });
    const { root, place } = await startVault(server);
    await using other = await startTestServer({ dataDir: directory.path });
    const elsewhere = other.anonymous();
    elsewhere.token = root.token;
    await using stream = await watching(root, place);
    await elsewhere.ok('vault_create', { ...place, key: 'ELSEWHERE', value: 'x' });
    expect((await stream.next())?.data.key).toBe('ELSEWHERE');
  });

  test('is asked without a stream, too, and goes on where it was', async () => {
    await using server = await startTestServer();
    const { root, place } = await startVault(server);
    const now = await root.ok('vault_watch', place);
    expect(now).toMatchObject({ changes: [], more: false });
    await root.ok('vault_create', { ...place, key: 'KEY', value: 'x' });
    const next = await root.ok('vault_watch', { ...place, after: now.last });
    expect(next.changes).toMatchObject([{ type: 'vault_create', key: 'KEY' }]);
    expect(await root.ok('vault_watch', { ...place, after: next.last })).toMatchObject({ changes: [] });
  });

  test('puts its opening on record, once', async () => {
    await using server = await startTestServer({ watchLimits: { heartbeatMs: 20 } });
    const { root, place } = await startVault(server);
    await using stream = await watching(root, place);
    await root.ok('vault_create', { ...place, key: 'KEY', value: 'x' });
    await stream.next();
    for (let beats = 0; beats < 3; beats += 1) expect(await stream.block()).toContain(': here');
    const { events } = await root.ok('event_fetch', { type: 'vault_watch' });
    expect(events).toMatchObject([
      { outcome: 'success', project_id: place.project_id, environment: 'default' },
    ]);
  });

  test.each([
    ['last-event-id', { 'last-event-id': 'x' }],
    ['after', { 'last-event-id': '999999' }],
  ])('refuses to go on from where it never was: %s', async (path, headers) => {
    await using server = await startTestServer();
    const { root, place } = await startVault(server);
    await using stream = await watch(root, place, headers);
    expect(stream.response.status).toBe(400);
    expect(await stream.response.json()).toMatchObject({ code: 'invalid_input', errors: [{ path }] });
  });
});

type Loss = readonly [
  what: string,
  code: string,
  lose: (given: { server: TestServer; root: Client; member: Client; project_id: string }) => Promise<unknown>,
];

const LOSSES: readonly Loss[] = [
  [
    'is removed from the project',
    'project_not_found',
    async ({ root, member, project_id }) =>
      await root.ok('project_member_remove', { project_id, uid: member.uid, force: true }),
  ],
  [
    'gets a role that may not',
    'forbidden',
    async ({ root, member }) => await root.ok('user_update', { uid: member.uid, role: 'AUTHOR' }),
  ],
  ['signs out', 'session_ended', async ({ member }) => await member.ok('user_logout')],
  [
    'is deleted',
    'session_ended',
    async ({ root, member }) => await root.ok('user_delete', { uid: member.uid }),
  ],
  [
    'loses the project',
    'project_not_found',
    async ({ root, project_id }) => await root.ok('project_delete', { project_id }),
  ],
];

describe.each(ENGINES)('who watches on %s and', () => {
  test.each(LOSSES)('%s learns of no later change: %s', async (_, code, lose) => {
    await using server = await startTestServer({ watchLimits: { heartbeatMs: 60_000 } });
    const root = await server.setUp();
    const member = await server.user(root, 'ADMIN');
    const project_id = await server.project(root);
    await root.ok('project_member_add', { project_id, uid: member.uid });
    await using stream = await watching(member, { project_id });
    await lose({ server, root, member, project_id });
    if (
      code !== 'project_not_found' ||
      (await root.call('project_fetch_one', { project_id })).status === 200
    ) {
      await root.ok('vault_create', { project_id, key: 'LATER', value: 'x' });
      expect(await stream.next()).toMatchObject({ event: 'end', data: { code } });
      expect(await stream.next()).toBe(undefined);
    }
    expect(stream.text).not.toContain('LATER');
  });

  test.each(LOSSES)('%s is told so at the next heartbeat: %s', async (_, code, lose) => {
    await using server = await startTestServer({ watchLimits: { heartbeatMs: 20 } });
    const root = await server.setUp();
    const member = await server.user(root, 'ADMIN');
    const project_id = await server.project(root);
    await root.ok('project_member_add', { project_id, uid: member.uid });
    await using stream = await watching(member, { project_id });
    await lose({ server, root, member, project_id });
    expect(await stream.next()).toMatchObject({ event: 'end', data: { code } });
    expect(await stream.next()).toBe(undefined);
  });

  test('whose token expires has to come back with another', async () => {
    let now = Date.now();
    await using server = await startTestServer({ clock: () => now, watchLimits: { heartbeatMs: 20 } });
    const { root, place } = await startVault(server);
    await using stream = await watching(root, place);
    now += 16 * 60 * 1000;
    expect(await stream.next()).toMatchObject({ event: 'end', data: { code: 'token_expired' } });
  });

  test('whose cookie is replaced meanwhile goes on watching', async () => {
    let now = Date.now();
    await using server = await startTestServer({ clock: () => now, watchLimits: { heartbeatMs: 20 } });
    const { root, place } = await startVault(server);
    const login = await root.call('user_login', { auth_data: 'root', password: PASSWORD });
    const cookie = login.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    const browser = server.anonymous();
    await using stream = await watching(browser, place, { cookie });
    await browser.call('user_refresh', {}, { cookie, origin: server.app.url });
    now += 60_000;
    await root.ok('vault_create', { ...place, key: 'KEY', value: 'x' });
    expect((await stream.next())?.data.key).toBe('KEY');
    expect(await root.ok('event_fetch', { type: 'session_reuse' })).toMatchObject({ amount: 0 });
  });
});

describe.each(ENGINES)('watchers on %s', () => {
  test('are so many for a user, and a place is free again when one leaves', async () => {
    await using server = await startTestServer({ watchLimits: { perUserMax: 2 } });
    const { root, place } = await startVault(server);
    await using one = await watching(root, place);
    await using two = await watching(root, place);
    await using refused = await watch(root, place);
    expect(await problemOf(refused)).toEqual({ status: 429, code: 'too_many_watchers', retryAfter: '30' });
    const other = await server.user(root, 'ADMIN');
    await root.ok('project_member_add', { ...place, uid: other.uid });
    await using another = await watching(other, place);
    expect([two, another].map(({ response }) => response.status)).toEqual([200, 200]);

    await one[Symbol.asyncDispose]();
    await expect
      .poll(async () => {
        await using next = await watch(root, place);
        return next.response.status;
      })
      .toBe(200);
  });

  test('are so many in all', async () => {
    await using server = await startTestServer({ watchLimits: { inAllMax: 1 } });
    const { root, place } = await startVault(server);
    await using one = await watching(root, place);
    await using refused = await watch(root, place);
    expect(one.response.status).toBe(200);
    expect(await problemOf(refused)).toMatchObject({ status: 503, code: 'overloaded' });
  });

  test('who may not watch take no place', async () => {
    await using server = await startTestServer({ watchLimits: { inAllMax: 1 } });
    const { root, place } = await startVault(server);
    await using refused = await watch(root, { project_id: 'nothing' });
    expect(await problemOf(refused)).toMatchObject({ status: 404, code: 'project_not_found' });
    await using one = await watching(root, place);
    expect(one.response.status).toBe(200);
  });

  test('are let go at once when the server stops', async () => {
    await using server = await startTestServer();
    const { root, place } = await startVault(server);
    await using stream = await watching(root, place);
    const [, rest] = await Promise.all([server.stop(), stream.next()]);
    expect(rest).toBe(undefined);
  });

  test('who do not read are dropped', async () => {
    await using server = await startTestServer({ watchLimits: { unreadMs: 500, perUserMax: 1 } });
    const { root, place } = await startVault(server);
    await root.ok('vault_create', { ...place, key: 'K'.repeat(255), value: '' });
    // More than the buffers of the sockets take. Copies have no place in the tree, so the log is not verified here.
    await sql`
      insert into audit_entry (idx, type, at, uid, project_id, body)
      with recursive copy (n) as (select 1000 union all select n + 1 from copy where n < 60000)
      select n, type, at, uid, project_id, body from audit_entry, copy where type = 'vault_create'
    `.execute(server.app.context.store.db);
    const { hostname, port } = new URL(server.app.url);
    const socket = connect(Number(port), hostname);
    socket.write(
      `GET /vault/watch?project_id=${place.project_id}&after=0 HTTP/1.1\r\nhost: ${hostname}\r\naccept: text/event-stream\r\nauthorization: Bearer ${root.token ?? ''}\r\n\r\n`,
    );
    await once(socket, 'data');
    socket.pause();
    await using refused = await watch(root, place);
    expect(refused.response.status).toBe(429);
    // Its place is free again, though nobody closed the connection here.
    await expect
      .poll(
        async () => {
          await using next = await watch(root, place);
          return next.response.status;
        },
        { timeout: 15_000 },
      )
      .toBe(200);
    socket.destroy();
    await server.stop();
  });
});

describe.each(ENGINES)('a token that watches on %s', () => {
  test('learns of the keys that it covers alone, and of nothing once it is revoked', async () => {
    await using server = await startTestServer();
    const { root, place } = await startVault(server);
    const { project_id } = place;
    const grant = { permissions: ['vault.watch'], keys: ['STRIPE_*'] };
    const made = await root.ok('token_create', { kind: 'service', name: 'CI', project_id, ...grant });
    const program = new Client(server.app.url, made.token);
    await using stream = await watching(program, place);
    await root.ok('vault_create', { ...place, key: 'OTHER', value: 'x' });
    await root.ok('vault_create', { ...place, key: 'STRIPE_KEY', value: 'x' });
    expect((await stream.next())?.data.key).toBe('STRIPE_KEY');
    await root.ok('token_revoke', { id: made.access_token.id });
    await root.ok('vault_create', { ...place, key: 'STRIPE_NEXT', value: 'x' });
    expect(await stream.next()).toMatchObject({ event: 'end', data: { code: 'token_invalid' } });
  });
});
