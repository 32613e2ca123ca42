import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Redacted, type AuditEntry } from '@coffer/core';
import { describe, expect, test, vi } from 'vitest';
import { rootKeySource } from '../src/keys/root-key-source.ts';
import { createLogger } from '../src/logger.ts';
import { AuditLog, draft } from '../src/services/audit-log.ts';
import {
  cleanRootKeyFile,
  prepareRootKey,
  retireRootKey,
  rewrapDataKeys,
  switchRootKey,
  type Rotation,
} from '../src/services/root-key-rotation.ts';
import { RootKeyring } from '../src/services/root-keyring.ts';
import { SavedHead } from '../src/services/saved-head.ts';
import { StartError } from '../src/start-error.ts';
import { getAuditHead } from '../src/store/audit.ts';
import { openStore, type Store } from '../src/store/database.ts';
import { findInstance } from '../src/store/instance.ts';
import { openDialect } from '../src/store/open-dialect.ts';
import { runAdminHere, startAdmin, type AdminRun } from '../src/testing/admin.ts';
import type { Client } from '../src/testing/client.ts';
import { copyDatabase } from '../src/testing/copies.ts';
import { temporaryDirectory } from '../src/testing/data-dir.ts';
import { databaseFor, databaseSettings, releaseDatabase } from '../src/testing/databases.ts';
import { ENGINE, ENGINES } from '../src/testing/engines.ts';
import { ServerProcess } from '../src/testing/process.ts';
import { PASSWORD, startTestServer, type TestOptions, type TestServer } from '../src/testing/server.ts';
import { backUpTo, backupPlaces, IDENTITY, RECIPIENT, rootKeysOf } from './backup-world.ts';

const headFile = (dataDir: string): string => join(dataDir, 'audit-head');

/** Gone with the test; the next one may have its database. */
function dataDirectory(): Disposable & { path: string } {
  const directory = temporaryDirectory();
  const { path } = directory;
  return {
    path,
    [Symbol.dispose]() {
      directory[Symbol.dispose]();
      releaseDatabase(path);
    },
  };
}

type Head = { instance: string; size: number; root: string; saved_at: string; root_key_check: string };

function savedHead(dataDir: string): Head {
  return JSON.parse(readFileSync(headFile(dataDir), 'utf8')) as Head;
}

async function admin(words: readonly string[], dataDir: string): Promise<AdminRun> {
  return await runAdminHere(words, { dataDir, env: databaseSettings(dataDir) });
}

