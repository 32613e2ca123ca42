import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { appendLeaf, EMPTY_FRONTIER, encodeFrontier, type Frontier } from '@coffer/core';
import Database from 'better-sqlite3';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { sha256, sha256Hex } from '../src/sha256.ts';
import type { Reader } from '../src/store/database.ts';
import { SQLITE_FILE } from '../src/store/sqlite.ts';
import { runAdminHere, type AdminRun } from '../src/testing/admin.ts';
import type { Client } from '../src/testing/client.ts';
import { temporaryDirectory } from '../src/testing/data-dir.ts';
import { databaseSettings } from '../src/testing/databases.ts';
import { ENGINE, ENGINES } from '../src/testing/engines.ts';
import { startTestServer, type TestServer } from '../src/testing/server.ts';
import { backUpTo, backupPlaces, IDENTITY, RECIPIENT, restoreTo, rootKeysOf } from './backup-world.ts';

async function admin({ dataDir }: Pick<TestServer, 'dataDir'>, ...words: string[]): Promise<AdminRun> {
  return await runAdminHere(words, { dataDir, env: databaseSettings(dataDir) });
}

async function verify(server: Pick<TestServer, 'dataDir'>, ...options: string[]): Promise<AdminRun> {
  return await admin(server, 'audit', 'verify', ...options);
}

const SHOP = { project_id: 'shop' };
const STAGING = { ...SHOP, environment: 'staging' };

async function makeProject(root: Client, id: string): Promise<void> {
  await root.ok('project_create', { id, name: id, api_path: `/${id}` });
}

/** Everything that can happen to an entry, several times, and tries that are refused. */
async function live(root: Client): Promise<void> {
  await makeProject(root, 'shop');
  await root.ok('environment_create', { ...SHOP, id: 'staging', name: 'Staging' });
  await root.ok('vault_create', { ...SHOP, key: 'A', value: 'one', comment: 'of A' });
  await root.ok('vault_update', { ...SHOP, key: 'A', value: 'two' });
  await root.ok('vault_update', { ...SHOP, key: 'A', value: 'three', comment: '' });
  await root.ok('vault_version_restore', { ...SHOP, key: 'A', version: 1 });
  await root.refused('vault_update', { ...SHOP, key: 'A', value: 'lost', if_version: 1 });
  await root.refused('vault_create', { ...SHOP, key: 'A', value: 'lost' });
  await root.refused('vault_delete', { ...SHOP, key: 'ABSENT' });
  await root.ok('vault_allow_origins', { ...SHOP, key: 'A', allowed_origins: ['https://api.example.org'] });
  // Deleted, and made again with fewer versions.
  await root.ok('vault_create', { ...STAGING, key: 'A', value: 'one' });
  await root.ok('vault_update', { ...STAGING, key: 'A', value: 'two' });
  await root.ok('vault_delete', { ...STAGING, key: 'A' });
  await root.ok('vault_create', { ...STAGING, key: 'A', value: 'again' });
  const entries = Array.from({ length: 120 }, (_, index) => ({ key: `K${index}`, value: `${index}` }));
  for (let from = 0; from < entries.length; from += 40)
    await root.ok('vault_import', { ...SHOP, entries: entries.slice(from, from + 40) });
  const changed = [
    { key: 'K0', value: '0' },
    { key: 'K1', value: 'changed', comment: 'now with one' },
    { key: 'NEW', value: 'new' },
  ];
  await root.ok('vault_import', { ...SHOP, dry_run: true, entries: changed });
  await root.ok('vault_import', { ...SHOP, entries: changed });
  await root.ok('environment_create', { ...SHOP, id: 'short', name: 'Short' });
  await root.ok('vault_create', { ...SHOP, environment: 'short', key: 'A', value: 'x' });
  await root.ok('vault_delete', { ...SHOP, environment: 'short', key: 'A' });
  await root.ok('environment_delete', { ...SHOP, id: 'short' });
  // A project that is deleted with what is in it, and one after it under the same id.
  for (const values of [['a', 'b', 'c'], ['d']]) {
    await makeProject(root, 'brief');
    await root.ok('vault_create', { project_id: 'brief', key: 'A', value: 'first' });
    for (const value of values) await root.ok('vault_update', { project_id: 'brief', key: 'A', value });
    if (values.length > 1) await root.ok('project_delete', { project_id: 'brief' });
  }
}

