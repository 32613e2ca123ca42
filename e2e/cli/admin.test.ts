import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { Person, setScene } from './support.ts';

const ADMIN = fileURLToPath(new URL('../../packages/server/dist/admin.js', import.meta.url));

test('admin works on the database beside a running server, with its settings', async () => {
  await using scene = await setScene();
  const { person, server, root, project } = scene;
  await root.ok('vault_create', { project_id: project, key: 'A', value: 'x' });
  const env = { COFFER_DATA_DIR: server.dataDir, COFFER_TOKEN: 'not-for-the-server' };
  const { code, out, err } = await person.run(['admin', 'audit', 'verify', '--json'], { env });
  expect({ code, err }).toEqual({
    code: 0,
    err: expect.stringMatching(/^The audit log is whole: \d+ records/),
  });
  expect(JSON.parse(out)).toMatchObject({
    size: expect.any(Number),
    root: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  // The server goes on.
  await root.ok('vault_fetch_one', { project_id: project, key: 'A' });
});

test('admin says what it can do, and what is wrong with what it was told', async () => {
  using person = new Person();
  const env = { COFFER_DATA_DIR: person.base };
  expect(await person.ok(['admin'])).toContain('admin audit verify');
  expect(await person.ok(['admin', 'audit'])).toContain('admin audit verify');
  expect(await person.ok(['help', 'admin', 'audit', 'verify'])).toContain('--json');
  expect(await person.run(['admin', 'audit', 'nonsense'])).toMatchObject({ code: 2, out: '' });
  const empty = await person.run(['admin', 'audit', 'verify'], { env });
  const nowhere = `there is no database in ${person.base}; set COFFER_DATA_DIR`;
  expect(empty).toMatchObject({ code: 1, out: '', err: expect.stringContaining(nowhere) });
  const unknown = await person.run(['admin', 'audit', 'verify'], { env: { ...env, COFFER_POTR: '1' } });
  expect(unknown).toMatchObject({ code: 1, err: expect.stringContaining('did you mean COFFER_PORT?') });
});

test('the program of the server understands the same words without the command line', () => {
  for (const words of [[], ['audit'], ['audit', 'verify', 'too-many'], ['audit', 'verify', '--nonsense']]) {
    const { status, stderr } = spawnSync(process.execPath, [ADMIN, ...words], { encoding: 'utf8' });
    expect(status).toBe(2);
    expect(stderr).toMatch(/^coffer: /);
  }
});

test('the program of the server ends when what has started it is gone, whatever it waits for', async () => {
  await using scene = await setScene();
  const env = { ...scene.person.env, COFFER_DATA_DIR: scene.server.dataDir };
  const child = spawn(process.execPath, [ADMIN, 'backup', '--passphrase', 'b.age'], {
    cwd: scene.person.cwd,
    env,
    // Nothing is ever written to its input, and it does not end.
    stdio: ['pipe', 'ignore', 'ignore', 'ipc'],
  });
  const ended = once(child, 'exit');
  child.disconnect();
  expect(await ended).toEqual([expect.any(Number), null]);
});
