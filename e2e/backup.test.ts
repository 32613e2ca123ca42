import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ADMIN_EXIT, Redacted } from '@coffer/core';
import { describe, expect, test, vi } from 'vitest';
import type { Restored } from '../packages/server/src/backup/restore.ts';
import type { RootKeys } from '../packages/server/src/root-keys.ts';
import { verifyBackup } from '../packages/server/src/backup/verify.ts';
import { openPostgres } from '../packages/server/src/store/postgres.ts';
import { openSqlite } from '../packages/server/src/store/sqlite.ts';
import { OtherConnection } from '../packages/server/src/testing/database-faults.ts';
import { databaseFor, releaseDatabase, urlOf } from '../packages/server/src/testing/databases.ts';
import { ENGINES } from '../packages/server/src/testing/engines.ts';
import { PASSWORD, startTestServer, type TestServer } from '../packages/server/src/testing/server.ts';
import {
  backUpTo,
  backupPlaces,
  IDENTITY,
  RECIPIENT,
  restoreTo,
  rootKeysOf,
} from '../packages/server/test/backup-world.ts';
import { startVault } from '../packages/server/test/start-vault.ts';

const ADMIN = fileURLToPath(new URL('../packages/server/dist/admin.js', import.meta.url));
const OPENER = { identities: new Redacted([IDENTITY]) };
const VALUE = 'x'.repeat(10_000);
const VALUES = 150;

/** More than a backup or a restore does at a time, and than the limits of files below. */
async function startFilled(server: TestServer) {
  const { root, place } = await startVault(server);
  const entries = Array.from({ length: VALUES }, (_, index) => ({ key: `KEY_${index}`, value: VALUE }));
  for (let from = 0; from < VALUES; from += 50)
    await root.ok('vault_import', { ...place, entries: entries.slice(from, from + 50) });
  return { root, place };
}

type Admin = { child: ChildProcess; ended: Promise<{ code: number | null; said: string }> };

/** `coffer admin` beside the server on this directory. `fileKilobytes`: larger ones it cannot write. */
async function startAdmin(
  args: readonly string[],
  { dataDir, fileKilobytes }: { dataDir: string; fileKilobytes?: number },
): Promise<Admin> {
  const database = await databaseFor(dataDir);
  const limit = fileKilobytes === undefined ? '' : `ulimit -f ${fileKilobytes}; `;
  const child = spawn('bash', ['-c', `${limit}exec "$@"`, 'bash', process.execPath, ADMIN, ...args], {
    env: {
      PATH: process.env['PATH'],
      COFFER_DATA_DIR: dataDir,
      ...(database === undefined ? {} : { COFFER_DATABASE_URL: urlOf(database) }),
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, said }));
  return { child, ended };
}

const backupTo = (path: string): string[] => ['backup', '--recipient', RECIPIENT, path];

async function restoreAt(dataDir: string, path: string, rootKeys: RootKeys): Promise<Restored> {
  const database = await databaseFor(dataDir);
  const openDialect = async () =>
    database === undefined ? openSqlite(dataDir) : await openPostgres(database);
  return await restoreTo(dataDir, path, { rootKeys, openDialect });
}