const VERSIONS = 4 + 1 + 120 + 2 + 2;

describe.each(ENGINES)('what is stored on %s', () => {
  test('is what the log says after a long history, while requests run, and after a restore', async () => {
    using places = backupPlaces();
    await using server = await startTestServer({ dataKeySealsMax: 50 });
    const root = await server.setUp();
    await live(root);
    const run = await verify(server, '--json');
    expect(run).toMatchObject({ code: 0 });
    expect(JSON.parse(run.stdout)).toMatchObject({ versions: VERSIONS, comments_unproven: 0 });
    // Sealed anew: other ciphertexts, and on record.
    expect(await admin(server, 'rotate', 'data-key', 'shop')).toMatchObject({ code: 0 });
    const resealed = await verify(server, '--json');
    expect(JSON.parse(resealed.stdout)).toMatchObject({ versions: VERSIONS, comments_unproven: 0 });
    const [during] = await Promise.all([
      verify(server),
      ...Array.from({ length: 20 }, async (_, index) => {
        await root.ok('vault_update', { ...SHOP, key: `K${index}`, value: 'meanwhile' });
      }),
    ]);
    expect(during).toMatchObject({ code: 0 });

    await backUpTo(places.path, server);
    const rootKeys = rootKeysOf(server.dataDir);
    await restoreTo(places.dataDir, places.path, { rootKeys });
    const restored = await runAdminHere(['audit', 'verify', '--json'], { dataDir: places.dataDir });
    expect(restored).toMatchObject({ code: 0 });
    expect(JSON.parse(restored.stdout)).toMatchObject({ versions: VERSIONS + 20 });
  });

  test('is told to be whole where a record of before does not name the comment, and how many these are', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    await makeProject(root, 'shop');
    await root.ok('vault_create', { ...SHOP, key: 'A', value: 'one', comment: 'of A' });
    const { db } = server.app.context.store;
    // As the log was written before: without the field, and with the tree over that.
    const rows = await db.selectFrom('audit_entry').selectAll().orderBy('idx').execute();
    let frontier: Frontier = EMPTY_FRONTIER;
    for (const { idx, body } of rows) {
      const older = body.replace(/"comment_ciphertext_sha256":"\w+",/, '');
      await db.updateTable('audit_entry').set({ body: older }).where('idx', '=', idx).execute();
      frontier = appendLeaf(sha256, frontier, Buffer.from(older));
    }
    await db
      .updateTable('audit_head')
      .set({ frontier: encodeFrontier(frontier) })
      .execute();
    await db
      .updateTable('ciphertext')
      .set({ comment_sealed: Buffer.from('x') })
      .execute();
    const run = await verify(server, '--json');
    expect(JSON.parse(run.stdout)).toMatchObject({ versions: 1, comments_unproven: 1 });
    expect(run.stderr).toContain('Of 1 of them the comment is not on record');
  });
});

/** Made by hand, in a database with A at version 3, B at version 1 and C, destroyed. */
type Tampering = {
  title: string;
  tamper: (db: Reader, server: TestServer) => Promise<unknown>;
  difference: string;
  key: string | null;
  version: number | null;
  /** Of the record that it differs from, by type and version. */
  record: [type: string, version?: number] | undefined;
};

const versionOf = (key: string, version: number) => sql`
  select entry_version.ciphertext_id from entry_version join entry on entry.id = entry_version.entry_id
  where entry.key = ${key} and entry_version.version = ${version}`;

/** Without the checks of references, as someone has it who writes to the file or the tables. */
async function without(db: Reader, ...statements: ReturnType<typeof sql>[]): Promise<void> {
  for (const statement of statements) await statement.execute(db);
}

/** Where the tables themselves would refuse it. */
async function unchecked(db: Reader, ...statements: ReturnType<typeof sql>[]): Promise<void> {
  if (ENGINE === 'sqlite') {
    await without(db, sql`pragma foreign_keys = off`, ...statements, sql`pragma foreign_keys = on`);
    return;
  }
  await db
    .transaction()
    .execute(
      async (tx) => await without(tx, sql`set local session_replication_role = replica`, ...statements),
    );
}

