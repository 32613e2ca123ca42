import { readFileSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { canonicalJson, type AuditEntry } from '@coffer/core';
import { sql } from 'kysely';
import { describe, expect, test, vi } from 'vitest';
import { verifyAuditLog } from '../src/services/audit-verification.ts';
import { findNewestIndex } from '../src/store/audit.ts';
import type { Reader } from '../src/store/database.ts';
import { runAdminHere } from '../src/testing/admin.ts';
import type { Answer, Client } from '../src/testing/client.ts';
import { findForms, formsOf, temporaryDirectory } from '../src/testing/data-dir.ts';
import { acceptRows, OtherConnection, refuseRows } from '../src/testing/database-faults.ts';
import { ENGINE, ENGINES } from '../src/testing/engines.ts';
import { ServerProcess } from '../src/testing/process.ts';
import { PASSWORD, startTestServer, type TestServer } from '../src/testing/server.ts';

type Event = Omit<AuditEntry, 'v'>;

/** The log as it is stored, in order. */
async function readLog(server: TestServer): Promise<AuditEntry[]> {
  const rows = await server.app.context.store.db
    .selectFrom('audit_entry')
    .select('body')
    .orderBy('idx')
    .execute();
  return rows.map(({ body }) => JSON.parse(body) as AuditEntry);
}

function requestIdOf(answer: Answer): string {
  return answer.headers.get('x-request-id') ?? 'none';
}

/** So many GET requests in one write; answers with everything that came back. */
async function pipelined(client: Client, path: string, requests: number): Promise<string> {
  const { hostname, port } = new URL(client.url);
  const lines = (last: boolean): string =>
    [
      `GET ${path} HTTP/1.1`,
      `host: ${hostname}`,
      `authorization: Bearer ${client.token ?? ''}`,
      `connection: ${last ? 'close' : 'keep-alive'}`,
      '\r\n',
    ].join('\r\n');
  const socket = connect({ host: hostname, port: Number(port) });
  socket.write(Array.from({ length: requests }, (_, index) => lines(index === requests - 1)).join(''));
  return await text(socket);
}

async function fetchEvents(client: Client, query: Record<string, unknown> = {}): Promise<Event[]> {
  return (await client.ok('event_fetch', { limit: 100, ...query })).events;
}

describe.each(ENGINES)('the log on %s', () => {
  test('has no gap and one record for each of 200 calls at once, whatever they are and however they end', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const author = await server.user(root, 'AUTHOR');
    const project_id = await server.project(root);
    await root.ok('vault_create', { project_id, key: 'SHARED', value: 'x' });
    const calls = Array.from({ length: 25 }, (_, index) => [
      root.call('vault_create', { project_id, key: `K${index}`, value: 'x' }),
      root.call('vault_create', { project_id, key: 'TAKEN', value: 'x' }),
      root.call('vault_fetch_one', { project_id, key: 'SHARED' }),
      root.call('vault_fetch', { project_id }),
      root.call('vault_update', {
        project_id,
        key: 'SHARED',
        value: 'y',
        ...(index % 2 === 0 ? { if_version: 1 } : {}),
      }),
      root.call('vault_delete', { project_id, key: `GONE${index}` }),
      author.call('vault_fetch_one', { project_id, key: 'SHARED' }),
      root.call('user_create', {
        username: `user${index}`,
        email: `user${index}@example.org`,
        first_name: 'U',
        last_name: '',
        password: PASSWORD,
        role: 'VIEWER',
      }),
    ]);
    const answers = await Promise.all(calls.flat());
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 201, 404, 409]));
    const log = await readLog(server);
    expect(log.map(({ index }) => index)).toEqual(log.map((_, index) => index));
    const recorded = log
      .map(({ request_id: id }) => id)
      .filter((id) => answers.some((answer) => requestIdOf(answer) === id));
    expect(recorded).toHaveLength(answers.length);
    expect(new Set(recorded).size).toBe(answers.length);
    expect(await verifyAuditLog(server.app.context.store.db)).toMatchObject({ size: log.length });
  });

  test('has no gap when two servers write to it at once', async () => {
    using directory = temporaryDirectory();
    await using one = await startTestServer({ dataDir: directory.path });
    const root = await one.setUp();
    const project_id = await one.project(root);
    await root.ok('vault_create', { project_id, key: 'A', value: 'x' });
    await using two = await startTestServer({ dataDir: directory.path });
    const elsewhere = two.anonymous();
    elsewhere.token = root.token;
    const clients = [root, elsewhere];
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) => {
        const client = clients[index % 2] ?? root;
        return index % 5 === 0
          ? client.call('vault_create', { project_id, key: `K${index}`, value: 'x' })
          : client.call('vault_fetch_one', { project_id, key: 'A' });
      }),
    );
    expect(answers.filter(({ status }) => status >= 400)).toEqual([]);
    const log = await readLog(one);
    expect(log.map(({ index }) => index)).toEqual(log.map((_, index) => index));
    const ids = new Set(log.map((entry) => entry.request_id));
    expect(answers.filter((answer) => !ids.has(requestIdOf(answer)))).toEqual([]);
  });

  test('serves many reads with few commits', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const project_id = await server.project(root);
    await root.ok('vault_create', { project_id, key: 'A', value: 'x' });
    const transaction = vi.spyOn(server.app.context.store, 'transaction');
    // In one piece on each connection: the client shares the event loop and would hand in one after the other.
    const answers = await Promise.all(
      [1, 2, 3].map(
        async () => await pipelined(root, `/vault/fetch/one?project_id=${project_id}&key=A`, 100),
      ),
    );
    expect(answers.map((answer) => answer.match(/HTTP\/1\.1 200 /g)?.length)).toEqual([100, 100, 100]);
    expect(transaction.mock.calls.length).toBeGreaterThan(0);
    expect(transaction.mock.calls.length).toBeLessThan(30);
    const { amount } = await root.ok('event_fetch', { type: 'vault_view' });
    expect(amount).toBe(300);
  });

  test('takes what is handed in at one moment in one commit, up to the size of a batch', async () => {
    await using server = await startTestServer();
    const { audit, store } = server.app.context;
    const transaction = vi.spyOn(store, 'transaction');
    const [first] = await readLog(server);
    if (first === undefined) throw new Error('the log is empty');
    const { v: _v, index: _index, at: _at, ...draft } = first;
    await Promise.all(Array.from({ length: 1000 }, async () => await audit.record(draft)));
    expect(transaction.mock.calls.length).toBeLessThanOrEqual(5);
    expect(await readLog(server)).toHaveLength(1001);
  });

  test('holds the record of a read, for every other connection to see, before the value leaves', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const project_id = await server.project(root);
    await root.ok('vault_create', { project_id, key: 'A', value: 'x' });
    const { store } = server.app.context;
    const commit = store.transaction.bind(store);
    const gate = Promise.withResolvers<void>();
    const transaction = vi.spyOn(store, 'transaction').mockImplementation(async (work) => {
      await gate.promise;
      return await commit(work);
    });
    let arrived = 0;
    const reads = Array.from({ length: 20 }, async () => {
      const answer = await root.call('vault_fetch_one', { project_id, key: 'A' });
      arrived += 1;
      return answer;
    });
    await vi.waitFor(() => expect(transaction).toHaveBeenCalled());
    // While nothing can be committed other calls are answered, but no value is.
    await root.ok('user_me');
    expect(arrived).toBe(0);
    gate.resolve();
    await using other = await OtherConnection.open(server);
    for (const answer of await Promise.all(reads)) {
      const like = `select body from audit_entry where body like '%${requestIdOf(answer)}%'`;
      expect(await other.rows(like)).toHaveLength(1);
    }
  });

  test('is refused as a whole to a read of which one record cannot be written: nothing is half on record', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const project_id = await server.project(root);
    for (const key of ['A', 'B', 'C']) await root.ok('vault_create', { project_id, key, value: 'x' });
    await refuseRows(server, 'audit_entry', {
      condition: `new.type = 'vault_view' and new.body like '%"object":"B"%'`,
    });
    const { body } = await root.call('vault_fetch', { project_id, values: true });
    expect(body.code).toBe('audit_unavailable');
    expect((await readLog(server)).filter(({ type }) => type === 'vault_view')).toEqual([]);
  });
});