/** The line of a start that is refused. */
async function refusal(options: TestOptions): Promise<string> {
  const failure = await startTestServer(options).then(
    async (server) => await server.stop().then(() => 'it started'),
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(StartError);
  const { message } = failure as StartError;
  expect(message).not.toContain('\n');
  return message;
}

async function starts(options: TestOptions): Promise<void> {
  await using server = await startTestServer(options);
  expect((await server.anonymous().call('health')).status).toBe(200);
}

/** A first start, with a user and so many records more. */
async function begin(dataDir: string): Promise<void> {
  await using server = await startTestServer({ dataDir });
  const root = await server.setUp();
  await root.ok('project_create', { id: 'shop', name: 'Shop', api_path: '/shop' });
  await root.ok('vault_create', { project_id: 'shop', key: 'A', value: 'one' });
}

async function goOn(options: TestOptions, records = 3): Promise<void> {
  await using server = await startTestServer(options);
  const root = await signIn(server.anonymous());
  for (let index = 1; index < records; index += 1)
    await root.ok('vault_update', { project_id: 'shop', key: 'A', value: `${index}` });
}

async function signIn(client: Client): Promise<Client> {
  await client.signIn('user_login', { auth_data: 'root', password: PASSWORD });
  return client;
}

async function storeOf(dataDir: string): Promise<Store> {
  return await openStore(await openDialect({ database: await databaseFor(dataDir), dataDir }));
}

async function lastRecord(dataDir: string, type: string): Promise<AuditEntry> {
  const store = await storeOf(dataDir);
  try {
    const { body } = await store.db
      .selectFrom('audit_entry')
      .select('body')
      .where('type', '=', type as never)
      .orderBy('idx', 'desc')
      .limit(1)
      .executeTakeFirstOrThrow();
    return JSON.parse(body) as AuditEntry;
  } finally {
    await store.close();
  }
}

const EVENT = draft({ ip: '', requestId: 'test', userAgent: '' }, undefined, { type: 'event_list' });

async function warningsOf(server: TestServer): Promise<unknown> {
  const { status, body } = await server.anonymous().call('ready');
  expect(status).toBe(200);
  return (body as { warnings: string[] }).warnings;
}

async function fallBackTo(store: Store, head: { size: number }): Promise<void> {
  await store.transaction(async (tx) => {
    await tx.deleteFrom('audit_entry').where('idx', '>=', head.size).execute();
    await tx.updateTable('audit_head').set(head).execute();
  });
}

async function sizeOf(store: Store): Promise<number> {
  return (await getAuditHead(store.db)).frontier.size;
}

/** What saves the head in that directory, as each process has one; something may come in between. */
async function keeperOf(
  store: Store,
  dataDir: string,
  interrupt: () => Promise<void> = async () => undefined,
): Promise<SavedHead> {
  const instance = await findInstance(store.db);
  if (instance === undefined) throw new Error('there is no instance');
  class Interrupted extends RootKeyring {
    override async currentGiven(db: Store['db']): ReturnType<RootKeyring['currentGiven']> {
      if (!db.isTransaction) await interrupt();
      return await super.currentGiven(db);
    }
  }
  const db = new Proxy(store.db, {
    get(target, name) {
      if (name === 'transaction') {
        const execute = async (work: never): Promise<unknown> => {
          await interrupt();
          return await target.transaction().execute(work);
        };
        return () => ({ execute });
      }
      const part: unknown = Reflect.get(target, name, target);
      return typeof part === 'function' ? part.bind(target) : part;
    },
  });
  const rootKeys = new Interrupted(rootKeySource(undefined, dataDir), instance.id);
  const log = createLogger('error', { write: () => undefined });
  return new SavedHead(
    { store: { ...store, db }, log, clock: Date.now, rootKeys, instanceId: instance.id },
    { path: headFile(dataDir) },
  );
}

describe.each(ENGINES)('the last head that a server saw, on %s,', () => {
  test('is beside the database, for its owner alone, and says what `audit verify` says', async () => {
    using directory = dataDirectory();
    const dataDir = directory.path;
    await begin(dataDir);
    expect(statSync(headFile(dataDir)).mode & 0o777).toBe(0o600);
    const { size, root } = savedHead(dataDir);
    const { stdout } = await admin(['audit', 'verify', '--json'], dataDir);
    expect(JSON.parse(stdout)).toMatchObject({ size, root });
    expect(readdirSync(dataDir).filter((name) => name.startsWith('audit-head'))).toEqual(['audit-head']);
  });

  test('tells the database of yesterday, which is accepted by a command and on record', async () => {
    using directory = dataDirectory();
    const dataDir = directory.path;
    await begin(dataDir);
    const yesterday = await copyDatabase(dataDir);
    const before = savedHead(dataDir);
    await goOn({ dataDir });
    const seen = savedHead(dataDir);
    expect(seen.size).toBe(before.size + 3);
    await yesterday();

    const line = await refusal({ dataDir });
    expect(line).toBe(
      `this database is older than what this server last saw of it: its audit log has ${before.size} records, and on ${seen.saved_at} it had ${seen.size} with the root ${seen.root} (${headFile(dataDir)}); put the newer database back, or, where this one is meant, run \`coffer admin audit accept\`, which is put on record`,
    );
    // To refuse changes nothing: it is refused again.
    expect(savedHead(dataDir)).toEqual(seen);
    expect(await refusal({ dataDir })).toBe(line);
    const verified = await admin(['audit', 'verify', '--json'], dataDir);
    expect(verified).toMatchObject({ code: 1, stderr: expect.stringContaining(`But ${line}`) });
    expect(JSON.parse(verified.stdout)).toMatchObject({ difference: 'head', message: line.split(';')[0] });

    const accepted = await admin(['audit', 'accept', '--json'], dataDir);
    expect(accepted).toMatchObject({ code: 0 });
    expect(accepted.stderr).toContain('Found: this database is older');
    const details = {
      reason: 'older',
      size: before.size,
      root: before.root,
      seen_instance: seen.instance,
      seen_size: seen.size,
      seen_root: seen.root,
      seen_at: seen.saved_at,
    };
    expect(JSON.parse(accepted.stdout)).toEqual({ accepted: true, ...details });
    expect(await lastRecord(dataDir, 'audit_head_accept')).toMatchObject({
      index: before.size,
      outcome: 'success',
      details,
    });
    expect(await admin(['audit', 'accept'], dataDir)).toMatchObject({ code: 0, stdout: '' });
    expect(await admin(['audit', 'verify'], dataDir)).toMatchObject({ code: 0 });
    await goOn({ dataDir }, 10);
    await starts({ dataDir });
  });

  test('is accepted by a command that can be run again where it was killed after its record', async () => {
    using directory = dataDirectory();
    const dataDir = directory.path;
    await begin(dataDir);
    const yesterday = await copyDatabase(dataDir);
    await goOn({ dataDir }, 5);
    const seen = readFileSync(headFile(dataDir));
    await yesterday();
    expect(await admin(['audit', 'accept'], dataDir)).toMatchObject({ code: 0 });
    // The record is there, the file is not written.
    writeFileSync(headFile(dataDir), seen);
    expect(await refusal({ dataDir })).toContain('this database is older');
    const first = await lastRecord(dataDir, 'audit_head_accept');
    expect(await admin(['audit', 'accept'], dataDir)).toMatchObject({ code: 0 });
    expect((await lastRecord(dataDir, 'audit_head_accept')).index).toBe(first.index + 1);
    await starts({ dataDir });
  });

  test('tells a log that grew from that of yesterday past what was seen', async () => {
    using directory = dataDirectory();
    const dataDir = directory.path;
    await begin(dataDir);
    const yesterday = await copyDatabase(dataDir);
    await goOn({ dataDir });
    const seen = readFileSync(headFile(dataDir));
    await yesterday();
    rmSync(headFile(dataDir));
    for (const records of [3, 20]) {
      await goOn({ dataDir }, records);
      const grown = readFileSync(headFile(dataDir));
      writeFileSync(headFile(dataDir), seen);
      expect(await refusal({ dataDir })).toContain(
        'the audit log of this database does not go on from what this server last saw: on ',
      );
      writeFileSync(headFile(dataDir), grown);
    }
  });

  test('may be older than the database by any number of records', async () => {
    using directory = dataDirectory();
    const dataDir = directory.path;
    await begin(dataDir);
    const before = readFileSync(headFile(dataDir));
    await using server = await startTestServer({ dataDir });
    const { audit, store } = server.app.context;
    const event = draft({ ip: '', requestId: 'test', userAgent: '' }, undefined, { type: 'event_list' });
    await store.transaction(
      async (tx) => await audit.append(tx, ...Array.from({ length: 2500 }, () => event)),
    );
    await server.stop();
    writeFileSync(headFile(dataDir), before);
    await starts({ dataDir });
    // A record that is missing on the way, or another one, is not overlooked.
    writeFileSync(headFile(dataDir), before);
    const changed = await storeOf(dataDir);
    await changed.db.updateTable('audit_entry').set({ body: '{}' }).where('idx', '=', 1700).execute();
    await changed.close();
    expect(await refusal({ dataDir })).toContain('does not go on from what this server last saw');
  });

  test('is saved at a pace, where something was committed, and at a stop', async () => {
    using directory = dataDirectory();
    const dataDir = directory.path;
    await begin(dataDir);
    await using server = await startTestServer({ dataDir, headPaceMs: 5 });
    const { ino } = statSync(headFile(dataDir));
    const { size } = savedHead(dataDir);
    const root = await signIn(server.anonymous());
    await vi.waitFor(() => expect(savedHead(dataDir).size).toBe(size + 1));
    expect(statSync(headFile(dataDir)).ino).not.toBe(ino);
    // Nothing has changed: nothing is written.
    const second = statSync(headFile(dataDir)).ino;
    await server.app.context.savedHead.save();
    expect(statSync(headFile(dataDir)).ino).toBe(second);
    await root.ok('vault_fetch_one', { project_id: 'shop', key: 'A' });
    await server.stop();
    expect(savedHead(dataDir).size).toBe(size + 2);
  });

  test('is saved after a first start that makes a user by its settings', async () => {
    using directory = dataDirectory();
    const dataDir = directory.path;
    const firstUser = { username: 'root', email: 'root@example.org', password: new Redacted(PASSWORD) };
    await using server = await startTestServer({ dataDir, headPaceMs: 5, config: { firstUser } });
    const { size } = await server.app.context.store.db
      .selectFrom('audit_head')
      .select('size')
      .executeTakeFirstOrThrow();
    await vi.waitFor(() => expect(savedHead(dataDir).size).toBe(size));
  });

  test('is never one that is not committed yet', async () => {
    using directory = dataDirectory();
    const dataDir = directory.path;
    await begin(dataDir);
    await using server = await startTestServer({ dataDir });
    const { store, audit, savedHead: saved } = server.app.context;
    const { size } = savedHead(dataDir);
    const event = draft({ ip: '', requestId: 'test', userAgent: '' }, undefined, { type: 'event_list' });
    let saving: Promise<void> | undefined;
    const lost = store.transaction(async (tx) => {
      await audit.append(tx, event, event);
      saving = saved.save();
      await new Promise((resolve) => void setTimeout(resolve, 20));
      throw new Error('lost');
    });
    await expect(lost).rejects.toThrow('lost');
    await saving;
    expect(savedHead(dataDir).size).toBe(size);
    await audit.record(event);
    await saved.save();
    expect(savedHead(dataDir).size).toBe(size + 1);
  });

  test('is not taken for another one by a kill at any moment under load', async () => {
    using directory = dataDirectory();
    const dataDir = directory.path;
    await begin(dataDir);
    for (let kills = 0; kills < 3; kills += 1) {
      await using server = await ServerProcess.start({ dataDir });
      const root = await signIn(server.client());
      const load = Array.from({ length: 4 }, async () => {
        try {
          for (;;) await root.call('vault_fetch_one', { project_id: 'shop', key: 'A' });
        } catch {
          // Killed.
        }
      });
      const { size } = savedHead(dataDir);
      await vi.waitFor(() => expect(savedHead(dataDir).size).toBeGreaterThan(size), { timeout: 20_000 });
      await server.kill('SIGKILL');
      await Promise.all(load);
    }
    await starts({ dataDir });
  });

  test.each([
    ['and that is seen before it has grown', 0],
    ['and it has grown to what was seen before anyone looks', 1],
    ['and it has grown past what was seen before anyone looks', 5],
  ])(
    'stays, and says so until that is accepted, when the log falls back while the server runs, %s',
    async (_, reads) => {
      using directory = dataDirectory();
      const dataDir = directory.path;
      await begin(dataDir);
      await using server = await startTestServer({ dataDir, headPaceMs: 60_000 });
      const { store, savedHead: saved } = server.app.context;
      const root = await signIn(server.anonymous());
      await saved.save();
      const older = await store.db.selectFrom('audit_head').selectAll().executeTakeFirstOrThrow();
      await root.ok('vault_fetch_one', { project_id: 'shop', key: 'A' });
      await saved.save();
      const seen = savedHead(dataDir);
      expect(await warningsOf(server)).toEqual([]);
      await fallBackTo(store, older);
      for (let index = 0; index < reads; index += 1)
        await root.ok('vault_fetch_one', { project_id: 'shop', key: 'A' });
      await saved.save();
      expect(savedHead(dataDir)).toEqual(seen);
      // It grows past what was seen, and is another one for all that.
      for (let index = 0; index < 5; index += 1) {
        await root.ok('vault_fetch_one', { project_id: 'shop', key: 'A' });
        await saved.save();
      }
      expect(savedHead(dataDir)).toEqual(seen);
      const lines = server.logLines.filter((line) => line.includes('does not go on from what was seen'));
      expect(lines).toHaveLength(1);
      expect(JSON.parse(lines[0] ?? '')).toMatchObject({
        level: 50,
        records: older.size + reads,
        seen: seen.size,
        seen_root: seen.root,
      });
      expect(await warningsOf(server)).toEqual([
        expect.stringContaining('does not go on from what this server saw'),
      ]);
      expect(await admin(['audit', 'accept'], dataDir)).toMatchObject({ code: 0 });
      await saved.save();
      expect(await warningsOf(server)).toEqual([]);
      await root.ok('vault_fetch_one', { project_id: 'shop', key: 'A' });
      await server.stop();
      expect(savedHead(dataDir).size).toBeGreaterThan(older.size + reads + 5);
      await starts({ dataDir });
    },
  );

  test('stays for the next start when the log that fell back is not accepted', async () => {
    using directory = dataDirectory();
    const dataDir = directory.path;
    await begin(dataDir);
    await using server = await startTestServer({ dataDir, headPaceMs: 60_000 });
    const { store, savedHead: saved } = server.app.context;
    const older = await store.db.selectFrom('audit_head').selectAll().executeTakeFirstOrThrow();
    const root = await signIn(server.anonymous());
    await saved.save();
    const seen = savedHead(dataDir);
    await fallBackTo(store, older);
    for (let reads = 0; reads < 5; reads += 1)
      await root.ok('vault_fetch_one', { project_id: 'shop', key: 'A' });
    await server.stop();
    expect(savedHead(dataDir)).toEqual(seen);
    expect(await refusal({ dataDir })).toContain('does not go on from what this server last saw');
    // What would put more on record refuses as well.
    for (const words of [
      ['backup', '--recipient', RECIPIENT, join(dataDir, 'b.age')],
      ['rotate', 'data-key'],
      ['rotate', 'root-key'],
    ]) {
      const run = await admin(words, dataDir);
      expect(run).toMatchObject({ code: 1, stdout: '' });
      expect(run.stderr).toContain('does not go on from what this server last saw');
    }
    // It is whole, and not the one that was seen.
    const verified = await admin(['audit', 'verify'], dataDir);
    expect(verified).toMatchObject({ code: 1, stdout: '' });
    expect(verified.stderr).toMatch(
      /The audit log is whole[^]*But the audit log of this database does not go on/,
    );
    expect(savedHead(dataDir)).toEqual(seen);
  });

  test('is not taken back by a copy of the file that is put in its place', async () => {
    using directory = dataDirectory();
    const dataDir = directory.path;
    await begin(dataDir);
    const copy = readFileSync(headFile(dataDir));
    await using server = await startTestServer({ dataDir, headPaceMs: 60_000 });
    const { store, savedHead: saved } = server.app.context;
    const older = await store.db.selectFrom('audit_head').selectAll().executeTakeFirstOrThrow();
    const root = await signIn(server.anonymous());
    await root.ok('vault_fetch_one', { project_id: 'shop', key: 'A' });
    await saved.save();
    await fallBackTo(store, older);
    for (const forge of [() => writeFileSync(headFile(dataDir), copy), () => rmSync(headFile(dataDir))]) {
      forge();
      await root.ok('vault_fetch_one', { project_id: 'shop', key: 'A' });
      await saved.save();
      expect(await warningsOf(server)).toHaveLength(1);
    }
  });

  test('has what a command committed, whether or not a server runs', async () => {
    using directory = dataDirectory();
    const dataDir = directory.path;
    await begin(dataDir);
    const before = await copyDatabase(dataDir);
    const { size } = savedHead(dataDir);
    expect(await admin(['rotate', 'data-key'], dataDir)).toMatchObject({ code: 0 });
    const saved = savedHead(dataDir);
    expect(saved.size).toBeGreaterThan(size);
    const { stdout } = await admin(['audit', 'verify', '--json'], dataDir);
    expect(JSON.parse(stdout)).toMatchObject({ size: saved.size, root: saved.root });
    await before();
    expect(await refusal({ dataDir })).toContain('this database is older');
    expect(await admin(['audit', 'accept'], dataDir)).toMatchObject({ code: 0 });

    // A directory of no server gets none.
    rmSync(headFile(dataDir));
    expect(await admin(['rotate', 'data-key'], dataDir)).toMatchObject({ code: 0 });
    expect(readdirSync(dataDir)).not.toContain('audit-head');
  });

  test('has what another process committed, soon, though nothing is committed here', async () => {
    using directory = dataDirectory();
    const dataDir = directory.path;
    await begin(dataDir);
    await using server = await startTestServer({ dataDir, headPaceMs: 1 });
    await server.app.context.savedHead.save();
    const { size } = savedHead(dataDir);
    const other = await storeOf(dataDir);
    await new AuditLog(other, Date.now).record(EVENT);
    await other.close();
    await vi.waitFor(() => expect(savedHead(dataDir).size).toBe(size + 1));
  });

  test('is told from what fell back by the newest record alone, and grew past it', async () => {
    using directory = dataDirectory();
    const dataDir = directory.path;
    await begin(dataDir);
    await using server = await startTestServer({ dataDir, headPaceMs: 60_000 });
    const { store, audit, savedHead: saved } = server.app.context;
    await audit.record(EVENT);
    const before = await store.db.selectFrom('audit_head').selectAll().executeTakeFirstOrThrow();
    await audit.record(EVENT);
    await saved.save();
    const seen = savedHead(dataDir);
    expect(seen.size).toBe(before.size + 1);
    // What this process appended last is not there any more, so it did not append all that is there now.
    await fallBackTo(store, before);
    await audit.record({ ...EVENT, object: 'another' }, EVENT);
    await audit.record(EVENT);
    await saved.save();
    expect(saved.warnings).toHaveLength(1);
    expect(savedHead(dataDir)).toEqual(seen);
    await fallBackTo(store, before);
    await audit.record(EVENT);
  });

  test('that only this process went on from takes reading none of the records', async () => {
    using directory = dataDirectory();
    const dataDir = directory.path;
    await begin(dataDir);
    await using server = await startTestServer({ dataDir, headPaceMs: 60_000 });
    const { store, audit, savedHead: saved } = server.app.context;
    const read = vi.spyOn(Object.getPrototypeOf(store.db), 'selectFrom');
    const looks = async (): Promise<number> => {
      read.mockClear();
      await saved.save();
      return read.mock.calls.filter(([table]) => table === 'audit_entry').length;
    };
    await audit.record(EVENT);
    expect(await looks()).toBe(1);
    for (let records = 0; records < 3; records += 1) await audit.record(EVENT, EVENT);
    expect(await looks()).toBe(0);
    const other = await storeOf(dataDir);
    await new AuditLog(other, Date.now).record(EVENT);
    await other.close();
    expect(await looks()).toBe(1);
    await audit.record(EVENT);
    expect(await looks()).toBe(1);
    await audit.record(EVENT);
    expect(await looks()).toBe(0);
    expect(savedHead(dataDir).size).toBe(await sizeOf(store));
    read.mockRestore();
  });

  test('never goes back, though another process saves a newer one in the midst of it', async () => {
    using directory = dataDirectory();
    const dataDir = directory.path;
    await begin(dataDir);
    const store = await storeOf(dataDir);
    const other = await storeOf(dataDir);
    const audit = new AuditLog(other, Date.now);
    const newer = await keeperOf(other, dataDir);
    const sizes: number[] = [];
    let left = 4;
    const slow = await keeperOf(store, dataDir, async () => {
      if (left === 0) return;
      left -= 1;
      await audit.record(EVENT);
      await newer.save();
      sizes.push(savedHead(dataDir).size);
      // There is still something to save.
      await audit.record(EVENT);
    });
    await slow.save();
    expect(sizes).toHaveLength(4);
    expect(sizes).toEqual(sizes.toSorted((one, two) => one - two));
    expect(savedHead(dataDir).size).toBe(await sizeOf(store));
    await store.close();
    await other.close();
  });

  test('that cannot be written is logged, once, and stops nothing', async () => {
    using directory = dataDirectory();
    const dataDir = directory.path;
    await begin(dataDir);
    await using server = await startTestServer({ dataDir });
    const { savedHead: saved } = server.app.context;
    const { size } = savedHead(dataDir);
    rmSync(headFile(dataDir));
    // A file does not take the place of a directory, whoever we are.
    mkdirSync(headFile(dataDir));
    const root = await signIn(server.anonymous());
    for (let reads = 0; reads < 3; reads += 1) {
      await root.ok('vault_fetch_one', { project_id: 'shop', key: 'A' });
      await saved.save();
    }
    const about = (what: string): number => server.logLines.filter((line) => line.includes(what)).length;
    expect(about('the head of the audit log cannot be saved')).toBe(1);
    expect(readdirSync(dataDir).filter((name) => name.startsWith('audit-head'))).toEqual(['audit-head']);
    rmSync(headFile(dataDir), { recursive: true });
    await saved.save();
    expect(about('the head of the audit log is saved again')).toBe(1);
    expect(savedHead(dataDir).size).toBe(size + 4);
  });

  test('needs no data directory that can be written', async () => {
    using directory = dataDirectory();
    const database = await databaseFor(directory.path);
    if (database === undefined) return;
    const config = {
      database,
      rootKeys: { keys: [new Redacted(randomBytes(32))] as const, path: undefined },
    };
    // Nothing can be made in there, whoever we are.
    await using server = await startTestServer({ dataDir: '/dev/null/coffer', config });
    expect((await server.anonymous().call('health')).status).toBe(200);
    await server.stop();
    expect(
      server.logLines.filter((line) => line.includes('head of the audit log cannot be saved')),
    ).toHaveLength(1);
  });
});

describe.each(ENGINES)('a file that is not what a server wrote, on %s:', () => {
  const DAMAGED = 'is damaged, or was not written under a root key that this database knows; look at';
  const edit =
    (change: (head: Record<string, unknown>) => unknown) =>
    (text: string): string =>
      `${JSON.stringify(change(JSON.parse(text) as Record<string, unknown>))}\n`;

  test.each<[string, (text: string) => string]>([
    ['empty', () => ''],
    ['cut off', (text) => text.slice(0, 100)],
    ['no JSON', () => 'head\n'],
    ['another JSON', () => 'null'],
    ['another time', edit((head) => ({ ...head, saved_at: '2001-01-01T00:00:00.000Z' }))],
    [
      'a smaller tree',
      edit((head) => ({
        ...head,
        size: 0,
        frontier: '',
        root: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      })),
    ],
    ['without its seal', edit((head) => ({ ...head, seal: undefined }))],
    ['another seal', edit((head) => ({ ...head, seal: Buffer.alloc(32).toString('base64') }))],
    [
      'under a root key that nobody has',
      edit((head) => ({ ...head, root_key_check: Buffer.alloc(32).toString('base64') })),
    ],
    ['with more in it', edit((head) => ({ ...head, more: 1 }))],
  ])('%s', async (_, forge) => {
    using directory = dataDirectory();
    const dataDir = directory.path;
    await begin(dataDir);
    writeFileSync(headFile(dataDir), forge(readFileSync(headFile(dataDir), 'utf8')));
    expect(await refusal({ dataDir })).toContain(DAMAGED);
    expect(await admin(['audit', 'accept'], dataDir)).toMatchObject({ code: 0 });
    expect((await lastRecord(dataDir, 'audit_head_accept')).details).toMatchObject({ reason: 'damaged' });
    await starts({ dataDir });
  });

  test('of another instance', async () => {
    using directory = dataDirectory();
    using other = dataDirectory();
    const dataDir = directory.path;
    for (const path of [dataDir, other.path]) await begin(path);
    const theirs = savedHead(other.path);
    const ours = savedHead(dataDir);
    writeFileSync(headFile(dataDir), readFileSync(headFile(other.path)));
    expect(await refusal({ dataDir })).toContain(
      `the data directory and the database are of two instances: ${headFile(dataDir)} is of ${theirs.instance}, last seen with an audit log of ${theirs.size} records on ${theirs.saved_at}, and the database is ${ours.instance}; correct the settings`,
    );
    expect(await admin(['audit', 'accept'], dataDir)).toMatchObject({ code: 0 });
    expect((await lastRecord(dataDir, 'audit_head_accept')).details).toMatchObject({
      reason: 'other_instance',
      seen_instance: theirs.instance,
    });
    await starts({ dataDir });
  });

  test.skipIf(process.platform === 'win32')('open to others', async () => {
    using directory = dataDirectory();
    const dataDir = directory.path;
    await begin(dataDir);
    for (const mode of [0o640, 0o604, 0o622]) {
      chmodSync(headFile(dataDir), mode);
      expect(await refusal({ dataDir })).toContain(`${headFile(dataDir)} must not be open to other users`);
      expect(await admin(['audit', 'accept'], dataDir)).toMatchObject({ code: 1 });
    }
    chmodSync(headFile(dataDir), 0o600);
    await starts({ dataDir });
  });

  test.skipIf(process.platform === 'win32')('a pipe, which nobody waits for', async () => {
    using directory = dataDirectory();
    const dataDir = directory.path;
    await begin(dataDir);
    rmSync(headFile(dataDir));
    execFileSync('mkfifo', ['-m', '600', headFile(dataDir)]);
    // What waits for a writer waits in the kernel: only another process can tell.
    const { run, child } = startAdmin(['audit', 'accept'], { dataDir, env: databaseSettings(dataDir) });
    const impatience = setTimeout(() => child.kill('SIGKILL'), 20_000);
    const { code, stderr } = await run;
    clearTimeout(impatience);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining('cannot be read (it is no regular file)'),
    });
  });

  test('larger than any', async () => {
    using directory = dataDirectory();
    const dataDir = directory.path;
    await begin(dataDir);
    writeFileSync(headFile(dataDir), readFileSync(headFile(dataDir), 'utf8').trimEnd() + ' '.repeat(1e6));
    expect(await refusal({ dataDir })).toContain(DAMAGED);
  });

  test('a directory', async () => {
    using directory = dataDirectory();
    const dataDir = directory.path;
    await begin(dataDir);
    rmSync(headFile(dataDir));
    mkdirSync(headFile(dataDir), { mode: 0o700 });
    expect(await refusal({ dataDir })).toContain('cannot be read (EISDIR)');
  });
});

