import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import {
  ADMIN_EXIT,
  AppError,
  type AuditEntry,
  type EntryKey,
  type EnvironmentId,
  type ProjectId,
} from '@coffer/core';
import Database from 'better-sqlite3';
import { describe, expect, test, vi } from 'vitest';
import { rootKeySource } from '../src/keys/root-key-source.ts';
import {
  destroyDataKeys,
  replaceDataKeys,
  resealVersions,
  type DataKeyRotation,
} from '../src/services/data-key-rotation.ts';
import { RootKeyring } from '../src/services/root-keyring.ts';
import { VaultCipher } from '../src/services/vault-cipher.ts';
import { openField } from '../src/services/vaults.ts';
import { sha256Hex } from '../src/sha256.ts';
import { findEntry } from '../src/store/entries.ts';
import { eachSealedVersion } from '../src/store/sealed-versions.ts';
import { runAdmin, runAdminHere, startAdmin } from '../src/testing/admin.ts';
import type { Client } from '../src/testing/client.ts';
import { findRemains, readDataDir, temporaryDirectory } from '../src/testing/data-dir.ts';
import { databaseFor } from '../src/testing/databases.ts';
import { ENGINE, ENGINES } from '../src/testing/engines.ts';
import { queryAt } from '../src/testing/postgres.ts';
import { PASSWORD, startTestServer, type TestServer } from '../src/testing/server.ts';
import { backUpTo, backupPlaces, restoreTo, rootKeysOf } from './backup-world.ts';

const ROTATE = ['rotate', 'data-key'];
/** Two versions of each are more than one transaction takes. */
const ENTRIES = 12;
const NEVER = new AbortController().signal;
const unseen = { signal: NEVER, progress: () => undefined };

/** By `key@version`: value and comment. */
type Contents = Map<string, string>;

/** A project whose entries have two versions each. */
async function fill(client: Client, project_id: string): Promise<Contents> {
  const contents: Contents = new Map();
  for (let index = 0; index < ENTRIES; index += 1) {
    const key = `KEY_${index}`;
    for (const version of [1, 2]) {
      const value = `${index} ${randomBytes(20).toString('hex')}${'x'.repeat(index * 40)}`;
      const comment = randomBytes(10).toString('hex');
      await client.ok(version === 1 ? 'vault_create' : 'vault_update', { project_id, key, value, comment });
      contents.set(`${key}@${version}`, `${value} ${comment}`);
    }
  }
  return contents;
}

async function expectContents(client: Client, project_id: string, contents: Contents): Promise<void> {
  for (const [name, content] of contents) {
    const [key, version] = name.split('@');
    const { vault } = await client.ok('vault_fetch_one', { project_id, key, version });
    expect(`${vault.value} ${vault.comment}`).toBe(content);
  }
}

type KeyRow = { id: string; state: string; wrapped: Uint8Array; replaced_at: number | null };

async function dataKeys({ app }: TestServer, project_id: string): Promise<KeyRow[]> {
  return await app.context.store.db
    .selectFrom('data_key')
    .select(['id', 'state', 'wrapped', 'replaced_at'])
    .where('project_id', '=', project_id)
    .execute();
}

/** What is sealed, and under which key, by `project/key@version`. */
async function sealedVersions({ app }: TestServer) {
  const sealed = new Map<string, { dataKeyId: string; value: Buffer; comment: Buffer }>();
  for await (const { place, key, content } of eachSealedVersion(app.context.store.db)) {
    sealed.set(`${place.projectId}/${key}@${place.version}`, {
      dataKeyId: content.dataKeyId,
      value: Buffer.from(content.valueSealed),
      comment: Buffer.from(content.commentSealed),
    });
  }
  return sealed;
}