const CHANGED_TABLES = [
  'user',
  'session',
  'project',
  'member',
  'environment',
  'entry',
  'entry_version',
  'ciphertext',
  'data_key',
] as const;

async function dump(db: Reader): Promise<string> {
  const tables = [];
  for (const table of CHANGED_TABLES) tables.push([table, await db.selectFrom(table).selectAll().execute()]);
  return JSON.stringify(tables);
}

describe.each(ENGINES)('a change whose record cannot be written is not made (R34) on %s:', () => {
  const CHANGES: [string, (world: World) => Promise<Answer>][] = [
    ['user_login', ({ root }) => root.call('user_login', { auth_data: 'root', password: PASSWORD })],
    ['user_logout', ({ root }) => root.call('user_logout')],
    [
      'user_create',
      ({ root }) =>
        root.call('user_create', {
          username: 'new',
          email: 'new@example.org',
          first_name: 'N',
          last_name: '',
          password: PASSWORD,
          role: 'VIEWER',
        }),
    ],
    ['user_update', ({ root, admin }) => root.call('user_update', { uid: admin.uid, role: 'VIEWER' })],
    [
      'user_password',
      ({ admin }) =>
        admin.call('user_password', { current_password: PASSWORD, new_password: `${PASSWORD}-2` }),
    ],
    [
      'user_password_reset',
      ({ root, admin }) =>
        root.call('user_password_reset', { uid: admin.uid, new_password: 'harbour-quilt-ember-19' }),
    ],
    [
      'user_session_delete',
      async ({ root }) => {
        const { sessions } = await root.ok('user_session_fetch');
        return await root.call('user_session_delete', {
          id: sessions.find(({ current }: { current: boolean }) => !current).id,
        });
      },
    ],
    ['user_delete', ({ root, admin }) => root.call('user_delete', { uid: admin.uid })],
    [
      'project_create',
      ({ root }) => root.call('project_create', { id: 'new', name: 'New', api_path: '/new' }),
    ],
    ['project_update', ({ root }) => root.call('project_update', { project_id: 'project_1', name: 'Other' })],
    ['project_delete', ({ root }) => root.call('project_delete', { project_id: 'project_1' })],
    [
      'project_member_add',
      ({ root, author }) => root.call('project_member_add', { project_id: 'project_1', uid: author.uid }),
    ],
    [
      'project_member_remove',
      ({ root, admin }) => root.call('project_member_remove', { project_id: 'project_1', uid: admin.uid }),
    ],
    [
      'environment_create',
      ({ root }) => root.call('environment_create', { project_id: 'project_1', id: 'new', name: 'New' }),
    ],
    [
      'environment_delete',
      ({ root }) => root.call('environment_delete', { project_id: 'project_1', id: 'empty' }),
    ],
    [
      'vault_create',
      ({ root }) => root.call('vault_create', { project_id: 'project_1', key: 'NEW', value: 'x' }),
    ],
    [
      'vault_update',
      ({ root }) => root.call('vault_update', { project_id: 'project_1', key: 'A', value: 'z' }),
    ],
    [
      'vault_version_restore',
      ({ root }) => root.call('vault_version_restore', { project_id: 'project_1', key: 'A', version: 1 }),
    ],
    [
      'vault_import',
      ({ root }) =>
        root.call('vault_import', {
          project_id: 'project_1',
          entries: [
            { key: 'A', value: 'z' },
            { key: 'NEW', value: 'x' },
          ],
        }),
    ],
    ['vault_delete', ({ root }) => root.call('vault_delete', { project_id: 'project_1', key: 'A' })],
  ];

  type World = { root: Client; admin: Client; author: Client };

  async function makeWorld(server: TestServer): Promise<World> {
    const root = await server.setUp();
    const [admin, author] = [await server.user(root, 'ADMIN'), await server.user(root, 'AUTHOR')];
    const project_id = await server.project(root);
    await root.ok('project_member_add', { project_id, uid: admin.uid });
    await root.ok('environment_create', { project_id, id: 'empty', name: 'Empty' });
    await root.ok('vault_create', { project_id, key: 'A', value: 'x' });
    await root.ok('vault_update', { project_id, key: 'A', value: 'y' });
    await server.anonymous().signIn('user_login', { auth_data: 'root', password: PASSWORD });
    return { root, admin, author };
  }

  test.each(CHANGES)('%s', async (type, change) => {
    await using server = await startTestServer();
    const world = await makeWorld(server);
    const { db } = server.app.context.store;
    await refuseRows(server, 'audit_entry', { condition: `new.body like '%"outcome":"success"%'` });
    const before = await dump(db);
    const { body } = await change(world);
    expect(body.code).toBe('internal');
    expect(await dump(db)).toBe(before);
    // Without the obstacle it is made, so it was the record that it failed for.
    await acceptRows(server, 'audit_entry');
    expect((await change(world)).status).toBeLessThan(300);
    expect(await dump(db)).not.toBe(before);
    expect((await readLog(server)).at(-1)).toMatchObject({ type, outcome: 'success' });
  });

  test('instance_setup', async () => {
    await using server = await startTestServer();
    const { db } = server.app.context.store;
    await refuseRows(server, 'audit_entry', { condition: `new.type = 'instance_setup'` });
    const before = await dump(db);
    await expect(server.setUp()).rejects.toThrow('internal');
    expect(await dump(db)).toBe(before);
    await acceptRows(server, 'audit_entry');
    await server.setUp();
  });
});