async function put(db: Reader, key: string, version: number, ciphertext: Uint8Array): Promise<void> {
  const { id: dataKeyId } = await db.selectFrom('data_key').select('id').executeTakeFirstOrThrow();
  const entry = await db.selectFrom('entry').selectAll().where('key', '=', key).executeTakeFirst();
  const created = { created_at: 0, created_by_uid: 'usr_0', created_by_username: 'root' };
  const id = entry?.id ?? 'ent_made_by_hand';
  if (entry === undefined) {
    const place = { project_id: 'shop', environment: 'default', key, version };
    await db
      .insertInto('entry')
      .values({ id, ...place, ...created })
      .execute();
  }
  const row = await db
    .insertInto('ciphertext')
    .values({ value_sealed: ciphertext, comment_sealed: ciphertext })
    .returning('id')
    .executeTakeFirstOrThrow();
  await db
    .insertInto('entry_version')
    .values({ entry_id: id, version, data_key_id: dataKeyId, ciphertext_id: row.id, ...created })
    .execute();
}

describe.each(ENGINES)('a difference between log and rows is named on %s:', () => {
  test.each<Tampering>([
    {
      title: 'a version that is not there',
      tamper: async (db) =>
        await without(db, sql`delete from entry_version where ciphertext_id = (${versionOf('A', 2)})`),
      difference: 'missing',
      key: 'A',
      version: 2,
      record: ['vault_update', 2],
    },
    {
      title: 'an entry that is not there, with its versions',
      tamper: async (db) => await without(db, sql`delete from entry where key = 'A'`),
      difference: 'missing',
      key: 'A',
      version: 1,
      record: ['vault_create', 1],
    },
    {
      title: 'an emptied ciphertext',
      tamper: async (db) =>
        await db
          .updateTable('ciphertext')
          .set({ value_sealed: Buffer.alloc(0), comment_sealed: Buffer.alloc(0) })
          .where(sql<boolean>`id = (${versionOf('B', 1)})`)
          .execute(),
      difference: 'missing',
      key: 'B',
      version: 1,
      record: ['vault_create', 1],
    },
    {
      title: 'two versions of one entry that changed places',
      tamper: async (db) =>
        await without(
          db,
          sql`update entry_version set version = 99 where ciphertext_id = (${versionOf('A', 1)})`,
          sql`update entry_version set version = 1 where ciphertext_id = (${versionOf('A', 2)})`,
          sql`update entry_version set version = 2 where ciphertext_id = (${versionOf('A', 99)})`,
        ),
      difference: 'exchanged',
      key: 'A',
      version: 1,
      record: ['vault_create', 1],
    },
    {
      title: 'another value',
      tamper: async (db) =>
        await without(
          db,
          sql`update ciphertext set value_sealed = (select value_sealed from ciphertext where id = (${versionOf('A', 2)})) where id = (${versionOf('A', 3)})`,
        ),
      difference: 'exchanged',
      key: 'A',
      version: 3,
      record: ['vault_version_restore', 3],
    },
    {
      title: 'another comment',
      tamper: async (db) =>
        await without(
          db,
          sql`update ciphertext set comment_sealed = (select comment_sealed from ciphertext where id = (${versionOf('A', 1)})) where id = (${versionOf('A', 2)})`,
        ),
      difference: 'exchanged',
      key: 'A',
      version: 2,
      record: ['vault_update', 2],
    },
    {
      title: 'a ciphertext as it was before it was sealed anew',
      tamper: async (db, server) => {
        const before = await db
          .selectFrom('ciphertext')
          .selectAll()
          .where(sql<boolean>`id = (${versionOf('B', 1)})`)
          .executeTakeFirstOrThrow();
        expect(await admin(server, 'rotate', 'data-key', 'shop')).toMatchObject({ code: 0 });
        const { id, ...sealed } = before;
        await db.updateTable('ciphertext').set(sealed).where('id', '=', id).execute();
      },
      difference: 'exchanged',
      key: 'B',
      version: 1,
      record: ['vault_reseal', 1],
    },
    {
      title: 'a version that no record knows',
      tamper: async (db) => {
        await put(db, 'A', 4, Buffer.from('made by hand'));
        await db.updateTable('entry').set({ version: 4 }).where('key', '=', 'A').execute();
      },
      difference: 'unrecorded',
      key: 'A',
      version: 4,
      record: undefined,
    },
    {
      title: 'an entry that no record knows',
      tamper: async (db) => await put(db, 'X', 1, Buffer.from('made by hand')),
      difference: 'unrecorded',
      key: 'X',
      version: 1,
      record: undefined,
    },
    {
      title: 'an entry under another key than it was stored for',
      tamper: async (db) => await db.updateTable('entry').set({ key: 'Y' }).where('key', '=', 'B').execute(),
      difference: 'unrecorded',
      key: 'Y',
      version: 1,
      record: undefined,
    },
    {
      title: 'an entry without versions that no record knows',
      tamper: async (db) => {
        await put(db, 'X', 1, Buffer.alloc(0));
        await without(db, sql`delete from entry_version where entry_id = 'ent_made_by_hand'`);
      },
      difference: 'unrecorded',
      key: 'X',
      version: 1,
      record: undefined,
    },
    {
      title: 'a destroyed entry that is there again',
      tamper: async (db) => await put(db, 'C', 1, Buffer.from('from an old copy')),
      difference: 'resurrected',
      key: 'C',
      version: 1,
      record: ['vault_delete'],
    },
    {
      title: 'a destroyed ciphertext that is there again, without its entry',
      tamper: async (db) =>
        await db
          .updateTable('ciphertext')
          .set({ value_sealed: Buffer.from('from an old copy') })
          .where(sql<boolean>`length(value_sealed) = 0`)
          .execute(),
      difference: 'resurrected',
      key: null,
      version: null,
      record: undefined,
    },
    ...[-7, -(2 ** 40), 2 ** 53 - 1].map((id) => ({
      title: `stray ciphertext in row ${id}`,
      tamper: async (db: Reader) =>
        await db
          .insertInto('ciphertext')
          .values({ id, value_sealed: Buffer.from('from an old copy'), comment_sealed: Buffer.alloc(0) })
          .execute(),
      difference: 'resurrected',
      key: null,
      version: null,
      record: undefined,
    })),
    {
      title: 'a version of an entry that is not there',
      tamper: async (db) => {
        await put(db, 'X', 1, Buffer.from('made by hand'));
        await unchecked(db, sql`delete from entry where key = 'X'`);
      },
      difference: 'unrecorded',
      key: null,
      version: null,
      record: undefined,
    },
    ...(['uid', 'username'] as const).flatMap((column) => [
      {
        title: `another author of a version, by ${column}`,
        tamper: async (db: Reader) =>
          await db
            .updateTable('entry_version')
            .set({ [`created_by_${column}`]: 'mallory' })
            .where(sql<boolean>`ciphertext_id = (${versionOf('A', 2)})`)
            .execute(),
        difference: 'exchanged',
        key: 'A',
        version: 2,
        record: ['vault_update', 2] as [string, number],
      },
      {
        title: `another author of an entry, by ${column}`,
        tamper: async (db: Reader) =>
          await db
            .updateTable('entry')
            .set({ [`created_by_${column}`]: 'mallory' })
            .where('key', '=', 'A')
            .execute(),
        difference: 'exchanged',
        key: 'A',
        version: 1,
        record: ['vault_create', 1] as [string, number],
      },
    ]),
    {
      title: 'another author of a version that was sealed anew',
      tamper: async (db, server) => {
        expect(await admin(server, 'rotate', 'data-key', 'shop')).toMatchObject({ code: 0 });
        await db
          .updateTable('entry_version')
          .set({ created_by_username: 'mallory' })
          .where(sql<boolean>`ciphertext_id = (${versionOf('B', 1)})`)
          .execute();
      },
      difference: 'exchanged',
      key: 'B',
      version: 1,
      record: ['vault_reseal', 1],
    },
    {
      title: 'an entry that was set back to an old version',
      tamper: async (db) =>
        await db.updateTable('entry').set({ version: 1 }).where('key', '=', 'A').execute(),
      difference: 'rolled_back',
      key: 'A',
      version: 1,
      record: ['vault_version_restore', 3],
    },
    {
      title: 'an entry as it was before its last change',
      tamper: async (db) => {
        await without(db, sql`delete from entry_version where ciphertext_id = (${versionOf('A', 3)})`);
        await db.updateTable('entry').set({ version: 2 }).where('key', '=', 'A').execute();
      },
      difference: 'rolled_back',
      key: 'A',
      version: 2,
      record: ['vault_version_restore', 3],
    },
    {
      title: 'an edited record',
      tamper: async (db) =>
        await sql`update audit_entry set body = replace(body, 'https://api', 'https://aqi') where type = 'vault_allow_origins'`.execute(
          db,
        ),
      difference: 'log',
      key: null,
      version: null,
      record: undefined,
    },
    {
      title: 'a record that was edited to fit another ciphertext',
      tamper: async (db) => {
        const forged = Buffer.from('made by hand');
        await db
          .updateTable('ciphertext')
          .set({ value_sealed: forged })
          .where(sql<boolean>`id = (${versionOf('B', 1)})`)
          .execute();
        const { idx, body } = await db
          .selectFrom('audit_entry')
          .select(['idx', 'body'])
          .where('body', 'like', '%"object":"B"%')
          .executeTakeFirstOrThrow();
        const edited = body.replace(
          /"ciphertext_sha256":"\w+"/,
          `"ciphertext_sha256":"${sha256Hex(forged)}"`,
        );
        await db.updateTable('audit_entry').set({ body: edited }).where('idx', '=', idx).execute();
      },
      difference: 'log',
      key: null,
      version: null,
      record: undefined,
    },
  ])('$title', async ({ tamper, difference, key, version, record }) => {
    await using server = await startTestServer();
    const root = await server.setUp();
    await makeProject(root, 'shop');
    await root.ok('vault_create', { ...SHOP, key: 'A', value: 'one', comment: 'of A' });
    await root.ok('vault_update', { ...SHOP, key: 'A', value: 'two' });
    await root.ok('vault_version_restore', { ...SHOP, key: 'A', version: 1 });
    await root.ok('vault_create', { ...SHOP, key: 'B', value: 'one' });
    await root.ok('vault_create', { ...SHOP, key: 'C', value: 'one' });
    await root.ok('vault_delete', { ...SHOP, key: 'C' });
    await root.ok('vault_allow_origins', { ...SHOP, key: 'A', allowed_origins: ['https://api.example.org'] });
    expect(await verify(server)).toMatchObject({ code: 0 });
    const { db } = server.app.context.store;
    await tamper(db, server);
    const records = await db
      .selectFrom('audit_entry')
      .select(['idx', 'type', 'body'])
      .orderBy('idx')
      .execute();

    const run = await verify(server, '--json');
    expect(run.code).toBe(1);
    const found = JSON.parse(run.stdout) as Record<string, unknown>;
    expect(found).toMatchObject({ difference, key, version });
    if (key !== null) expect(found).toMatchObject({ project_id: 'shop', environment: 'default' });
    if (record !== undefined) {
      const [type, recorded] = record;
      const at = records.find(
        ({ type: is, body }) =>
          is === type &&
          body.includes(`"object":"${key}"`) &&
          (recorded === undefined || body.includes(`"version":${recorded}}`)),
      );
      expect(found['index']).toBe(at?.idx);
      expect(found['message']).toContain(`record ${at?.idx} says`);
    }
    // One line, the same for people.
    expect(run.stderr).toBe(`coffer: ${String(found['message'])}\n`);
    // Stopped by hand: what stops it at the end would verify the log.
    await server.stop();
  });
});