/** Each version is sealed under the one key of its project, and the log ends up with the hash of what is stored. */
async function expectDone(server: TestServer, projects: readonly string[]): Promise<void> {
  const hashes = new Map<string, unknown>();
  const rows = await server.app.context.store.db
    .selectFrom('audit_entry')
    .select('body')
    .orderBy('idx')
    .execute();
  for (const { body } of rows) {
    const { type, project_id, object, details } = JSON.parse(body) as AuditEntry;
    if (details['ciphertext_sha256'] === undefined) continue;
    expect(['vault_create', 'vault_update', 'vault_version_restore', 'vault_reseal']).toContain(type);
    const { data_key_id, ciphertext_sha256 } = details;
    hashes.set(`${project_id}/${object}@${details['version']}`, { data_key_id, ciphertext_sha256 });
  }
  expect(await runAdminHere(['audit', 'verify'], server)).toMatchObject({ code: 0 });
  const sealed = await sealedVersions(server);
  for (const project_id of projects) {
    const keys = await dataKeys(server, project_id);
    expect(keys).toMatchObject([{ state: 'active', replaced_at: null }]);
    for (const [name, { dataKeyId, value }] of sealed) {
      if (!name.startsWith(`${project_id}/`)) continue;
      expect(dataKeyId).toBe(keys[0]?.id);
      expect(hashes.get(name)).toEqual({ data_key_id: dataKeyId, ciphertext_sha256: sha256Hex(value) });
    }
  }
}

/** As a process of its own has it. */
function rotationOn({ app, dataDir }: TestServer, scope?: string): DataKeyRotation {
  const { store, audit, clock, instance } = app.context;
  const rootKeys = new RootKeyring(rootKeySource(undefined, dataDir), instance.id);
  const cipher = new VaultCipher(rootKeys, { instanceId: instance.id, clock });
  return { store, audit, clock, cipher, scope: scope as ProjectId | undefined };
}

async function countEvents(client: Client, type: string, project_id?: string): Promise<number> {
  const { amount } = await client.ok('event_fetch', { type, limit: 1, ...(project_id && { project_id }) });
  return amount;
}

/** As someone writes who has the database, and lets no reference be checked. */
async function writeUnchecked({ dataDir }: TestServer, statements: readonly string[]): Promise<void> {
  const address = await databaseFor(dataDir);
  if (address !== undefined) {
    await queryAt(address, ['set session_replication_role = replica', ...statements].join('; '));
    return;
  }
  const database = new Database(join(dataDir, 'coffer.db'));
  database.pragma('foreign_keys = off');
  for (const statement of statements) database.exec(statement);
  database.close();
}

/** Writes, reads, updates, restores, lists and deletes until it is told to stop; each call must succeed. */
async function work(
  client: Client,
  project_id: string,
  { worker, kept, isOver }: { worker: number; kept: Contents; isOver: () => boolean },
): Promise<number> {
  let rounds = 0;
  for (; !isOver(); rounds += 1) {
    const key = `W${worker}_${rounds}`;
    await client.ok('vault_create', { project_id, key, value: `first of ${key}`, comment: 'c' });
    await client.ok('vault_update', { project_id, key, value: `second of ${key}` });
    await client.ok('vault_version_restore', { project_id, key, version: 1 });
    const { vault } = await client.ok('vault_fetch_one', { project_id, key });
    expect(vault).toMatchObject({ value: `first of ${key}`, comment: 'c', version: 3 });
    const { vaults } = await client.ok('vault_fetch', {
      project_id,
      filter: 'KEY_',
      limit: 100,
      values: true,
    });
    expect(vaults).toHaveLength(ENTRIES);
    const [{ key: read, value, comment }] = vaults as [{ key: string; value: string; comment: string }];
    expect(`${value} ${comment}`).toBe(kept.get(`${read}@2`));
    if (rounds % 2 === 0) await client.ok('vault_delete', { project_id, key });
    else kept.set(`${key}@2`, `second of ${key} c`);
  }
  return rounds;
}