describe.each(ENGINES)('reading the log on %s', () => {
  const MINUTE_MS = 60_000;

  /** Two projects, an ADMIN in one of them, and a clock that stands still unless it is told to move. */
  async function makeWorld() {
    const time = { now: Date.now() };
    const server = await startTestServer({ clock: () => time.now });
    const root = await server.setUp();
    const admin = await server.user(root, 'ADMIN');
    const [one, two] = [await server.project(root), await server.project(root)];
    await root.ok('project_member_add', { project_id: one, uid: admin.uid });
    return { server, time, root, admin, one, two };
  }

  test('shows the newest first, each as it was recorded', async () => {
    const { server, root, one } = await makeWorld();
    await using _ = server;
    await root.ok('vault_create', { project_id: one, key: 'A', value: 'x' });
    const read = await root.call('vault_fetch_one', { project_id: one, key: 'A' });
    const log = await readLog(server);
    const events = await fetchEvents(root);
    expect(events).toEqual(log.toReversed().map(({ v: _v, ...event }) => event));
    expect(events[0]).toEqual({
      index: log.length - 1,
      type: 'vault_view',
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      outcome: 'success',
      uid: root.uid,
      username: 'root',
      project_id: one,
      environment: 'default',
      object: 'A',
      ip: '127.0.0.1',
      request_id: requestIdOf(read),
      details: { version: 1 },
    });
  });

  test('is filtered by project, type, user and any of them together', async () => {
    const { server, root, admin, one, two } = await makeWorld();
    await using _ = server;
    await root.ok('vault_create', { project_id: one, key: 'A', value: 'x' });
    await root.ok('vault_create', { project_id: two, key: 'B', value: 'x' });
    await admin.ok('vault_fetch_one', { project_id: one, key: 'A' });
    await root.ok('vault_fetch_one', { project_id: one, key: 'A' });
    expect((await fetchEvents(root, { project_id: two })).map(({ type, object }) => [type, object])).toEqual([
      ['vault_create', 'B'],
      ['project_create', two],
    ]);
    expect((await fetchEvents(root, { type: 'vault_create' })).map(({ object }) => object)).toEqual([
      'B',
      'A',
    ]);
    expect((await fetchEvents(root, { uid: admin.uid })).map(({ type }) => type)).toEqual([
      'vault_view',
      'user_login',
    ]);
    const { events, amount } = await root.ok('event_fetch', {
      project_id: one,
      type: 'vault_view',
      uid: root.uid,
    });
    expect(amount).toBe(1);
    expect(events).toMatchObject([{ object: 'A', username: 'root' }]);
    expect(await fetchEvents(root, { project_id: two, uid: admin.uid })).toEqual([]);
  });

  test('is filtered by time: from a moment on, up to before a moment', async () => {
    const { server, time, root, one } = await makeWorld();
    await using _ = server;
    const start = time.now;
    for (const minute of [1, 2, 3]) {
      time.now = start + minute * MINUTE_MS;
      await root.ok('vault_create', { project_id: one, key: `K${minute}`, value: 'x' });
    }
    const at = (minute: number): string => new Date(start + minute * MINUTE_MS).toISOString();
    const keys = async (query: Record<string, unknown>): Promise<unknown[]> =>
      (await fetchEvents(root, { ...query, type: 'vault_create' })).map(({ object }) => object);
    expect(await keys({ from: at(2) })).toEqual(['K3', 'K2']);
    expect(await keys({ to: at(2) })).toEqual(['K1']);
    expect(await keys({ from: at(2), to: at(3) })).toEqual(['K2']);
    expect(await keys({ from: at(3), to: at(2) })).toEqual([]);
    expect(await keys({ from: at(2).replace('Z', '+00:00') })).toEqual(['K3', 'K2']);
    expect(await keys({ from: new Date(start + 2 * MINUTE_MS + 1).toISOString() })).toEqual(['K3']);
  });

  test('goes page by page without loss or repetition, and says how many there are in all', async () => {
    const { server, root, one } = await makeWorld();
    await using _ = server;
    for (let index = 0; index < 25; index += 1) {
      await root.ok('vault_create', { project_id: one, key: `K${index}`, value: 'x' });
    }
    const seen: number[] = [];
    for (let offset = 0; offset < 30; offset += 7) {
      const { events, amount } = await root.ok('event_fetch', { type: 'vault_create', limit: 7, offset });
      expect(amount).toBe(25);
      seen.push(...(events as Event[]).map(({ index }) => index));
    }
    expect(seen).toHaveLength(25);
    expect(seen).toEqual(seen.toSorted((a, b) => b - a));
    expect(new Set(seen).size).toBe(25);
    const { events } = await root.ok('event_fetch');
    expect(events).toHaveLength(10);
  });

  test('shows an ADMIN what concerns the projects they are a member of, and nothing else', async () => {
    const { server, root, admin, one, two } = await makeWorld();
    await using _ = server;
    await root.ok('vault_create', { project_id: one, key: 'A', value: 'x' });
    await root.ok('vault_create', { project_id: two, key: 'B', value: 'x' });
    const seen = await fetchEvents(admin);
    expect(new Set(seen.map((event) => event.project_id))).toEqual(new Set([one]));
    expect(seen.map(({ type }) => type)).toEqual(['vault_create', 'project_member_add', 'project_create']);
    expect(await admin.refused('event_fetch', { project_id: two })).toBe('project_not_found');
    expect(await fetchEvents(admin, { type: 'user_create' })).toEqual([]);
    expect(await fetchEvents(admin, { uid: root.uid, type: 'vault_create' })).toMatchObject([
      { object: 'A' },
    ]);
    await root.ok('project_member_remove', { project_id: one, uid: admin.uid });
    expect(await fetchEvents(admin)).toEqual([]);
  });

  test('shows ROOT the projects that they are not a member of, too', async () => {
    const { server, root, one } = await makeWorld();
    await using _ = server;
    await root.ok('project_member_remove', { project_id: one, uid: root.uid });
    const [newest] = await fetchEvents(root, { project_id: one });
    expect(newest).toMatchObject({ type: 'project_member_remove', object: root.uid });
  });

  test('is for ROOT and ADMIN alone, and the attempts of others are on record', async () => {
    const { server, root } = await makeWorld();
    await using _ = server;
    for (const role of ['AUTHOR', 'VIEWER'] as const) {
      const client = await server.user(root, role);
      expect(await client.refused('event_fetch')).toBe('forbidden');
      expect((await readLog(server)).at(-1)).toMatchObject({
        type: 'event_list',
        outcome: 'denied',
        uid: client.uid,
      });
    }
  });

  test('is itself on record: who read how much of which project', async () => {
    const { server, root, admin, one } = await makeWorld();
    await using _ = server;
    const answer = await admin.call('event_fetch', { project_id: one, limit: 1 });
    expect((await readLog(server)).at(-1)).toMatchObject({
      type: 'event_list',
      outcome: 'success',
      uid: admin.uid,
      project_id: one,
      request_id: requestIdOf(answer),
      details: { events: 1 },
    });
    const [newest] = await fetchEvents(root, { type: 'event_list' });
    expect(newest).toMatchObject({ uid: admin.uid });
  });
});