/** 2^53 + 2: the next one that a number can be. Behind what is rounded one would go on for ever. */
const INEXACT = sql.lit(9_007_199_254_740_994n as never);

describe.each(ENGINES)('a row with a number that is not exact is named on %s,', () => {
  const fill = async (server: TestServer): Promise<Reader> => {
    const root = await server.setUp();
    await makeProject(root, 'shop');
    await root.ok('vault_create', { ...SHOP, key: 'A', value: 'one' });
    return server.app.context.store.db;
  };

  test('in a ciphertext, when it is compared and when it is backed up', async () => {
    using files = temporaryDirectory();
    await using server = await startTestServer();
    const db = await fill(server);
    await without(
      db,
      sql`insert into ciphertext (id, value_sealed, comment_sealed) select ${INEXACT}, value_sealed, comment_sealed from ciphertext limit 1`,
    );
    const file = join(files.path, 'backup.age');
    for (const words of [
      ['audit', 'verify'],
      ['backup', '--recipient', RECIPIENT, file],
    ]) {
      const run = await admin(server, ...words);
      expect(run).toMatchObject({ code: 1, stdout: '' });
      expect(run.stderr).toContain(
        'a row of the table ciphertext was not written by Coffer: its id is 9007199254740994',
      );
    }
    expect(readdirSync(files.path)).toEqual([]);
    await server.stop();
  });

  test('in a version, when it is compared and when it is sealed anew', async () => {
    await using server = await startTestServer();
    const db = await fill(server);
    await without(db, sql`update entry_version set version = ${INEXACT}`);
    for (const words of [
      ['audit', 'verify'],
      ['rotate', 'data-key'],
    ]) {
      const run = await admin(server, ...words);
      expect(run).toMatchObject({ code: 1, stdout: '' });
      expect(run.stderr).toContain(
        'a row of the table entry_version was not written by Coffer: its version is',
      );
    }
    await server.stop();
  });
});

