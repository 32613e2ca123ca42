import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ADMIN_EXIT, Redacted } from '@coffer/core';
import { createSigner } from 'fast-jwt';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { deriveInstanceKeys } from '../src/keys/root-key.ts';
import { keepRetiredRootKey, replaceRootKeyFile, rootKeySource } from '../src/keys/root-key-source.ts';
import { parseRootKeys, type RootKeys } from '../src/root-keys.ts';
import {
  prepareRootKey,
  retireRootKey,
  rewrapDataKeys,
  switchRootKey,
  type Rotation,
} from '../src/services/root-key-rotation.ts';
import { runAdmin, runAdminHere, startAdmin, type AdminRun } from '../src/testing/admin.ts';
import type { Client } from '../src/testing/client.ts';
import {
  findForms,
  findRemains,
  formsOf,
  readDataDir,
  temporaryDirectory,
  type DataFile,
} from '../src/testing/data-dir.ts';
import { ENGINE, ENGINES } from '../src/testing/engines.ts';
import { PASSWORD, startTestServer, type TestServer } from '../src/testing/server.ts';
import { backUpTo, backupPlaces, restoreTo, rootKeysOf } from './backup-world.ts';

/** Two seals, one version: each has a data key of its own. */
const dataKeySealsMax = 2;
const ROTATE = ['rotate', 'root-key'];
/** Where there may be several nodes: all of them have been given the new key. */
const ROTATE_DISTRIBUTED = [...ROTATE, '--distributed'];
const ENTRIES = 30;

function keysIn(dataDir: string): string[] {
  return readFileSync(join(dataDir, 'root.key'), 'utf8').trim().split('\n');
}

/** A project with entries, and what they hold. */
async function fill(client: Client, project_id: string): Promise<Map<string, string>> {
  const values = new Map<string, string>();
  for (let index = 0; index < ENTRIES; index += 1) {
    const value = `${index} ${randomBytes(20).toString('hex')}`;
    await client.ok('vault_create', { project_id, key: `KEY_${index}`, value });
    values.set(`KEY_${index}`, value);
  }
  return values;
}

async function expectValues(client: Client, project_id: string, values: Map<string, string>): Promise<void> {
  const { vaults } = await client.ok('vault_fetch', { project_id, limit: 100, values: true });
  expect(new Map((vaults as { key: string; value: string }[]).map(({ key, value }) => [key, value]))).toEqual(
    values,
  );
}

/** By the ids of the root keys that wrap them. */
async function wrappings(server: TestServer): Promise<string[]> {
  const rows = await server.app.context.store.db.selectFrom('data_key').select('root_key_id').execute();
  return [...new Set(rows.map((row) => Buffer.from(row.root_key_id).toString('hex')))];
}

/** Runs it to the end: on a database of several nodes, once more when all of them have the new key. */
async function rotate<S>(
  run: (words: readonly string[], settings: S) => Promise<AdminRun>,
  settings: S,
): Promise<AdminRun> {
  const first = await run(ROTATE, settings);
  const isHalf = ENGINE === 'postgres' && first.code === ADMIN_EXIT.unfinished;
  return isHalf ? await run(ROTATE_DISTRIBUTED, settings) : first;
}

/** What is in the database, where that is not in the directory: bytes are hexadecimal. */
async function dump({ app }: TestServer): Promise<DataFile[]> {
  if (ENGINE === 'sqlite') return [];
  const { db } = app.context.store;
  const tables = await db.introspection.getTables();
  return await Promise.all(
    tables.map(async ({ name }) => {
      const { rows } = await sql<{ line: string }>`select t::text as line from ${sql.table(name)} t`.execute(
        db,
      );
      return { name, bytes: Buffer.from(rows.map(({ line }) => line).join('\n')) };
    }),
  );
}

function rotationOn({ app, dataDir }: TestServer): Rotation {
  const { store, audit, clock, instance } = app.context;
  return { store, audit, clock, instanceId: instance.id, source: rootKeySource(undefined, dataDir) };
}

/** Reads, writes, lists and refreshes until it is told to stop; each call must succeed. */
async function work(
  client: Client,
  project_id: string,
  worker: number,
  isOver: () => boolean,
): Promise<number> {
  let calls = 0;
  for (; !isOver(); calls += 4) {
    const key = `W${worker}_${calls}`;
    const value = `value of ${key}`;
    await client.ok('vault_create', { project_id, key, value });
    expect((await client.ok('vault_fetch_one', { project_id, key })).vault.value).toBe(value);
    await client.ok('vault_fetch', { project_id, filter: 'KEY_', limit: 5, values: true });
    await client.ok('user_me');
    await client.ok('vault_delete', { project_id, key });
  }
  return calls;
}