describe.each(ENGINES)('beside an empty database on %s', () => {
  test('a head that was seen keeps a new instance from being made', async () => {
    using directory = dataDirectory();
    using other = dataDirectory();
    await begin(other.path);
    const seen = savedHead(other.path);
    const dataDir = directory.path;
    writeFileSync(headFile(dataDir), readFileSync(headFile(other.path)), { mode: 0o600 });
    expect(await refusal({ dataDir })).toBe(
      `the database is empty, but this data directory belongs to an instance: it last saw an audit log of ${seen.size} records on ${seen.saved_at}; check which database the settings name, or restore a backup with \`coffer admin restore\`; to begin anew, take ${headFile(dataDir)} away`,
    );
    // A root key would stand in the way of the one that a restore needs.
    expect(existsSync(join(dataDir, 'root.key'))).toBe(false);
    const store = await storeOf(dataDir);
    expect(await findInstance(store.db)).toBeUndefined();
    await store.close();
    expect(await admin(['audit', 'accept'], dataDir)).toMatchObject({ code: 1 });
    rmSync(headFile(dataDir));
    await starts({ dataDir });
  });

  test('a backup may be restored, and what was seen is on record with it', async () => {
    using places = backupPlaces();
    using directory = dataDirectory();
    await begin(directory.path);
    await using server = await startTestServer({ dataDir: directory.path });
    await backUpTo(places.path, server);
    const root = await signIn(server.anonymous());
    await root.ok('vault_update', { project_id: 'shop', key: 'A', value: 'after the backup' });
    await server.stop();
    const seen = savedHead(directory.path);

    using target = dataDirectory();
    const dataDir = target.path;
    await databaseFor(dataDir);
    for (const name of ['audit-head', 'root.key'])
      writeFileSync(join(dataDir, name), readFileSync(join(directory.path, name)), { mode: 0o600 });
    const identity = join(places.directory, 'key.txt');
    writeFileSync(identity, `${IDENTITY}\n`, { mode: 0o600 });
    const run = await admin(['restore', '--identity-file', identity, places.path], dataDir);
    expect(run).toMatchObject({ code: 0 });
    expect(run.stderr).toContain(`This data directory last saw an audit log of ${seen.size} records`);
    expect((await lastRecord(dataDir, 'instance_restore')).details).toMatchObject({
      seen_instance: seen.instance,
      seen_size: seen.size,
      seen_root: seen.root,
      seen_at: seen.saved_at,
    });
    await starts({ dataDir });
  });
});