describe.each(ENGINES)('a backup on %s', (engine) => {
  test('under load holds all that was answered before it began, and the load goes on', async () => {
    using places = backupPlaces();
    await using server = await startTestServer();
    const { root, place } = await startFilled(server);
    const answered: string[] = [];
    const failures: string[] = [];
    const load = { isOver: false };
    const workers = [1, 2, 3, 4].map(async (worker) => {
      for (let index = 0; !load.isOver; index += 1) {
        const key = `LOAD_${worker}_${index}`;
        const { status, text } = await root.call('vault_create', { ...place, key, value: `value of ${key}` });
        if (status === 201) answered.push(key);
        else failures.push(text);
      }
    });
    await vi.waitFor(() => expect(answered.length).toBeGreaterThan(10), { timeout: 30_000 });
    const before = answered.slice();
    const { ended } = await startAdmin(backupTo(places.path), { dataDir: server.dataDir });
    expect(await ended).toMatchObject({ code: 0 });
    load.isOver = true;
    await Promise.all(workers);
    expect(failures).toEqual([]);
    expect(answered.length).toBeGreaterThan(before.length);

    const rootKeys = rootKeysOf(server.dataDir);
    const order = { path: places.path, opener: OPENER, clock: Date.now, rootKeys };
    expect((await verifyBackup(order)).vault.versions).toBeGreaterThanOrEqual(VALUES + before.length);
    await restoreAt(places.dataDir, places.path, rootKeys);
    await using again = await startTestServer({
      dataDir: places.dataDir,
      config: { rootKeys: { keys: rootKeys, path: undefined } },
    });
    const user = again.anonymous();
    await user.signIn('user_login', { auth_data: 'root', password: PASSWORD });
    for (const key of before) {
      const { vault } = await user.ok('vault_fetch_one', { ...place, key });
      expect(vault.value).toBe(`value of ${key}`);
    }
    releaseDatabase(places.dataDir);
  });

  test('that is killed leaves no file under its name, or a whole one', async () => {
    using places = backupPlaces();
    await using server = await startTestServer();
    await startFilled(server);
    const rootKeys = rootKeysOf(server.dataDir);
    let cutOff = 0;
    for (let round = 0; cutOff === 0; round += 1) {
      expect(round, 'each was done before it could be killed').toBeLessThan(20);
      const directory = join(places.directory, String(round));
      mkdirSync(directory);
      const path = join(directory, 'b.age');
      const { child, ended } = await startAdmin(backupTo(path), { dataDir: server.dataDir });
      await vi.waitFor(() => expect(readdirSync(directory)).not.toEqual([]), {
        timeout: 60_000,
        interval: 1,
      });
      child.kill('SIGKILL');
      await ended;
      if (readdirSync(directory).includes('b.age'))
        await verifyBackup({ path, opener: OPENER, clock: Date.now, rootKeys });
      else cutOff += 1;
    }
  });

  test('for which there is no room says so, and leaves nothing', async () => {
    using places = backupPlaces();
    await using server = await startTestServer();
    await startFilled(server);
    // That which is on record does not go beyond the limit.
    if (engine === 'sqlite') {
      await using other = await OtherConnection.open(server);
      await other.rows('pragma wal_checkpoint(truncate)');
    }
    const limited = { dataDir: server.dataDir, fileKilobytes: 200 };
    const { ended } = await startAdmin(backupTo(places.path), limited);
    expect(await ended).toEqual({
      code: 1,
      said: `coffer: ${places.path} cannot be written: it would be larger than a file may be\n`,
    });
    expect(readdirSync(places.directory)).toEqual([]);
  });
});

describe.each(ENGINES)('a restore on %s', (engine) => {
  test('that is killed in its midst leaves an empty instance, which the next try takes', async () => {
    await using scene = await backUpForRestore();
    const { places, rootKeys } = scene;
    // It waits for the other half of its file when it dies.
    const half = join(places.directory, 'half.age');
    spawnSync('bash', ['-c', 'mkfifo "$1"', 'bash', half]);
    const whole = readFileSync(places.path);
    const { child, ended } = await startAdmin(scene.restore(half), { dataDir: places.dataDir });
    const pipe = await open(half, 'w');
    await pipe.writeFile(whole.subarray(0, whole.length / 2));
    child.kill('SIGKILL');
    expect((await ended).code).toBe(null);
    await pipe.close();
    const { manifest } = await restoreAt(places.dataDir, places.path, rootKeys);
    expect(manifest['entry']?.rows).toBe(VALUES);
    releaseDatabase(places.dataDir);
  });

  test.runIf(engine === 'sqlite')('for which there is no room says so, and leaves it empty', async () => {
    await using scene = await backUpForRestore();
    const { places, rootKeys } = scene;
    const limited = { dataDir: places.dataDir, fileKilobytes: 200 };
    const { ended } = await startAdmin(scene.restore(places.path), limited);
    expect(await ended).toEqual({
      code: ADMIN_EXIT.storeAway,
      said: expect.stringMatching(/^coffer: the database cannot serve: the disk [^\n]*\n$/),
    });
    await restoreAt(places.dataDir, places.path, rootKeys);
  });
});

/** A backup, and a directory for it that has the root key and nothing else. */
async function backUpForRestore() {
  const places = backupPlaces();
  const server = await startTestServer();
  await startFilled(server);
  await backUpTo(places.path, server);
  const identity = join(places.directory, 'key.txt');
  writeFileSync(identity, IDENTITY);
  copyFileSync(join(server.dataDir, 'root.key'), join(places.dataDir, 'root.key'));
  return {
    places,
    rootKeys: rootKeysOf(server.dataDir),
    restore: (path: string) => ['restore', '--identity-file', identity, path],
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      places[Symbol.dispose]();
    },
  };
}