describe.each(ENGINES)('rotate root-key on %s', () => {
  test('while requests run: none fails, nobody is signed out, all values stay, the old key is out', async () => {
    using directory = temporaryDirectory();
    const options = { dataDir: directory.path, dataKeySealsMax };
    const old = randomBytes(32);
    writeFileSync(join(directory.path, 'root.key'), `${old.toString('base64')}\n`, { mode: 0o600 });
    let token: string | undefined;
    let values: Map<string, string>;
    {
      await using server = await startTestServer(options);
      const root = await server.setUp();
      token = root.token;
      const project_id = await server.project(root);
      values = await fill(root, project_id);
      const before = await wrappings(server);
      let over = false;
      const working = [0, 1, 2].map(async (worker) => await work(root, project_id, worker, () => over));
      const { code, stdout, stderr } = await rotate(runAdmin, { dataDir: directory.path });
      over = true;
      expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
      for (const calls of await Promise.all(working)) expect(calls).toBeGreaterThan(0);
      await expectValues(root, project_id, values);

      // The key is where it must be, and nowhere else.
      const [key = '', ...others] = keysIn(directory.path);
      const bytes = Buffer.from(key, 'base64');
      expect(others).toEqual([]);
      expect(bytes.equals(old)).toBe(false);
      expect(statSync(join(directory.path, 'root.key')).mode & 0o777).toBe(0o600);
      const retired = `root.key.retired-${before[0]}`;
      expect(readFileSync(join(directory.path, retired), 'utf8')).toBe(`${old.toString('base64')}\n`);
      expect(statSync(join(directory.path, retired)).mode & 0o777).toBe(0o600);
      expect(stderr).toContain(retired);
      const outputs = [
        ...readDataDir(directory.path).filter(({ name }) => name !== 'root.key' && name !== retired),
        ...(await dump(server)),
        { name: 'output', bytes: Buffer.from(stderr) },
        { name: 'log', bytes: Buffer.from(server.logLines.join('')) },
      ];
      for (const secret of [bytes, old]) expect(findForms(outputs, formsOf(secret))).toEqual([]);

      // New data keys come under the new one, tokens are signed under it.
      await root.ok('vault_create', { project_id, key: 'LATER', value: 'x' });
      values.set('LATER', 'x');
      const after = await wrappings(server);
      expect(after).toHaveLength(1);
      expect(after).not.toEqual(before);
      const { events } = await root.ok('event_fetch', { type: 'root_key_rotate' });
      expect(events).toMatchObject([
        { details: { root_key_id: after[0], replaced_root_key_id: before[0] }, outcome: 'success' },
      ]);
      expect((await root.ok('event_fetch', { type: 'root_key_retire' })).events).toHaveLength(1);
      const { amount } = await root.ok('event_fetch', { type: 'data_key_rewrap', project_id });
      expect(amount).toBeGreaterThanOrEqual(ENTRIES);
    }
    // With the new key alone. Who was signed in before the rotation still is.
    await using again = await startTestServer(options);
    const root = again.anonymous();
    root.token = token;
    await expectValues(root, 'project_1', values);
    await again.stop();
    const refused = startTestServer({
      ...options,
      config: { rootKeys: { keys: [new Redacted(old)], path: undefined } },
    });
    await expect(refused).rejects.toThrow(/^this root key was replaced on \d{4}-\d\d-\d\d; give the one/);
  });

  const NEVER = new AbortController().signal;
  test.each([
    ['the new key was in the file', async () => undefined],
    ['it was in use', async (rotation: Rotation) => void (await switchRootKey(rotation))],
    [
      'some data keys were rewrapped',
      async (rotation: Rotation) => {
        await switchRootKey(rotation);
        const stop = new AbortController();
        await rewrapDataKeys(rotation, { signal: stop.signal, progress: () => stop.abort() });
      },
    ],
    [
      'all data keys were rewrapped',
      async (rotation: Rotation) => {
        await switchRootKey(rotation);
        await rewrapDataKeys(rotation, { signal: NEVER, progress: () => undefined });
      },
    ],
    [
      'the old key was in a file of its own, and in the first one still',
      async (rotation: Rotation) => {
        await switchRootKey(rotation);
        await rewrapDataKeys(rotation, { signal: NEVER, progress: () => undefined });
        await retireRootKey(rotation);
        const { path = '' } = rotation.source;
        const [, old] = rotation.source.read();
        if (old === undefined) throw new Error('it is not there');
        keepRetiredRootKey(path, deriveInstanceKeys(old, rotation.instanceId).rootKeyId, old);
      },
    ],
  ])('goes on where one was stopped after %s, and a server starts in between', async (_, stopAfter) => {
    using directory = temporaryDirectory();
    const options = { dataDir: directory.path, dataKeySealsMax };
    const rootKey = new Redacted(randomBytes(32));
    let token: string | undefined;
    let values: Map<string, string>;
    {
      await using server = await startTestServer(options);
      const root = await server.setUp();
      token = root.token;
      values = await fill(root, await server.project(root));
      const rotation = rotationOn(server);
      await prepareRootKey(rotation, rootKey);
      await stopAfter(rotation);
      expect(keysIn(directory.path)).toHaveLength(2);
      await expectValues(root, 'project_1', values);
    }
    await using server = await startTestServer(options);
    const root = server.anonymous();
    root.token = token;
    await expectValues(root, 'project_1', values);
    expect(await rotate(runAdminHere, { dataDir: directory.path })).toMatchObject({ code: 0 });
    await expectValues(root, 'project_1', values);
    expect(keysIn(directory.path)).toEqual([rootKey.expose().toString('base64')]);
    expect(await wrappings(server)).toHaveLength(1);
  });

  test('survives kill -9 wherever it hits, and two runs at once', async () => {
    using directory = temporaryDirectory();
    const dataDir = directory.path;
    await using server = await startTestServer({ dataDir, dataKeySealsMax });
    const root = await server.setUp();
    const project_id = await server.project(root);
    const values = await fill(root, project_id);
    if (ENGINE === 'postgres') expect(await runAdminHere(ROTATE, { dataDir })).toMatchObject({ code: 9 });
    const { child, run } = startAdmin(ENGINE === 'postgres' ? ROTATE_DISTRIBUTED : ROTATE, { dataDir });
    if (child.stderr !== null) await once(child.stderr, 'data');
    child.kill('SIGKILL');
    await run;
    await expectValues(root, project_id, values);
    const runs = await Promise.all([rotate(runAdmin, { dataDir }), rotate(runAdmin, { dataDir })]);
    expect(runs.map(({ code }) => code)).toEqual([0, 0]);
    await expectValues(root, project_id, values);
    expect(await wrappings(server)).toHaveLength(1);
    const { stdout } = await runAdminHere([...ROTATE, '--status', '--json'], { dataDir });
    expect(JSON.parse(stdout)).toMatchObject({
      step: 'idle',
      root_key_id: (await wrappings(server))[0],
      data_keys_to_rewrap: 0,
    });
  });

  test('with the key in a variable: says what to do, and a server without the new one refuses rather than fails', async () => {
    using directory = temporaryDirectory();
    const dataDir = join(directory.path, 'data');
    const newKeyFile = join(directory.path, 'new.key');
    const [old, wrong] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')];
    const variable = (...keys: string[]) => ({ COFFER_ROOT_KEY: keys.join(' ') });
    await using server = await startTestServer({
      dataDir,
      config: { rootKeys: { keys: [new Redacted(Buffer.from(old, 'base64'))], path: undefined } },
    });
    const root = await server.setUp();
    const project_id = await server.project(root);
    await root.ok('vault_create', { project_id, key: 'A', value: 'x' });

    const unnamed = await runAdminHere(ROTATE, { dataDir, env: variable(old) });
    expect(unnamed).toMatchObject({ code: 2, stderr: expect.stringContaining('--new-key-file') });
    const named = [...ROTATE, '--new-key-file', newKeyFile];
    const first = await runAdminHere(named, { dataDir, env: variable(old) });
    expect(first).toMatchObject({ code: 9, stdout: '', stderr: expect.stringContaining('--distributed') });
    const key = readFileSync(newKeyFile, 'utf8').trim();
    expect(statSync(newKeyFile).mode & 0o777).toBe(0o600);
    expect(first.stderr).not.toContain(key);
    // Not before everyone has it, and not with one too many.
    expect(await runAdminHere(ROTATE, { dataDir, env: variable(key, old) })).toMatchObject({ code: 9 });
    expect(await runAdminHere(ROTATE, { dataDir, env: variable(wrong) })).toMatchObject({ code: 1 });
    expect(await runAdminHere(ROTATE, { dataDir, env: variable(key, wrong, old) })).toMatchObject({
      code: 1,
    });
    expect(await runAdminHere(ROTATE, { dataDir, env: variable(old, key) })).toMatchObject({ code: 1 });

    const env = variable(key, old);
    expect(await runAdminHere([...ROTATE, '--distributed'], { dataDir, env })).toMatchObject({ code: 0 });
    // This one was not restarted: what it has opened it serves, what it cannot do it says.
    expect((await root.ok('vault_fetch_one', { project_id, key: 'A' })).vault.value).toBe('x');
    const other = await server.project(root);
    const refusal = await root.call('vault_create', { project_id: other, key: 'A', value: 'x' });
    expect(refusal).toMatchObject({ status: 503, body: { code: 'store_unavailable' } });
    expect(refusal.body.detail).toContain('restart it with the new one');
    expect(await root.call('ready')).toMatchObject({ status: 503 });

    const rootKeys = { keys: [new Redacted(Buffer.from(key, 'base64'))], path: undefined } as const;
    await using restarted = await startTestServer({ dataDir, config: { rootKeys } });
    const client = restarted.anonymous();
    client.token = root.token;
    expect((await client.ok('vault_fetch_one', { project_id, key: 'A' })).vault.value).toBe('x');
    await client.ok('vault_create', { project_id: other, key: 'A', value: 'x' });
  });

  test('refuses a key that was already used, and a start that would leave data keys closed', async () => {
    using directory = temporaryDirectory();
    const dataDir = directory.path;
    const path = join(dataDir, 'root.key');
    await using server = await startTestServer({ dataDir });
    const root = await server.setUp();
    await root.ok('vault_create', { project_id: await server.project(root), key: 'A', value: 'x' });
    const [old = ''] = keysIn(dataDir);
    const copy = join(dataDir, 'copy.key');
    writeFileSync(copy, old);
    const same = await runAdminHere([...ROTATE, '--new-key-file', copy], { dataDir });
    expect(same).toMatchObject({ code: 1, stderr: expect.stringContaining('has or had') });
    const rootKey = new Redacted(randomBytes(32));
    const rotation = rotationOn(server);
    await prepareRootKey(rotation, rootKey);
    await switchRootKey(rotation);
    replaceRootKeyFile(path, [rootKey]);
    await expect(startTestServer({ dataDir })).rejects.toThrow(
      /^the root key is being rotated, and 1 data keys/,
    );
    replaceRootKeyFile(path, [new Redacted(Buffer.from(old, 'base64'))]);
    await expect(startTestServer({ dataDir })).rejects.toThrow(/^this root key was replaced on/);
  });

  test.runIf(ENGINE === 'sqlite')(
    'what the old key wrapped is in no file any more, while the server still runs',
    async () => {
      await using server = await startTestServer({ dataKeySealsMax });
      const root = await server.setUp();
      await fill(root, await server.project(root));
      const { db } = server.app.context.store;
      const rows = await db.selectFrom('data_key').select(['id', 'wrapped']).execute();
      const blobs = new Map(rows.map(({ id, wrapped }) => [id, Buffer.from(wrapped).subarray(17)]));
      expect(blobs.size).toBe(ENTRIES);
      expect(await runAdminHere(ROTATE, server)).toMatchObject({ code: 0 });
      expect(findRemains(readDataDir(server.dataDir), blobs)).toEqual([]);
    },
  );

  test('while another program reads what the old key wrapped, both keys stay, and it is not done', async () => {
    await using server = await startTestServer();
    const { dataDir } = server;
    const root = await server.setUp();
    await root.ok('vault_create', { project_id: await server.project(root), key: 'A', value: 'x' });
    await server.app.context.store.snapshot(async (snapshot) => {
      await snapshot.selectFrom('data_key').select('wrapped').execute();
      const { code, stderr } = await rotate(runAdminHere, { dataDir });
      expect({ code, stderr }).toEqual({ code: 9, stderr: expect.stringContaining('Another program reads') });
      expect(stderr).not.toContain('Done');
    });
    expect(keysIn(dataDir)).toHaveLength(2);
    const { stdout } = await runAdminHere([...ROTATE, '--status', '--json'], { dataDir });
    expect(JSON.parse(stdout)).toMatchObject({ step: 'under_way' });
    const [key] = keysIn(dataDir);
    expect(await runAdminHere(ROTATE, { dataDir })).toMatchObject({ code: 0 });
    expect(keysIn(dataDir)).toEqual([key]);
  });

  test('a file that cannot be replaced is one line, and as it was', async () => {
    using directory = temporaryDirectory();
    const dataDir = join(directory.path, 'data');
    // With a draft's ending it is longer than a name may be.
    const path = join(directory.path, 'k'.repeat(250));
    const text = `${randomBytes(32).toString('base64')}\n`;
    writeFileSync(path, text, { mode: 0o600 });
    await using server = await startTestServer({
      dataDir,
      config: { rootKeys: { keys: parseRootKeys('', text), path } },
    });
    await server.setUp();
    const env = { COFFER_ROOT_KEY_FILE: path };
    const { code, stderr } = await runAdminHere(ROTATE, { dataDir, env });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `coffer: the root key file ${path} cannot be written (ENAMETOOLONG)\n`,
    });
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  test('another database that has the same key file finds its key beside it; no other key is taken for it', async () => {
    using places = backupPlaces();
    await using server = await startTestServer();
    const { dataDir } = server;
    const root = await server.setUp();
    const project_id = await server.project(root);
    const values = await fill(root, project_id);
    const path = join(dataDir, 'root.key');
    const source = rootKeySource(undefined, dataDir);
    const retired = `${path}.retired-${(await wrappings(server))[0]}`;
    await backUpTo(places.path, server);
    await restoreTo(places.dataDir, places.path, { rootKeys: source.read() });

    writeFileSync(retired, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
    const refused = await rotate(runAdminHere, { dataDir });
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('holds another key') });
    expect(keysIn(dataDir)).toHaveLength(2);
    rmSync(retired);
    expect(await runAdminHere(ROTATE, { dataDir })).toMatchObject({
      code: 0,
      stderr: expect.stringContaining(retired),
    });

    const drill = (keys: RootKeys, at: string) => ({
      dataDir: places.dataDir,
      config: { rootKeys: { keys, path: at } },
    });
    await expect(startTestServer(drill(source.read(), path))).rejects.toThrow('not the one of this database');
    await using again = await startTestServer(
      drill(parseRootKeys('', readFileSync(retired, 'utf8')), retired),
    );
    const user = again.anonymous();
    await user.signIn('user_login', { auth_data: 'root', password: PASSWORD });
    await expectValues(user, project_id, values);
  });

  test('what the old key signed is valid for as long as a token lives, and no longer', async () => {
    let now = Date.now();
    const clock = (): number => now;
    await using server = await startTestServer({ clock });
    const root = await server.setUp();
    const key = server.app.context.rootKeys.latest.tokenKey;
    const claims = JSON.parse(Buffer.from(root.token?.split('.')[1] ?? '', 'base64url').toString());
    // As someone makes one who has the old root key and knows a session.
    const forged = server.anonymous();
    forged.token = createSigner({ key, algorithm: 'HS256' })({ ...claims, exp: claims.exp + 60 * 60 });
    await forged.ok('user_me');
    expect(await rotate(runAdminHere, { dataDir: server.dataDir, clock })).toMatchObject({ code: 0 });
    await root.ok('user_refresh');
    await forged.ok('user_me');
    now += 14 * 60 * 1000;
    await root.ok('user_me');
    await forged.ok('user_me');
    now += 2 * 60 * 1000;
    expect(await forged.refused('user_me')).toBe('token_invalid');
  });

  test('a backup is made under one root key: refused in between, afterwards under the new one', async () => {
    using places = backupPlaces();
    using later = backupPlaces();
    await using server = await startTestServer();
    const root = await server.setUp();
    const project_id = await server.project(root);
    const values = await fill(root, project_id);
    const [old] = rootKeysOf(server.dataDir);
    const rootKey = new Redacted(randomBytes(32));
    const rotation = rotationOn(server);
    await prepareRootKey(rotation, rootKey);
    await backUpTo(places.path, server);
    await switchRootKey(rotation);
    await expect(backUpTo(later.path, server)).rejects.toThrow(
      /^the root key is being rotated, and a backup of now would need two; .* no backup was made$/,
    );
    expect(await rotate(runAdminHere, { dataDir: server.dataDir })).toMatchObject({ code: 0 });
    await backUpTo(later.path, server);

    const another = 'the root key is another one than that of this backup';
    await expect(restoreTo(later.dataDir, later.path, { rootKeys: [old] })).rejects.toThrow(another);
    await expect(restoreTo(places.dataDir, places.path, { rootKeys: [rootKey] })).rejects.toThrow(another);
    // Of several that are given, the one that it was made under.
    await restoreTo(places.dataDir, places.path, { rootKeys: [rootKey, old] });
    await restoreTo(later.dataDir, later.path, { rootKeys: [rootKey] });
    for (const [dataDir, key] of [
      [places.dataDir, old],
      [later.dataDir, rootKey],
    ] as const) {
      await using again = await startTestServer({
        dataDir,
        config: { rootKeys: { keys: [key], path: undefined } },
      });
      const user = again.anonymous();
      await user.signIn('user_login', { auth_data: 'root', password: PASSWORD });
      await expectValues(user, project_id, values);
    }
  });
});