describe.each(ENGINES)('rotate data-key on %s', () => {
  test('while requests run: none fails, all is sealed anew and on record, old keys and ciphertexts are gone', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const projects = [await server.project(root), await server.project(root)];
    const contents = new Map<string, Contents>();
    for (const project_id of projects) contents.set(project_id, await fill(root, project_id));
    const keysBefore = await Promise.all(
      projects.map(async (project_id) => await dataKeys(server, project_id)),
    );
    const sealedBefore = await sealedVersions(server);

    let over = false;
    const working = projects.map(async (project_id, worker) => {
      const kept = contents.get(project_id) ?? new Map();
      return await work(root, project_id, { worker, kept, isOver: () => over });
    });
    const { code, stdout, stderr } = await runAdmin(ROTATE, server);
    over = true;
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toContain('Destroyed: 2 old data keys.');
    for (const rounds of await Promise.all(working)) expect(rounds).toBeGreaterThan(0);

    await expectDone(server, projects);
    for (const [project_id, kept] of contents) await expectContents(root, project_id, kept);
    for (const project_id of projects) {
      expect(await countEvents(root, 'data_key_rotate', project_id)).toBe(1);
      expect(await countEvents(root, 'data_key_destroy', project_id)).toBe(1);
      expect(await countEvents(root, 'vault_reseal', project_id)).toBeGreaterThanOrEqual(2 * ENTRIES);
    }
    if (ENGINE === 'postgres') return;
    const blobs = new Map<string, Buffer>(
      keysBefore.flat().map(({ id, wrapped }) => [id, Buffer.from(wrapped).subarray(17)]),
    );
    for (const [name, { value, comment }] of sealedBefore) {
      blobs.set(`value of ${name}`, value.subarray(17));
      blobs.set(`comment of ${name}`, comment.subarray(17));
    }
    expect(findRemains(readDataDir(server.dataDir), blobs)).toEqual([]);
  });

  test.skipIf(ENGINE === 'postgres')(
    'again and again, between changes of other rows, leaves nothing of old keys and ciphertexts in the file',
    async () => {
      await using server = await startTestServer();
      const root = await server.setUp();
      const { db } = server.app.context.store;
      const projects: string[] = [];
      for (let index = 0; index < 40; index += 1) {
        const project_id = await server.project(root);
        const [value, comment] = ['v'.repeat(1 + index * 200), 'c'.repeat(index * 20)];
        await root.ok('vault_create', { project_id, key: 'A', value, comment });
        projects.push(project_id);
      }
      const blobs = new Map<string, Buffer>();
      for (let round = 0; round < 3; round += 1) {
        const keys = await db.selectFrom('data_key').select(['id', 'wrapped']).execute();
        for (const { id, wrapped } of keys) blobs.set(id, Buffer.from(wrapped).subarray(17));
        for (const [name, { value, comment }] of await sealedVersions(server)) {
          blobs.set(`value of ${name} in round ${round}`, value.subarray(17));
          blobs.set(`comment of ${name} in round ${round}`, comment.subarray(17));
        }
        expect(await runAdminHere(ROTATE, server)).toMatchObject({ code: 0 });
        // Before a deletion erases as well.
        expect(findRemains(readDataDir(server.dataDir), blobs)).toEqual([]);
        for (const project_id of projects.splice(round, 6)) await root.ok('project_delete', { project_id });
      }
      expect(blobs.size).toBeGreaterThan(300);
      await expectDone(server, projects);
    },
  );

  test.each([
    ['new keys are in use', async () => undefined],
    [
      'some versions are sealed anew',
      async (rotation: DataKeyRotation) => {
        const stop = new AbortController();
        await resealVersions(rotation, { signal: stop.signal, progress: () => stop.abort() });
      },
    ],
    ['all are', async (rotation: DataKeyRotation) => void (await resealVersions(rotation, unseen))],
    [
      'the keys of one project are destroyed',
      async (rotation: DataKeyRotation) => {
        await resealVersions(rotation, unseen);
        await destroyDataKeys({ ...rotation, scope: 'project_1' as ProjectId }, NEVER);
      },
    ],
  ])(
    'goes on where one was stopped after %s; what changed meanwhile is as it was changed',
    async (_, stopAfter) => {
      using directory = temporaryDirectory();
      const options = { dataDir: directory.path };
      const contents = new Map<string, Contents>();
      let token: string | undefined;
      {
        await using server = await startTestServer(options);
        const root = await server.setUp();
        token = root.token;
        for (let project = 1; project <= 3; project += 1) {
          const project_id = await server.project(root);
          contents.set(project_id, await fill(root, project_id));
        }
        const rotation = rotationOn(server);
        expect(await replaceDataKeys(rotation)).toEqual({ since: undefined, projects: 3 });
        await stopAfter(rotation);
      }
      await using server = await startTestServer(options);
      const root = server.anonymous();
      root.token = token;
      for (const [project_id, kept] of contents) await expectContents(root, project_id, kept);
      const place = { project_id: 'project_2' };
      const kept = contents.get('project_2') ?? new Map<string, string>();
      await root.ok('vault_delete', { ...place, key: 'KEY_3' });
      for (const version of [1, 2]) kept.delete(`KEY_3@${version}`);
      await root.ok('vault_create', { ...place, key: 'KEY_3', value: 'again', comment: 'c' });
      kept.set('KEY_3@1', 'again c');
      await root.ok('vault_version_restore', { ...place, key: 'KEY_4', version: 1 });
      kept.set('KEY_4@3', kept.get('KEY_4@1') ?? '');
      await root.ok('project_delete', { project_id: 'project_3' });
      contents.delete('project_3');

      const { code, stderr } = await runAdminHere(ROTATE, options);
      expect(code).toBe(0);
      expect(stderr).toContain('Going on with the rotation of ');
      await expectDone(server, [...contents.keys()]);
      for (const [project_id, kept] of contents) await expectContents(root, project_id, kept);
      expect(await countEvents(root, 'data_key_rotate')).toBe(3);
      expect(await countEvents(root, 'data_key_destroy')).toBe(2);
    },
  );

  test('survives kill -9 wherever it hits, and two runs at once', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const project_id = await server.project(root);
    const contents = await fill(root, project_id);
    for (const said of ['New data keys are in use', 'versions are sealed anew', 'Destroyed:']) {
      const { child, run } = startAdmin(ROTATE, server);
      for (let text = ''; child.stderr !== null && !text.includes(said);)
        text += String(await once(child.stderr, 'data'));
      child.kill('SIGKILL');
      await run;
      await expectContents(root, project_id, contents);
    }
    const runs = await Promise.all([runAdmin(ROTATE, server), runAdmin(ROTATE, server)]);
    expect(runs.map(({ code }) => code)).toEqual([0, 0]);
    await expectDone(server, [project_id]);
    await expectContents(root, project_id, contents);
    const { stdout } = await runAdminHere([...ROTATE, '--status', '--json'], server);
    expect(JSON.parse(stdout)).toEqual({ since: null, data_keys_to_destroy: 0, versions_to_reseal: 0 });
  });

  test('two that begin at once make one new key, and each finds what the other has done', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const project_id = await server.project(root);
    const contents = await fill(root, project_id);
    const rotations = [rotationOn(server), rotationOn(server, project_id)];
    const begun = await Promise.all(rotations.map(replaceDataKeys));
    const since = expect.any(Number);
    // Either may be first.
    expect(begun.toSorted((one, other) => other.projects - one.projects)).toEqual([
      { since: undefined, projects: 1 },
      { since, projects: 0 },
    ]);
    const damaged = await Promise.all(
      rotations.map(async (rotation) => await resealVersions(rotation, unseen)),
    );
    expect(damaged).toEqual([[], []]);
    const destroyed = await Promise.all(
      rotations.map(async (rotation) => await destroyDataKeys(rotation, NEVER)),
    );
    expect(destroyed.map((one) => one?.destroyed).toSorted()).toEqual([0, 1]);
    for (const one of destroyed) expect(one).toMatchObject({ left: [], isErased: true });
    await expectDone(server, [project_id]);
    await expectContents(root, project_id, contents);
    expect(await countEvents(root, 'vault_reseal')).toBe(2 * ENTRIES);
  });

  test('of one project leaves the others alone; a later one of all takes in what it did not', async () => {
    let now = Date.now();
    const clock = (): number => now;
    await using server = await startTestServer({ clock });
    const root = await server.setUp();
    const [one, other] = [await server.project(root), await server.project(root)];
    for (const project_id of [one, other])
      await root.ok('vault_create', { project_id, key: 'A', value: 'x' });
    const before = await dataKeys(server, other);
    now += 1000;
    await replaceDataKeys(rotationOn(server, one));
    expect(await dataKeys(server, other)).toEqual(before);
    now += 1000;
    const later = await server.project(root);
    await root.ok('vault_create', { project_id: later, key: 'A', value: 'x' });
    const made = await dataKeys(server, later);
    // Even with a clock that was set back: what is new by then is not older than what it replaces.
    now -= 60_000;
    expect(await replaceDataKeys(rotationOn(server))).toMatchObject({ projects: 1 });
    expect(await replaceDataKeys(rotationOn(server))).toMatchObject({ projects: 0 });
    const { code, stderr } = await runAdminHere(ROTATE, { dataDir: server.dataDir, clock });
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('Going on with') });
    await expectDone(server, [one, other]);
    expect((await dataKeys(server, other))[0]?.id).not.toBe(before[0]?.id);
    expect(await dataKeys(server, later)).toEqual(made);
    expect(await runAdminHere([...ROTATE, later], server)).toMatchObject({ code: 0 });
    await expectDone(server, [one, other, later]);
    expect((await dataKeys(server, later))[0]?.id).not.toBe(made[0]?.id);
  });

  test('a write uses the new key from then on, though the server had opened the old one', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const project_id = await server.project(root);
    await root.ok('vault_create', { project_id, key: 'A', value: 'x' });
    const [old] = await dataKeys(server, project_id);
    await replaceDataKeys(rotationOn(server));
    await root.ok('vault_create', { project_id, key: 'B', value: 'y' });
    const sealed = await sealedVersions(server);
    expect(sealed.get(`${project_id}/A@1`)?.dataKeyId).toBe(old?.id);
    expect(sealed.get(`${project_id}/B@1`)?.dataKeyId).not.toBe(old?.id);
  });

  test('a read that fetched its row before, and finds the key destroyed, reads it again; memory lets go of the key', async () => {
    vi.useFakeTimers({ toFake: ['setInterval'] });
    try {
      await using server = await startTestServer();
      const { store, cipher } = server.app.context;
      const root = await server.setUp();
      const project_id = await server.project(root);
      await root.ok('vault_create', { project_id, key: 'A', value: 'the value', comment: 'of it' });
      const place = { projectId: project_id as ProjectId, environment: 'default' as EnvironmentId };
      const found = await findEntry(store.db, place, 'A' as EntryKey);
      if (found === undefined) throw new Error('it is not there');
      const { entry, content } = found;
      expect(await runAdminHere(ROTATE, server)).toMatchObject({ code: 0 });
      const openOld = async (): Promise<string> =>
        String(await cipher.open(store.db, { ...place, entryId: entry.id, version: 1 }, 'value', content));
      expect(await openOld()).toBe('the value');
      vi.advanceTimersByTime(60_000);
      const refusal = expect.objectContaining({ code: 'value_unreadable' });
      await vi.waitFor(async () => await expect(openOld()).rejects.toEqual(refusal));
      for (const [field, text] of [
        ['value', 'the value'],
        ['comment', 'of it'],
      ] as const)
        expect(String(await openField({ cipher }, store.db, entry, content, field))).toBe(text);
      await root.ok('vault_delete', { project_id, key: 'A' });
      const gone = openField({ cipher }, store.db, entry, content, 'value');
      await expect(gone).rejects.toMatchObject({ code: 'entry_not_found' });
      await expect(gone).rejects.toBeInstanceOf(AppError);
    } finally {
      vi.useRealTimers();
    }
  });

  test('a read that an entry is deleted under, whose key goes with it, does not take it for altered', async () => {
    await using server = await startTestServer();
    const { store, cipher } = server.app.context;
    const root = await server.setUp();
    const project_id = await server.project(root);
    const deleteBeforeOpening = (key: string) =>
      vi.spyOn(cipher, 'open').mockImplementationOnce(async (...args) => {
        await root.ok('vault_delete', { project_id, key });
        await runAdminHere(ROTATE, server);
        await cipher.forgetDestroyed(store.db);
        return await cipher.open(...args);
      });
    for (const key of ['A', 'B', 'C']) await root.ok('vault_create', { project_id, key, value: 'x' });
    deleteBeforeOpening('A');
    expect(await root.refused('vault_fetch_one', { project_id, key: 'A' })).toBe('entry_not_found');
    deleteBeforeOpening('B');
    const { vaults } = await root.ok('vault_fetch', { project_id, values: true });
    expect(vaults).toMatchObject([{ key: 'C', value: 'x' }]);
    const { events } = await root.ok('event_fetch', { project_id, type: 'vault_view' });
    expect(events).toMatchObject([
      { object: 'C', outcome: 'success' },
      { object: 'A', outcome: 'error' },
    ]);
  });

  test('what was altered is named and keeps its key, all else is done; without it the rest is', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const projects = [await server.project(root), await server.project(root)];
    const [damaged = '', whole = ''] = projects;
    for (const project_id of projects)
      for (const key of ['A', 'B']) await root.ok('vault_create', { project_id, key, value: 'x' });
    const { db } = server.app.context.store;
    const { id } = await db
      .selectFrom('entry')
      .select('id')
      .where('project_id', '=', damaged)
      .where('key', '=', 'A')
      .executeTakeFirstOrThrow();
    const ciphertextId = db.selectFrom('entry_version').select('ciphertext_id').where('entry_id', '=', id);
    const altered = { value_sealed: Buffer.alloc(46, 1) };
    await db.updateTable('ciphertext').set(altered).where('id', '=', ciphertextId).execute();
    const [old] = await dataKeys(server, damaged);
    const { code, stderr } = await runAdminHere(ROTATE, server);
    expect(code).toBe(1);
    expect(stderr).toContain(`version 1 of A in ${damaged}/default\n`);
    expect(stderr).not.toContain('of B');
    expect(await dataKeys(server, whole)).toMatchObject([{ state: 'active', replaced_at: null }]);
    expect((await dataKeys(server, damaged)).map((key) => key.id)).toContain(old?.id);
    expect((await root.ok('vault_fetch_one', { project_id: damaged, key: 'B' })).vault.value).toBe('x');
    expect(await runAdminHere([...ROTATE, damaged], server)).toMatchObject({ code: 1 });
    // It holds up no other project: that has a rotation of its own, again and again.
    for (let runs = 0; runs < 2; runs += 1) {
      const [before] = await dataKeys(server, whole);
      const again = await runAdminHere([...ROTATE, '--json'], server);
      expect(again).toMatchObject({
        code: 1,
        stderr: expect.stringContaining(`of A in ${damaged}/default\n`),
      });
      expect(JSON.parse(again.stdout)).toMatchObject({
        projects_with_new_keys: 1,
        versions_resealed: 2,
        data_keys_destroyed: 1,
      });
      expect((await dataKeys(server, whole)).map((key) => key.id)).not.toContain(before?.id);
    }
    await root.ok('vault_delete', { project_id: damaged, key: 'A' });
    expect(await runAdminHere([...ROTATE, damaged], server)).toMatchObject({ code: 0 });
    await expectDone(server, projects);
  });

  test('a key under which rows stay that nobody reads is named, not destroyed, and no success', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const project_id = await server.project(root);
    await root.ok('vault_create', { project_id, key: 'A', value: 'x' });
    const [old] = await dataKeys(server, project_id);
    await writeUnchecked(server, [
      `insert into ciphertext (id, value_sealed, comment_sealed) select 1000, value_sealed, comment_sealed from ciphertext`,
      `insert into entry_version (entry_id, version, data_key_id, ciphertext_id, created_at, created_by_uid, created_by_username)
       select 'ent_gone', 1, data_key_id, 1000, created_at, created_by_uid, created_by_username from entry_version`,
    ]);
    const stays = `Not destroyed: ${old?.id} of ${project_id}, with 1 version\n`;
    for (let run = 1; run <= 2; run += 1) {
      const { code, stderr } = await runAdminHere(ROTATE, server);
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(stays) });
      expect(stderr).not.toContain('Done');
    }
    expect((await root.ok('vault_fetch_one', { project_id, key: 'A' })).vault.value).toBe('x');
    await writeUnchecked(server, [
      `delete from entry_version where entry_id = 'ent_gone'`,
      'delete from ciphertext where id = 1000',
    ]);
    expect(await runAdminHere(ROTATE, server)).toMatchObject({ code: 0 });
    await expectDone(server, [project_id]);
  });

  test('a key that is marked as replaced, and seals all the same, is replaced', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const project_id = await server.project(root);
    await root.ok('vault_create', { project_id, key: 'A', value: 'x' });
    const [old] = await dataKeys(server, project_id);
    await server.app.context.store.db.updateTable('data_key').set({ replaced_at: 1 }).execute();
    expect(await runAdminHere(ROTATE, server)).toMatchObject({ code: 0 });
    expect((await dataKeys(server, project_id)).map(({ id }) => id)).not.toContain(old?.id);
    await expectDone(server, [project_id]);
    expect((await root.ok('vault_fetch_one', { project_id, key: 'A' })).vault.value).toBe('x');
  });

  test('while another program reads what it was it is not done; what is left is told, and done without another rotation', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const project_id = await server.project(root);
    const contents = await fill(root, project_id);
    const before = await dataKeys(server, project_id);
    const sealedBefore = await sealedVersions(server);
    const keysSince = async () =>
      (await dataKeys(server, project_id)).filter(({ id }) => id !== before[0]?.id);
    await server.app.context.store.snapshot(async (snapshot) => {
      const seen = async () => await snapshot.selectFrom('data_key').select('wrapped').execute();
      await seen();
      const { code, stderr } = await runAdminHere(ROTATE, server);
      expect(code).toBe(ADMIN_EXIT.unfinished);
      expect(stderr).toContain('Another program reads the database');
      expect(stderr).not.toContain('Done');
      // It is: this is what is said.
      expect(await seen()).toEqual(before.map(({ wrapped }) => ({ wrapped })));
    });
    // As after a kill. The key is destroyed, its row says what is left to do.
    const left = await dataKeys(server, project_id);
    const destroyed = left.find(({ id }) => id === before[0]?.id)?.wrapped ?? [1];
    expect(new Set(destroyed)).toEqual(new Set([0]));
    const status = await runAdminHere([...ROTATE, '--status', '--json'], server);
    expect(JSON.parse(status.stdout)).toMatchObject({ data_keys_to_destroy: 1, versions_to_reseal: 0 });
    // It is in nobody's way.
    const words = ['rotate', 'root-key'];
    if (ENGINE === 'postgres') expect(await runAdminHere(words, server)).toMatchObject({ code: 9 });
    expect(
      await runAdminHere(ENGINE === 'postgres' ? [...words, '--distributed'] : words, server),
    ).toMatchObject({ code: 0 });
    using places = backupPlaces();
    await backUpTo(places.path, server);
    await expectContents(root, project_id, contents);
    {
      const rootKeys = rootKeysOf(server.dataDir);
      await restoreTo(places.dataDir, places.path, { rootKeys });
      const env = { COFFER_ROOT_KEY: rootKeys[0].expose().toString('base64') };
      const restored = await runAdminHere(ROTATE, { dataDir: places.dataDir, env });
      expect(restored).toMatchObject({ code: 0, stderr: expect.stringContaining('Going on with') });
      await using again = await startTestServer({
        dataDir: places.dataDir,
        config: { rootKeys: { keys: rootKeys, path: undefined } },
      });
      const user = again.anonymous();
      await user.signIn('user_login', { auth_data: 'root', password: PASSWORD });
      await expectContents(user, project_id, contents);
    }

    const made = (await keysSince()).map(({ id }) => id);
    const again = await runAdminHere(ROTATE, server);
    expect(again).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('Going on with the rotation of '),
    });
    expect((await keysSince()).map(({ id }) => id)).toEqual(made);
    expect(await countEvents(root, 'data_key_rotate')).toBe(1);
    expect(await countEvents(root, 'data_key_destroy')).toBe(1);
    await expectDone(server, [project_id]);
    if (ENGINE === 'postgres') return;
    const blobs = new Map([...sealedBefore].map(([name, { value }]) => [name, value.subarray(17)]));
    for (const { id, wrapped } of before) blobs.set(id, Buffer.from(wrapped).subarray(17));
    expect(findRemains(readDataDir(server.dataDir), blobs)).toEqual([]);
  });

  test('what was put in place of a ciphertext before is still found out afterwards', async () => {
    await using server = await startTestServer();
    const { store, cipher } = server.app.context;
    const root = await server.setUp();
    const project_id = await server.project(root);
    for (const key of ['A', 'B', 'C']) await root.ok('vault_create', { project_id, key, value: 'x' });
    const place = { projectId: project_id as ProjectId, environment: 'default' as EnvironmentId };
    const verify = async (): Promise<string> => {
      const { code, stderr } = await runAdminHere(['audit', 'verify'], server);
      return `${code} ${stderr}`;
    };
    expect(await verify()).toMatch(/^0 /);
    // By someone who has the keys: it opens.
    const exchange = async (key: string, plain: { value: string; comment: string }): Promise<void> => {
      await store.transaction(async (tx) => {
        const found = await findEntry(tx, place, key as EntryKey);
        if (found === undefined) throw new Error('it is not there');
        const { id } = found.entry;
        const [value, comment] = [Buffer.from(plain.value), Buffer.from(plain.comment)];
        const forged = await cipher.seal(tx, { ...place, entryId: id, version: 1 }, { value, comment });
        const ciphertextId = tx
          .selectFrom('entry_version')
          .select('ciphertext_id')
          .where('entry_id', '=', id);
        const columns = {
          ...(plain.value !== 'x' && { value_sealed: forged.valueSealed }),
          ...(plain.comment !== '' && { comment_sealed: forged.commentSealed }),
        };
        await tx.updateTable('ciphertext').set(columns).where('id', '=', ciphertextId).execute();
      });
    };
    await exchange('B', { value: 'forged', comment: '' });
    const before = await verify();
    expect(before).toContain(`exchanged: the value of version 1 of B in ${project_id}/default`);
    expect(await runAdminHere(ROTATE, server)).toMatchObject({ code: 0 });
    expect(await verify()).toBe(before);
    expect(await runAdminHere(ROTATE, server)).toMatchObject({ code: 0 });
    expect(await verify()).toBe(before);
    // Without it all is as it should be, until the next one, this time in a comment.
    await root.ok('vault_delete', { project_id, key: 'B' });
    expect(await verify()).toMatch(/^0 /);
    await exchange('C', { value: 'x', comment: 'forged' });
    expect(await runAdminHere(ROTATE, server)).toMatchObject({ code: 0 });
    expect(await verify()).toContain(`exchanged: the value of version 1 of C in ${project_id}/default`);
  });

  test('takes the project as an option as well, once', async () => {
    await using server = await startTestServer();
    const { dataDir } = server;
    const root = await server.setUp();
    const [first, other] = [await server.project(root), await server.project(root)];
    for (const project_id of [first, other])
      await root.ok('vault_create', { project_id, key: 'A', value: 'x' });
    const { stderr } = await runAdminHere(['rotate', 'data-key', '-p', other], { dataDir });
    expect(stderr).toContain('New data keys are in use, in 1 project;');
    const twice = ['rotate', 'data-key', '--project', other, other];
    expect(await runAdminHere(twice, { dataDir })).toMatchObject({ code: 2, stdout: '' });
  });

  test('says when there is no such project, and when there is nothing to do', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const project_id = await server.project(root);
    const nothing = { code: 0, stderr: expect.stringContaining('nothing was sealed yet') };
    expect(await runAdminHere(ROTATE, server)).toMatchObject(nothing);
    expect(await runAdminHere([...ROTATE, project_id], server)).toMatchObject(nothing);
    for (const words of [['nowhere'], ['--status', 'nowhere']])
      expect(await runAdminHere([...ROTATE, ...words], server)).toEqual({
        code: 5,
        stdout: '',
        stderr: 'coffer: there is no project with the id nowhere\n',
      });
    expect(await countEvents(root, 'data_key_rotate')).toBe(0);
  });

  test('beside a rotation of the root key', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const project_id = await server.project(root);
    const contents = await fill(root, project_id);
    const rotation = rotationOn(server);
    await replaceDataKeys(rotation);
    const words = ['rotate', 'root-key'];
    if (ENGINE === 'postgres') expect(await runAdminHere(words, server)).toMatchObject({ code: 9 });
    expect(
      await runAdminHere(ENGINE === 'postgres' ? [...words, '--distributed'] : words, server),
    ).toMatchObject({ code: 0 });
    expect(await resealVersions(rotation, unseen)).toEqual([]);
    expect(await destroyDataKeys(rotation, NEVER)).toEqual({ destroyed: 1, left: [], isErased: true });
    await expectDone(server, [project_id]);
    await expectContents(root, project_id, contents);
  });

  test('a backup of before, of in between and of after is restored and opens; what was under way goes on', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const project_id = await server.project(root);
    const contents = await fill(root, project_id);
    const rotation = rotationOn(server);
    using before = backupPlaces();
    using within = backupPlaces();
    using after = backupPlaces();
    await backUpTo(before.path, server);
    await replaceDataKeys(rotation);
    const stop = new AbortController();
    await resealVersions(rotation, { signal: stop.signal, progress: () => stop.abort() });
    await backUpTo(within.path, server);
    expect(await runAdminHere(ROTATE, server)).toMatchObject({ code: 0 });
    await backUpTo(after.path, server);
    const rootKeys = rootKeysOf(server.dataDir);
    for (const { path, dataDir } of [before, within, after]) {
      await restoreTo(dataDir, path, { rootKeys });
      await using again = await startTestServer({
        dataDir,
        config: { rootKeys: { keys: rootKeys, path: undefined } },
      });
      const user = again.anonymous();
      await user.signIn('user_login', { auth_data: 'root', password: PASSWORD });
      await expectContents(user, project_id, contents);
      const env = { COFFER_ROOT_KEY: rootKeys[0].expose().toString('base64') };
      const { code, stderr } = await runAdminHere(ROTATE, { dataDir, env });
      expect({ code, goesOn: stderr.includes('Going on') }).toEqual({
        code: 0,
        goesOn: path === within.path,
      });
      await expectDone(again, [project_id]);
      await expectContents(user, project_id, contents);
    }
  });
});