describe.each(ENGINES)('two servers on %s', () => {
  /** On PostgreSQL each has a directory of its own; one file is in one directory. */
  test('each know what they saw, and each refuse to start on what is older', async () => {
    using one = dataDirectory();
    using two = dataDirectory();
    await begin(one.path);
    const database = await databaseFor(one.path);
    const rootKeys = { keys: rootKeysOf(one.path), path: undefined };
    const nodes: TestOptions[] =
      ENGINE === 'sqlite'
        ? [{ dataDir: one.path }, { dataDir: one.path }]
        : [
            { dataDir: one.path, config: { database } },
            { dataDir: two.path, config: { database, rootKeys } },
          ];
    const [first = {}, second = {}] = nodes;
    {
      await using a = await startTestServer({ ...first, headPaceMs: 1 });
      await using b = await startTestServer({ ...second, headPaceMs: 1 });
      const clients = [await signIn(a.anonymous()), await signIn(b.anonymous())];
      await Promise.all(
        Array.from({ length: 60 }, async (_, index) => {
          await clients[index % 2]?.ok('vault_fetch_one', { project_id: 'shop', key: 'A' });
        }),
      );
      await a.stop();
      await starts(first);
    }
    const yesterday = await copyDatabase(one.path);
    // One is off, the other goes on: the older file is no reason to refuse.
    await goOn(first);
    await starts(second);
    await goOn(second);
    await yesterday();
    for (const node of nodes) expect(await refusal(node)).toContain('this database is older');
    expect(await admin(['audit', 'accept'], one.path)).toMatchObject({ code: 0 });
    await starts(first);
    if (ENGINE === 'sqlite') return;
    expect(await refusal(second)).toContain('last saw');
    const env = {
      ...databaseSettings(one.path),
      COFFER_ROOT_KEY_FILE: join(one.path, 'root.key'),
    };
    expect(await runAdminHere(['audit', 'accept'], { dataDir: two.path, env })).toMatchObject({ code: 0 });
    await starts(second);
    await starts(first);
  });
});

