import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Redacted } from '@coffer/core';
import { describe, expect, test } from 'vitest';
import { rootKeySource } from '../src/keys/root-key-source.ts';
import { prepareRootKey } from '../src/services/root-key-rotation.ts';
import { runAdminHere } from '../src/testing/admin.ts';
import { temporaryDirectory } from '../src/testing/data-dir.ts';
import { ENGINE, ENGINES } from '../src/testing/engines.ts';
import { startTestServer, type TestServer } from '../src/testing/server.ts';

const ROTATE = ['rotate', 'root-key'];
const ADMIN = fileURLToPath(new URL('../dist/admin.js', import.meta.url));
/** A mount that nobody else sees, where the system lets us have one. */
const MOUNTING = ['-rm', 'sh', '-c', 'mount --bind "$0" "$1" && shift && exec "$@"'];
const canMount = spawnSync('unshare', ['-rm', 'mount', '--bind', '/', '/']).status === 0;

function keysIn(path: string): string[] {
  return readFileSync(path, 'utf8').trim().split('\n');
}

/** As a run leaves it that waits for other servers, or was killed. */
async function prepared({ app, dataDir }: TestServer): Promise<{ current: string; next: string }> {
  const { store, audit, clock, instance } = app.context;
  const source = rootKeySource(undefined, dataDir);
  const rootKey = new Redacted(randomBytes(32));
  await prepareRootKey({ store, audit, clock, instanceId: instance.id, source }, rootKey);
  const [next = '', current = ''] = keysIn(join(dataDir, 'root.key'));
  return { current, next };
}

describe.each(ENGINES)('a new root key that is not in use yet, on %s', () => {
  test('--distributed never makes one: without one it says so, and the file stays', async () => {
    await using server = await startTestServer();
    const { dataDir } = server;
    await server.setUp();
    const path = join(dataDir, 'root.key');
    const before = keysIn(path);
    const run = await runAdminHere([...ROTATE, '--distributed'], { dataDir });
    expect(run).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^coffer: no server has been given/),
    });
    expect(keysIn(path)).toEqual(before);
    const newKeyFile = join(dataDir, 'new.key');
    const settings = { dataDir, env: { COFFER_ROOT_KEY: before.join(' ') } };
    const named = await runAdminHere([...ROTATE, '--distributed', '--new-key-file', newKeyFile], settings);
    expect(named).toMatchObject({ code: 1, stderr: expect.stringContaining('no server has been given') });
    expect(existsSync(newKeyFile)).toBe(false);
  });

  test('is named by its id until it is called off, which leaves the old key alone in use', async () => {
    await using server = await startTestServer();
    const { dataDir } = server;
    await server.setUp();
    const path = join(dataDir, 'root.key');
    const { current, next } = await prepared(server);
    const status = await runAdminHere([...ROTATE, '--status', '--json'], { dataDir });
    const { step, next_root_key_id: id } = JSON.parse(status.stdout) as Record<string, string>;
    expect(step).toBe('prepared');
    const words = await runAdminHere([...ROTATE, '--status'], { dataDir });
    expect(words.stderr).toMatch(new RegExp(`${id}.*--distributed.*--cancel`));
    if (ENGINE === 'postgres') {
      const again = await runAdminHere(ROTATE, { dataDir });
      expect(again).toMatchObject({ code: 9, stderr: expect.stringContaining(String(id)) });
    }
    const cancelled = await runAdminHere([...ROTATE, '--cancel', '--json'], { dataDir });
    expect(JSON.parse(cancelled.stdout)).toMatchObject({
      finished: true,
      step: 'idle',
      next_root_key_id: null,
    });
    expect(cancelled).toMatchObject({ code: 0, stderr: expect.stringContaining(`${path}.retired-${id}`) });
    expect(keysIn(path)).toEqual([current]);
    expect(keysIn(`${path}.retired-${id}`)).toEqual([next]);
    // As often as anyone likes.
    const nothing = await runAdminHere([...ROTATE, '--cancel'], { dataDir });
    expect(nothing).toMatchObject({ code: 0, stderr: expect.stringContaining('nothing to call off') });
  });

  test('one that is in use is not called off', async () => {
    await using server = await startTestServer();
    const { dataDir } = server;
    const root = await server.setUp();
    await root.ok('vault_create', { project_id: await server.project(root), key: 'A', value: 'x' });
    await prepared(server);
    await server.app.context.store.snapshot(async (snapshot) => {
      // What the rotation waits for.
      await snapshot.selectFrom('data_key').select('id').execute();
      const { code } = await runAdminHere([...ROTATE, ...(ENGINE === 'postgres' ? ['--distributed'] : [])], {
        dataDir,
      });
      expect(code).toBe(9);
    });
    const run = await runAdminHere([...ROTATE, '--cancel'], { dataDir });
    expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining('is in use already') });
    expect(keysIn(join(dataDir, 'root.key'))).toHaveLength(2);
  });

  test('a file for it is refused where it holds the current key, another one than that prepared, or has no directory', async () => {
    await using server = await startTestServer();
    const { dataDir } = server;
    await server.setUp();
    const path = join(dataDir, 'root.key');
    const [current = ''] = keysIn(path);
    const env = { COFFER_ROOT_KEY: current };
    const fromFile = (file: string) => [...ROTATE, '--new-key-file', file];
    expect(await runAdminHere(fromFile(path), { dataDir, env })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('has or had'),
    });
    const missing = join(dataDir, 'not', 'there');
    expect(await runAdminHere(fromFile(join(missing, 'new.key')), { dataDir, env })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`is not there: ${missing}`),
    });
    expect(existsSync(join(dataDir, 'not'))).toBe(false);
    await prepared(server);
    const other = join(dataDir, 'other.key');
    writeFileSync(other, randomBytes(32).toString('base64'), { mode: 0o600 });
    expect(await runAdminHere(fromFile(other), { dataDir })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('another key than the new one'),
    });
  });

  test.each([
    [['--status', '--cancel'], '--status and --cancel'],
    [['--cancel', '--distributed'], '--cancel and --distributed'],
    [['--cancel', '--new-key-file', 'x'], '--cancel and --new-key-file'],
  ])('%j is refused: each says what the run is for', async (options, named) => {
    using directory = temporaryDirectory();
    expect(await runAdminHere([...ROTATE, ...options], { dataDir: directory.path })).toMatchObject({
      code: 2,
      stderr: `coffer: rotate root-key: ${named} do not go together\n`,
    });
  });
});

