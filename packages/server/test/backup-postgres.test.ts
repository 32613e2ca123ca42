import { randomBytes } from 'node:crypto';
import { Redacted } from '@coffer/core';
import { sql } from 'kysely';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deriveInstanceKeys } from '../src/keys/root-key.ts';
import type { PostgresAddress } from '../src/postgres-address.ts';
import { verifyAuditLog } from '../src/services/audit-verification.ts';
import { openPostgres } from '../src/store/postgres.ts';
import { openSqlite } from '../src/store/sqlite.ts';
import { findTables } from '../src/store/table-rows.ts';
import type { Client } from '../src/testing/client.ts';
import { PostgresCluster } from '../src/testing/postgres.ts';
import { PASSWORD, startTestServer, type TestServer } from '../src/testing/server.ts';
import { backUpTo, backupPlaces, forge, linesOf, restoreTo, rowsOf, sealAnew } from './backup-world.ts';
import { startVault } from './start-vault.ts';

let cluster: PostgresCluster;
let databases = 0;

beforeAll(async () => {
  cluster = await PostgresCluster.start({
    settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' },
  });
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

type Engine = 'sqlite' | 'postgres';

async function newDatabase(): Promise<PostgresAddress> {
  databases += 1;
  const name = `test_${databases}`;
  await cluster.query(`create database ${name}`);
  return cluster.address(name);
}

const VALUES = new Map(
  Array.from({ length: 130 }, (_, index) => [
    `KEY_${index}`,
    `${index} \n\0\u0001é\u{1f511}${'x'.repeat(index * 20)}`,
  ]),
);

/** Something in every table that a backup holds. */
async function fill(server: TestServer): Promise<{ root: Client; project_id: string; token: string }> {
  const root = await server.setUp();
  const admin = await server.user(root, 'ADMIN');
  const project_id = await server.project(root);
  await root.ok('project_member_add', { project_id, uid: admin.uid });
  await root.ok('environment_create', { project_id, id: 'live', name: 'Zoë’s "live" \\ env' });
  const entries = [...VALUES].map(([key, value]) => ({ key, value, comment: `of ${key}\t\n` }));
  for (let from = 0; from < entries.length; from += 50)
    await root.ok('vault_import', { project_id, entries: entries.slice(from, from + 50) });
  const place = { project_id, key: 'KEY_0' };
  await root.ok('vault_update', { ...place, value: 'second' });
  await root.ok('vault_allow_origins', { ...place, allowed_origins: ['https://api.example.org'] });
  await root.ok('vault_delete', { project_id, key: 'KEY_1' });
  const request = {
    origin: 'https://api.example.org',
    method: 'POST',
    path: '/',
    auth: { type: 'bearer', token: '${{ vault.KEY_0 }}' },
  };
  const route = { project_id, id: 'route', method: 'POST', path: '/call', request };
  await root.ok('route_create', route);
  await root.ok('route_update', { ...route, path: '/called' });
  const grant = { project_id, permissions: ['vault.view'] };
  const trusted = { issuer: 'https://issuer.example.org', audience: 'coffer', subject: 's' };
  await root.ok('token_trust_create', { ...grant, ...trusted, name: 'T' });
  const { token } = await root.ok('token_create', { ...grant, name: 'ci', kind: 'service' });
  const nobody = { auth_data: 'nobody', password: 'wrong' };
  expect(await server.anonymous().refused('user_login', nobody)).toBe('credentials_invalid');
  return { root, project_id, token };
}

/** Tables that are kept and in which nothing is. */
async function emptyTables({ app }: TestServer): Promise<string[]> {
  const { db } = app.context.store;
  const empty: string[] = [];
  for (const table of await findTables(db)) {
    const { rows } = await sql`select 1 from ${sql.table(table)} limit 1`.execute(db);
    if (rows.length === 0) empty.push(table);
  }
  return empty;
}

/** Two instances' worth of place: where it is made, and where it goes. */
async function placesOf(engines: readonly [Engine, Engine]) {
  const places = backupPlaces();
  const rootKeys = [new Redacted(randomBytes(32))] as const;
  const given = { keys: rootKeys, path: undefined };
  const [from, to] = await Promise.all(
    engines.map(async (engine) => (engine === 'postgres' ? await newDatabase() : undefined)),
  );
  return {
    path: places.path,
    rootKeys,
    start: async () => await startTestServer({ config: { database: from, rootKeys: given } }),
    restore: async (path = places.path) =>
      await restoreTo(places.dataDir, path, {
        rootKeys,
        openDialect: async () => (to === undefined ? openSqlite(places.dataDir) : await openPostgres(to)),
      }),
    startAgain: async () =>
      await startTestServer({ dataDir: places.dataDir, config: { database: to, rootKeys: given } }),
    [Symbol.dispose]: () => places[Symbol.dispose](),
  };
}

describe.each<[Engine, Engine]>([
  ['sqlite', 'postgres'],
  ['postgres', 'sqlite'],
  ['postgres', 'postgres'],
])('a backup of %s restored on %s', (...engines) => {
  test('is the same instance, row by row and value by value, and goes on', async () => {
    using places = await placesOf(engines);
    await using server = await places.start();
    const { root, project_id, token } = await fill(server);
    expect(await emptyTables(server)).toEqual(['used_identity', 'route_rate']);
    const { header, manifest } = await backUpTo(places.path, server, { rootKeys: places.rootKeys });
    expect(header.engine).toBe(engines[0]);
    const before = await rowsOf(server);
    expect((await places.restore()).manifest).toEqual(manifest);

    await using again = await places.startAgain();
    expect(again.app.context.store.engine).toBe(engines[1]);
    expect(await rowsOf(again)).toEqual({ ...before, session: [] });
    const user = again.anonymous();
    user.token = root.token;
    expect(await user.refused('user_me')).toBe('session_ended');
    await user.signIn('user_login', { auth_data: 'root', password: PASSWORD });
    for (const offset of [0, 100]) {
      const { vaults } = await user.ok('vault_fetch', { project_id, values: true, limit: 100, offset });
      expect(vaults).toHaveLength(offset === 0 ? 100 : 29);
      for (const { key, value, comment } of vaults)
        if (key !== 'KEY_0')
          expect({ value, comment }).toEqual({ value: VALUES.get(key), comment: `of ${key}\t\n` });
    }
    const program = again.anonymous();
    program.token = token;
    const { vault } = await program.ok('vault_fetch_one', { project_id, key: 'KEY_0' });
    expect(vault).toMatchObject({
      value: 'second',
      version: 2,
      allowed_origins: ['https://api.example.org'],
    });
    const { route } = await user.ok('route_fetch_one', { project_id, id: 'route' });
    expect(route).toEqual((await root.ok('route_fetch_one', { project_id, id: 'route' })).route);
    // Ids that the database assigns go on.
    await user.ok('vault_create', { project_id, key: 'NEW', value: 'new' });
    await user.ok('vault_update', { project_id, key: 'NEW', value: 'newer' });
    expect((await user.ok('vault_fetch_one', { project_id, key: 'NEW', version: 1 })).vault.value).toBe(
      'new',
    );
    const { size } = await again.app.context.store.transaction(verifyAuditLog);
    expect(size).toBeGreaterThan(header.audit.size);
    const { events } = await user.ok('event_fetch', { type: 'instance_restore' });
    expect(events).toMatchObject([{ index: header.audit.size, details: { engine: engines[0] } }]);
    // What refers to nothing is refused as before, and what is referred to stays.
    const { db } = again.app.context.store;
    await expect(sql`delete from ciphertext`.execute(db)).rejects.toThrow(/foreign key/i);
  });

  test('is refused when a row refers to one that is not there, and leaves it empty for the next try', async () => {
    using places = await placesOf(engines);
    await using server = await places.start();
    await fill(server);
    await backUpTo(places.path, server, { rootKeys: places.rootKeys });
    const lines = await linesOf(places.path);
    const { backupKey } = deriveInstanceKeys(places.rootKeys[0], lines[0].instance);
    const member = lines.findIndex((line) => line.table === 'member');
    const column = lines[member].columns.indexOf('uid');
    const nobody = lines[member + 1].with(column, 'usr_00000000000000000000000000');
    const forged = `${places.path}.forged`;
    await forge(forged, sealAnew(lines.with(member + 1, nobody), backupKey));
    await expect(places.restore(forged)).rejects.toMatchObject({
      name: 'StartError',
      message: 'a row of member refers to one that is not there',
    });
    await places.restore();
    await expect(places.restore()).rejects.toThrow('the database is not empty');
  });
});

describe('a database of another program', () => {
  /** A backup, and a database in which these statements were run. */
  async function setScene(...statements: readonly string[]) {
    const places = backupPlaces();
    const rootKeys = [new Redacted(randomBytes(32))] as const;
    await using server = await startTestServer({ config: { rootKeys: { keys: rootKeys, path: undefined } } });
    await startVault(server);
    await backUpTo(places.path, server, { rootKeys });
    const database = await newDatabase();
    const client = new pg.Client({ ...database, password: database.password?.expose() ?? '', ssl: false });
    await client.connect();
    for (const statement of statements) await client.query(statement);
    return {
      database,
      client,
      restore: async () =>
        await restoreTo(places.dataDir, places.path, {
          rootKeys,
          openDialect: async () => await openPostgres(database),
        }),
      tables: async () =>
        (
          await client.query<{ name: string }>(
            `select table_schema || '.' || table_name as name from information_schema.tables where table_schema !~ '^pg_' and table_schema != 'information_schema' order by 1`,
          )
        ).rows.map(({ name }) => name),
      async [Symbol.asyncDispose]() {
        await client.end();
        places[Symbol.dispose]();
      },
    };
  }

  const USER = 'create table "user" (id int, name text)';
  const MIGRATIONS = 'create table schema_migration (name text, timestamp text)';

  test.each<[what: string, statements: string[], names: string]>([
    ['an empty table of one of our names', [USER], '"user"'],
    [
      'with migrations of its own',
      [USER, 'create table schema_migration (version text)'],
      '"schema_migration"',
    ],
    [
      'with migrations in a table like ours',
      [MIGRATIONS, `insert into schema_migration values ('1', '')`],
      '"schema_migration"',
    ],
    ['a table of another name', ['create table orders (id int)'], '"orders"'],
    [
      'a table for migrations of the same library',
      ['create table kysely_migration (name text)'],
      '"kysely_migration"',
    ],
    [
      'some of our migrations',
      [MIGRATIONS, `insert into schema_migration values ('0001-initial', '')`, USER],
      '"schema_migration", "user"',
    ],
  ])('is refused by the names of its tables, which stay: %s', async (_, statements, names) => {
    await using scene = await setScene(...statements);
    const before = await scene.tables();
    await expect(scene.restore()).rejects.toMatchObject({
      name: 'StartError',
      message: `the database holds tables that this version of Coffer has not made (${names}): a backup is restored into an empty data directory or database of its own; nothing was changed`,
    });
    expect(await scene.tables()).toEqual(before);
  });

  test('is refused where our tables lack one, or there is one beside them', async () => {
    await using scene = await setScene();
    const server = await startTestServer({ config: { database: scene.database } });
    await server.stop();
    const { rows } = await scene.client.query<{ name: string }>(
      `select string_agg(quote_ident(table_name), ', ') as name from information_schema.tables where table_schema = 'public' and table_name not like 'schema%'`,
    );
    await scene.client.query(`truncate ${rows[0]?.name}`);
    await scene.client.query('create table mine (id int)');
    await expect(scene.restore()).rejects.toThrow('has not made ("mine")');
    await scene.client.query('drop table mine');
    await scene.client.query('drop table route_rate');
    await expect(scene.restore()).rejects.toThrow('has not made ("schema_migration", "access_token", ');
    await scene.client.query('create table route_rate (id int)');
    await scene.restore();
  });

  test('is none where its tables are in a schema of their own, or came with an extension', async () => {
    await using scene = await setScene(
      'create schema other',
      'create table other."user" (id int)',
      'create table other.schema_migration (id int)',
      'create table other.mine (id int)',
      `insert into other."user" values (1)`,
      'create extension if not exists pg_stat_statements',
    );
    await scene.restore();
    expect(await scene.tables()).toEqual(
      expect.arrayContaining(['other.mine', 'other.schema_migration', 'other.user', 'public.user']),
    );
    await expect(scene.restore()).rejects.toThrow('the database is not empty');
  });

  test('in whose other schema there are tables of our names is none for a server either', async () => {
    await using scene = await setScene('create schema other', 'create table other.schema_migration (id int)');
    await using server = await startTestServer({ config: { database: scene.database } });
    await startVault(server);
    expect(await scene.tables()).toEqual(
      expect.arrayContaining(['other.schema_migration', 'public.project']),
    );
  });
});

test('a snapshot of postgres is of one moment, holds up no writer, and waits for its reader', async () => {
  await using server = await startTestServer({ config: { database: await newDatabase() } });
  const { root, place } = await startVault(server);
  await root.ok('vault_create', { ...place, key: 'A', value: 'x' });
  await server.app.context.store.snapshot(async (snapshot) => {
    const keys = async () =>
      (await snapshot.selectFrom('entry').select('key').execute()).map(({ key }) => key);
    expect(await keys()).toEqual(['A']);
    await root.ok('vault_create', { ...place, key: 'B', value: 'x' });
    await root.ok('vault_delete', { ...place, key: 'A' });
    expect(await keys()).toEqual(['A']);
    const { rows } = await sql<object>`show idle_in_transaction_session_timeout`.execute(snapshot);
    expect(rows).toEqual([{ idle_in_transaction_session_timeout: '0' }]);
  });
});