describe.each(ENGINES)('a root key that is rotated on %s', () => {
  test('locks nobody out, wherever the rotation stops, whichever key the head is sealed under', async () => {
    using directory = dataDirectory();
    const dataDir = directory.path;
    await begin(dataDir);
    const old = readFileSync(headFile(dataDir));
    const oldKey = readFileSync(join(dataDir, 'root.key'));
    const checkOf = (text: Buffer): string => (JSON.parse(text.toString()) as Head).root_key_check;
    const yesterday = await copyDatabase(dataDir);

    const options = { signal: new AbortController().signal, progress: () => undefined };
    const steps: ((rotation: Rotation) => Promise<unknown>)[] = [
      async (rotation) => await prepareRootKey(rotation, new Redacted(randomBytes(32))),
      switchRootKey,
      async (rotation) => await rewrapDataKeys(rotation, options),
      retireRootKey,
      cleanRootKeyFile,
    ];
    let newest = old;
    for (const step of steps) {
      const store = await storeOf(dataDir);
      const instance = await findInstance(store.db);
      if (instance === undefined) throw new Error('there is no instance');
      await step({
        store,
        audit: new AuditLog(store, Date.now),
        clock: Date.now,
        instanceId: instance.id,
        source: rootKeySource(undefined, dataDir),
      });
      await store.close();
      for (const head of [newest, old]) {
        writeFileSync(headFile(dataDir), head);
        await starts({ dataDir });
      }
      newest = readFileSync(headFile(dataDir));
    }
    expect(checkOf(newest)).not.toBe(checkOf(old));
    // Sealed under the old key, which is gone: that nobody vouches for it is logged, and it still counts.
    writeFileSync(headFile(dataDir), old);
    await using server = await startTestServer({ dataDir });
    expect(server.logLines.filter((line) => line.includes('nobody vouches for it'))).toHaveLength(1);
    await server.stop();
    await using again = await startTestServer({ dataDir });
    expect(again.logLines.filter((line) => line.includes('nobody vouches for it'))).toEqual([]);
    await again.stop();
    // The database and the root key of before are older all the same.
    await yesterday();
    const newKey = readFileSync(join(dataDir, 'root.key'));
    writeFileSync(join(dataDir, 'root.key'), oldKey);
    expect(await refusal({ dataDir })).toContain('not written under a root key that this database knows');
    writeFileSync(join(dataDir, 'root.key'), Buffer.concat([newKey, oldKey]));
    expect(await refusal({ dataDir })).toContain('this database is older');
  });
});