async function rewrite(db: Reader, idx: number, change: Partial<AuditEntry>): Promise<void> {
  const { body } = await db
    .selectFrom('audit_entry')
    .select('body')
    .where('idx', '=', idx)
    .executeTakeFirstOrThrow();
  const altered = canonicalJson({ ...(JSON.parse(body) as AuditEntry), ...change });
  await db.updateTable('audit_entry').set({ body: altered }).where('idx', '=', idx).execute();
}

describe.each(ENGINES)('verification on %s finds', () => {
  async function shift(db: Reader, from: number, by: number): Promise<void> {
    // Through negative numbers: the index is unique at every moment.
    await sql`update audit_entry set idx = -(idx + ${by}) where idx >= ${from}`.execute(db);
    await sql`update audit_entry set idx = -idx where idx < 0`.execute(db);
  }

  const addBeforeFirst = async (db: Reader): Promise<unknown> =>
    await sql`insert into audit_entry (idx, type, at, uid, project_id, body)
      select -1, type, at, uid, project_id, body from audit_entry where idx = 0`.execute(db);

  test('a row before the first is none that anyone is shown', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    await server.project(root);
    const { db } = server.app.context.store;
    const { events, amount } = await root.ok('event_fetch', { limit: 100 });
    await addBeforeFirst(db);
    for (const query of [{}, { from: '2000-01-01T00:00:00Z' }]) {
      const after = await root.ok('event_fetch', { limit: 100, ...query });
      expect(after.events.filter(({ type }: { type: string }) => type !== 'event_list')).toEqual(
        events.filter(({ type }: { type: string }) => type !== 'event_list'),
      );
      expect(after.amount).toBeGreaterThan(amount);
    }
    await server.stop();
  });

  const last = async (db: Reader): Promise<number> => (await verifyAuditLog(db)).size - 1;

  test.each<[string, (db: Reader) => Promise<unknown>]>([
    ['an edited body', async (db) => await rewrite(db, 3, { username: 'mallory' })],
    ['an edited first body', async (db) => await rewrite(db, 0, { object: 'ins_0' })],
    ['an edited last body', async (db) => await rewrite(db, await last(db), { outcome: 'error' })],
    [
      'a body that says the same in other bytes',
      async (db) =>
        await sql`update audit_entry set body = replace(body, '"v":1', '"v": 1') where idx = 3`.execute(db),
    ],
    ['a body that claims another index', async (db) => await rewrite(db, 3, { index: 4 })],
    ['a deleted row', async (db) => await sql`delete from audit_entry where idx = 3`.execute(db)],
    ['a row before the first', addBeforeFirst],
    ['a deleted first row', async (db) => await sql`delete from audit_entry where idx = 0`.execute(db)],
    [
      'a deleted row with the gap closed',
      async (db) => {
        await sql`delete from audit_entry where idx = 3`.execute(db);
        await shift(db, 4, -1);
      },
    ],
    [
      'a deleted row with the gap closed, in the bodies too',
      async (db) => {
        const end = await last(db);
        await sql`delete from audit_entry where idx = 3`.execute(db);
        await shift(db, 4, -1);
        for (let idx = 3; idx < end; idx += 1) await rewrite(db, idx, { index: idx });
      },
    ],
    [
      'an inserted row',
      async (db) => {
        await shift(db, 3, 1);
        await sql`insert into audit_entry select 3, type, at, uid, project_id, body, route_id, closes from audit_entry where idx = 2`.execute(
          db,
        );
      },
    ],
    [
      'a row put on at the end',
      async (db) => {
        const end = (await last(db)) + 1;
        await sql`insert into audit_entry select ${end}, type, at, uid, project_id, body, route_id, closes from audit_entry where idx = 2`.execute(
          db,
        );
        await rewrite(db, end, { index: end });
      },
    ],
    [
      'two rows that changed places',
      async (db) => {
        await sql`update audit_entry set idx = -1 where idx = 3`.execute(db);
        await sql`update audit_entry set idx = 3 where idx = 4`.execute(db);
        await sql`update audit_entry set idx = 4 where idx = -1`.execute(db);
      },
    ],
    [
      'two rows that changed places, with their indexes corrected',
      async (db) => {
        await sql`update audit_entry set idx = -1 where idx = 3`.execute(db);
        await sql`update audit_entry set idx = 3 where idx = 4`.execute(db);
        await sql`update audit_entry set idx = 4 where idx = -1`.execute(db);
        await rewrite(db, 3, { index: 3 });
        await rewrite(db, 4, { index: 4 });
      },
    ],
    ['a truncated tail', async (db) => await sql`delete from audit_entry where idx > 4`.execute(db)],
    [
      'a truncated tail with the size in the head corrected',
      async (db) => {
        await sql`delete from audit_entry where idx > 2`.execute(db);
        // Three leaves have two subtrees: that many hashes of the true frontier are left.
        await sql`update audit_head set size = 3, frontier = substr(frontier, 1, 64)`.execute(db);
      },
    ],
    ['an emptied log', async (db) => await sql`delete from audit_entry`.execute(db)],
    ['an emptied log without its head', async (db) => await sql`delete from audit_head`.execute(db)],
    [
      'an edited size in the head',
      async (db) => await sql`update audit_head set size = size + 1`.execute(db),
    ],
    [
      'an edited frontier',
      async (db) => {
        const { frontier } = await db.selectFrom('audit_head').select('frontier').executeTakeFirstOrThrow();
        await db
          .updateTable('audit_head')
          .set({ frontier: Buffer.alloc(frontier.length) })
          .execute();
      },
    ],
    [
      'a record filed under another user',
      async (db) => await sql`update audit_entry set uid = 'usr_0' where idx = 3`.execute(db),
    ],
    [
      'a record filed under no project',
      async (db) =>
        await sql`update audit_entry set project_id = null where type = 'project_create'`.execute(db),
    ],
    [
      'a record filed under another type',
      async (db) =>
        await sql`update audit_entry set type = 'vault_list' where type = 'vault_view'`.execute(db),
    ],
    [
      'a record filed under another time',
      async (db) => await sql`update audit_entry set at = at - 1 where idx = 3`.execute(db),
    ],
  ])('%s', async (_, tamper) => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const project_id = await server.project(root);
    await root.ok('vault_create', { project_id, key: 'A', value: 'x' });
    for (let reads = 0; reads < 4; reads += 1) await root.ok('vault_fetch_one', { project_id, key: 'A' });
    const { db } = server.app.context.store;
    expect((await verifyAuditLog(db)).size).toBe(8);
    await tamper(db);
    await expect(verifyAuditLog(db)).rejects.toThrow(/\bthe (log|root|frontier|record)\b/);
    // Stopped by hand: what stops it at the end would verify the log.
    await server.stop();
  });
});