test.runIf(ENGINE === 'sqlite' && canMount)(
  'a root key file that is mounted by itself is not replaced: the new key goes into a file of its own',
  async () => {
    using directory = temporaryDirectory();
    const dataDir = join(directory.path, 'data');
    const secret = join(directory.path, 'secret');
    mkdirSync(dataDir);
    const mounted = join(dataDir, 'root.key');
    const newKeyFile = join(directory.path, 'new.key');
    {
      await using server = await startTestServer({ dataDir });
      await server.setUp();
    }
    writeFileSync(secret, readFileSync(mounted), { mode: 0o600 });
    const run = (...options: string[]) =>
      spawnSync('unshare', [...MOUNTING, secret, mounted, process.execPath, ADMIN, ...ROTATE, ...options], {
        env: { PATH: process.env['PATH'] ?? '', COFFER_DATA_DIR: dataDir },
        encoding: 'utf8',
      });
    expect(run()).toMatchObject({ status: 2, stderr: expect.stringContaining('--new-key-file') });
    expect(run('--new-key-file', newKeyFile)).toMatchObject({
      status: 9,
      stderr: expect.stringContaining(`Put the key in ${newKeyFile} before the old one into root.key`),
    });
    const [old = ''] = keysIn(secret);
    writeFileSync(secret, [...keysIn(newKeyFile), old].join('\n'));
    expect(run('--cancel')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('take the new root key'),
    });
    expect(run('--distributed')).toMatchObject({
      status: 0,
      stderr: expect.stringContaining('Take the old root key out'),
    });
    expect(keysIn(secret)).toEqual([...keysIn(newKeyFile), old]);
  },
);