describe.skipIf(ENGINE !== 'sqlite')(
  'a file of SQLite that tells less than it holds is named on sqlite:',
  () => {
    test.each<[string, (file: Database.Database) => unknown, string]>([
      [
        'an index that lacks rows',
        (file) => {
          const text = file
            .prepare(`select sql from sqlite_schema where name = 'audit_entry_type'`)
            .pluck()
            .get();
          file.exec('drop index audit_entry_type');
          file.exec(`create index audit_entry_type on audit_entry (type, idx) where idx > 3`);
          file.unsafeMode(true);
          file.pragma('writable_schema = on');
          file.prepare(`update sqlite_schema set sql = ? where name = 'audit_entry_type'`).run(text);
        },
        'index audit_entry_type',
      ],
      [
        'an index that is not there',
        (file) => file.exec('drop index audit_entry_uid'),
        'the index audit_entry_uid is not there',
      ],
      [
        'an index of other columns',
        (file) =>
          file.exec(
            'drop index audit_entry_uid; create index audit_entry_uid on audit_entry (project_id, idx)',
          ),
        'the index audit_entry_uid is another one than Coffer makes',
      ],
      [
        'a trigger',
        (file) =>
          file.exec(
            'create trigger forget after insert on audit_entry begin update user set role = role; end',
          ),
        'the trigger forget on audit_entry is none that Coffer makes',
      ],
    ])('%s', async (_, tamper, says) => {
      await using server = await startTestServer();
      const root = await server.setUp();
      await makeProject(root, 'shop');
      await root.ok('vault_create', { ...SHOP, key: 'A', value: 'one' });
      await server.stop();
      const file = new Database(join(server.dataDir, SQLITE_FILE));
      file.exec('create table theirs (a); create index theirs_a on theirs (a)');
      expect(await verify(server)).toMatchObject({ code: 0 });
      tamper(file);
      file.close();
      const run = await verify(server, '--json');
      expect(run.code).toBe(1);
      expect(JSON.parse(run.stdout)).toMatchObject({
        difference: 'database',
        message: expect.stringContaining(says),
      });
    });
  },
);

describe.each(ENGINES)('a backup from %s', () => {
  test('whose ciphertexts are not those on record is not good, though each of them opens', async () => {
    using places = backupPlaces();
    using files = temporaryDirectory();
    await using server = await startTestServer();
    const root = await server.setUp();
    await makeProject(root, 'shop');
    await root.ok('vault_create', { ...SHOP, key: 'A', value: 'one' });
    await root.ok('vault_update', { ...SHOP, key: 'A', value: 'two' });
    await server.app.context.store.db.updateTable('entry').set({ version: 1 }).execute();
    await backUpTo(places.path, server);
    const identity = join(files.path, 'key.txt');
    writeFileSync(identity, `${IDENTITY}\n`, { mode: 0o600 });
    const run = await runAdminHere(['restore', '--verify', '--identity-file', identity, places.path], {
      dataDir: server.dataDir,
    });
    expect(run).toMatchObject({ code: 1, stdout: '' });
    expect(run.stderr).toContain(
      'the backup is not what its audit log says: rolled back: A in shop/default is at version 1',
    );
    await server.stop();
  });
});