describe.each(ENGINES)('what is wrong with the log on %s', () => {
  test('is named as closely as the head tells: which subtree has the altered record', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const { db } = server.app.context.store;
    while ((await findNewestIndex(db)) < 6) await root.ok('event_fetch', {});
    // Seven records: subtrees of four, two and one.
    await rewrite(db, 6, { ip: '10.0.0.1' });
    const one = /the record at index 6 was altered, or the head was$/;
    await expect(verifyAuditLog(db)).rejects.toThrow(one);
    const run = await runAdminHere(['audit', 'verify', '--json'], server);
    expect(JSON.parse(run.stdout)).toMatchObject({
      difference: 'log',
      index: 6,
      message: expect.stringMatching(one),
    });
    await rewrite(db, 5, { ip: '10.0.0.1' });
    await expect(verifyAuditLog(db)).rejects.toThrow(/at an index from 4 to 5 was altered/);
    await server.stop();
  });

  test('is one line at a start where the head is none', async () => {
    using directory = temporaryDirectory();
    {
      await using server = await startTestServer({ dataDir: directory.path });
      await server.setUp();
      await sql`update audit_head set size = size + 1`.execute(server.app.context.store.db);
      await server.stop();
    }
    await expect(startTestServer({ dataDir: directory.path })).rejects.toMatchObject({
      name: 'StartError',
      message: expect.stringContaining('the head of the audit log was altered'),
    });
  });
});

describe.each(ENGINES)(
  'while the log cannot be written on %s, nothing is given out (R33), the cause is readable, and it ends with its cause:',
  () => {
    const PLACE = { project_id: 'project_1' };
    const VALUES = { first: 'qX7mB-the-first-value', second: 'zR4kT-the-second-value' };
    const RECORDED_READS = [
      ['vault_fetch_one', { ...PLACE, key: 'A' }],
      ['vault_fetch_one', { ...PLACE, key: 'A', version: 1 }],
      ['vault_fetch', { ...PLACE, values: true }],
      ['vault_fetch', PLACE],
      ['vault_version_fetch', { ...PLACE, key: 'A' }],
      ['event_fetch', {}],
    ] as const;
    const CHANGES = [
      ['vault_create', { ...PLACE, key: 'NEW', value: 'n'.repeat(20_000) }],
      ['vault_update', { ...PLACE, key: 'A', value: 'u'.repeat(20_000) }],
      ['vault_version_restore', { ...PLACE, key: 'A', version: 1 }],
      ['project_create', { id: 'new', name: 'New', api_path: '/new' }],
    ] as const;

    async function fill(root: Client): Promise<void> {
      await root.ok('project_create', { id: 'project_1', name: 'One', api_path: '/one' });
      await root.ok('vault_create', { ...PLACE, key: 'A', value: VALUES.first });
      await root.ok('vault_update', { ...PLACE, key: 'A', value: VALUES.second });
    }

    /** All at once: what is refused does not hold up the rest. */
    async function expectRefusals(client: Client, reason: RegExp): Promise<Answer[]> {
      const reads = Promise.all(RECORDED_READS.map(async ([id, input]) => await client.call(id, input)));
      const changes = Promise.all(CHANGES.map(async ([id, input]) => await client.call(id, input)));
      const answers = [...(await reads), ...(await changes)];
      for (const [index, { status, headers, body, text }] of answers.entries()) {
        const code = index < RECORDED_READS.length ? 'audit_unavailable' : 'store_unavailable';
        expect({ status, code: body.code }).toEqual({ status: 503, code });
        expect(body.detail).toMatch(reason);
        expect(headers.get('retry-after')).toBe('1');
        const file = { name: 'answer', bytes: Buffer.from(text) };
        for (const value of Object.values(VALUES))
          expect(findForms([file], formsOf(Buffer.from(value)))).toEqual([]);
      }
      // Asked twice: finding out does not make it look mended.
      for (const _ of [1, 2]) {
        const ready = await client.call('ready');
        expect({ status: ready.status, code: ready.body.code }).toEqual({ status: 503, code: 'not_ready' });
        expect(ready.body.detail).toMatch(reason);
      }
      expect((await client.call('health')).status).toBe(200);
      return answers;
    }

    async function expectServed(client: Client, refused: readonly Answer[]): Promise<void> {
      expect((await client.call('ready')).status).toBe(200);
      const { vault } = await client.ok('vault_fetch_one', { ...PLACE, key: 'A' });
      // What was refused was not done either.
      expect(vault).toMatchObject({ value: VALUES.second, version: 2 });
      expect(await client.refused('project_fetch_one', { project_id: 'new' })).toBe('project_not_found');
      for (const [id, input] of RECORDED_READS) await client.ok(id, input);
      for (const [id, input] of CHANGES) await client.ok(id, input);
      expect((await client.call('ready')).status).toBe(200);
      const refusedIds = new Set(refused.map(requestIdOf));
      for (let offset = 0, more = true; more; offset += 100) {
        const events = await fetchEvents(client, { offset });
        expect(events.filter((event) => refusedIds.has(event.request_id ?? ''))).toEqual([]);
        more = events.length === 100;
      }
    }

    /** Reads until one is refused. Each that was answered is on record. */
    async function readUntilRefused(client: Client): Promise<void> {
      const answered: string[] = [];
      for (;;) {
        const answer = await client.call('vault_fetch_one', { ...PLACE, key: 'A' });
        if (answer.status === 503) break;
        answered.push(requestIdOf(answer));
        if (answered.length > 5000) throw new Error('it goes on and on');
      }
      expect(answered.length).toBeLessThan(5000);
    }

    test.runIf(ENGINE === 'postgres')('a full disk, as the database tells of it', async () => {
      await using server = await startTestServer();
      const root = await server.setUp();
      await fill(root);
      await refuseRows(server, 'audit_entry', { state: '53100' });
      const refused = await expectRefusals(root, /the disk of the database is full/);
      await acceptRows(server, 'audit_entry');
      await expectServed(root, refused);
    });

    test.runIf(ENGINE === 'postgres')('a database that became read-only', async () => {
      await using server = await startTestServer();
      const root = await server.setUp();
      await fill(root);
      await using other = await OtherConnection.open(server);
      const [{ name }] = (await other.rows('select current_database() as name')) as [{ name: string }];
      await other.rows(`alter database ${name} set default_transaction_read_only = on`);
      await other.rows(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and pid != pg_backend_pid()`,
      );
      try {
        const refused = await expectRefusals(root, /read-only/);
        await other.rows(`set transaction_read_only = off`);
        await other.rows(`alter database ${name} reset default_transaction_read_only`);
        await expectServed(root, refused);
      } finally {
        await other.rows(`alter database ${name} reset default_transaction_read_only`);
      }
    });

    test.runIf(ENGINE === 'sqlite')('a full disk, as the page limit of the database has it', async () => {
      await using server = await startTestServer();
      const root = await server.setUp();
      await fill(root);
      const { db } = server.app.context.store;
      const { rows } = await sql<{ page_count: number }>`pragma page_count`.execute(db);
      await sql`pragma max_page_count = ${sql.lit(rows[0]?.page_count ?? 1)}`.execute(db);
      await readUntilRefused(root);
      const refused = await expectRefusals(root, /the disk is full/);
      await sql`pragma max_page_count = 1000000`.execute(db);
      await expectServed(root, refused);
    });

    test.runIf(ENGINE === 'sqlite')('a database file that became read-only', async () => {
      await using server = await startTestServer();
      const root = await server.setUp();
      await fill(root);
      const { db } = server.app.context.store;
      await sql`pragma query_only = on`.execute(db);
      const refused = await expectRefusals(root, /read-only/);
      await sql`pragma query_only = off`.execute(db);
      await expectServed(root, refused);
    });

    test('a record that cannot be written down at all, and the others that wait beside it are', async () => {
      await using server = await startTestServer();
      const { audit } = server.app.context;
      const draft = {
        type: 'user_login',
        outcome: 'success',
        uid: null,
        username: null,
        project_id: null,
      } as const;
      const rest = { environment: null, object: null, ip: null, request_id: null } as const;
      const bad = { ...draft, ...rest, details: { text: '\ud800' } };
      const good = { ...draft, ...rest, details: { text: 'good' } };
      const outcomes = await Promise.allSettled(
        [good, bad, good].map(async (each) => await audit.record(each)),
      );
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(outcomes[1]).toMatchObject({ reason: { code: 'audit_unavailable' } });
    });

    test.runIf(ENGINE === 'sqlite')(
      'another program that holds the database for longer than we wait: nobody waits for the others',
      async () => {
        await using server = await startTestServer();
        const root = await server.setUp();
        await fill(root);
        await using other = await OtherConnection.writing(server);
        const started = performance.now();
        const refused = await expectRefusals(root, /another program holds the database/);
        expect(performance.now() - started).toBeLessThan(8000);
        await other.rows('rollback');
        await expectServed(root, refused);
      },
    );

    test.runIf(ENGINE === 'sqlite')(
      'another program that holds the database for less than we wait only delays',
      async () => {
        await using server = await startTestServer();
        const root = await server.setUp();
        await fill(root);
        await using other = await OtherConnection.writing(server);
        const transaction = vi.spyOn(server.app.context.store, 'transaction');
        const read = root.ok('vault_fetch_one', { ...PLACE, key: 'A' });
        await vi.waitFor(() => expect(transaction).toHaveBeenCalled());
        await other.rows('rollback');
        expect((await read).vault.value).toBe(VALUES.second);
        expect((await root.call('ready')).status).toBe(200);
      },
    );

    test.runIf(ENGINE === 'sqlite' && process.platform === 'linux')(
      'an operating system that lets no file grow',
      async () => {
        using directory = temporaryDirectory();
        const dataDir = directory.path;
        let token: string | undefined;
        {
          await using server = await startTestServer({ dataDir });
          const root = await server.setUp();
          token = root.token;
          await fill(root);
        }
        // POSIX counts in 512 bytes, bash in 1024: enough for the start in either.
        const blocks = Math.ceil((statSync(join(dataDir, 'coffer.db')).size + 100_000) / 512);
        let refused: Answer[];
        {
          const wrapper = ['sh', '-c', `ulimit -f ${blocks}; exec "$@"`, 'sh'];
          await using server = await ServerProcess.start({ dataDir, wrapper });
          const root = server.client();
          root.token = token;
          await readUntilRefused(root);
          refused = await expectRefusals(root, /the disk (is full|cannot be read or written)/);
          expect(server.stdout + server.stderr).not.toMatch(new RegExp(Object.values(VALUES).join('|')));
        }
        await using server = await ServerProcess.start({ dataDir });
        const root = server.client();
        root.token = token;
        await expectServed(root, refused);
        expect(readFileSync(join(dataDir, 'coffer.db')).length).toBeGreaterThan(0);
      },
    );
  },
);
