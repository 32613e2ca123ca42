import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { PASSWORD, startTestServer } from '../../packages/server/src/testing/server.ts';
import { IDENTITY, RECIPIENT } from '../../packages/server/test/backup-world.ts';
import { setScene, type Scene } from './support.ts';

const ADMIN = fileURLToPath(new URL('../../packages/server/dist/admin.js', import.meta.url));

async function setBackupScene(): Promise<{
  scene: Scene;
  env: Record<string, string>;
  empty: Record<string, string>;
}> {
  const scene = await setScene();
  const { person, server, root, project } = scene;
  await root.ok('vault_create', { project_id: project, key: 'A', value: 'value of A' });
  writeFileSync(join(person.cwd, 'key.txt'), `# created: today\n${IDENTITY}\n`);
  const empty = join(person.base, 'empty');
  mkdirSync(empty);
  return { scene, env: { COFFER_DATA_DIR: server.dataDir }, empty: { COFFER_DATA_DIR: empty } };
}

test(
  'backup and restore, as a person does it: to another place, with the root key brought along',
  { timeout: 120_000 },
  async () => {
    const { scene, env, empty } = await setBackupScene();
    await using _ = scene;
    const { person, server, project } = scene;
    const made = await person.run(['admin', 'backup', '--recipient', RECIPIENT, 'b.age'], { env });
    expect(made).toMatchObject({
      code: 0,
      out: `${join(person.cwd, 'b.age')}\n`,
      err: expect.stringContaining('Backed up 1 entry'),
    });
    expect(made.err).toContain('The root key is not in it');
    const restore = ['admin', 'restore', '--identity-file', 'key.txt'];
    const keyless = await person.run([...restore, 'b.age'], { env: empty });
    expect(keyless).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining('the backup does not hold the root key'),
    });
    const withKey = { ...empty, COFFER_ROOT_KEY_FILE: join(server.dataDir, 'root.key') };
    const verified = await person.run([...restore, '--verify', '--json', 'b.age'], { env: withKey });
    expect(verified).toMatchObject({
      code: 0,
      err: expect.stringMatching(/^The backup of .* is good: 1 versions open/),
    });
    expect(JSON.parse(verified.out)).toMatchObject({ versions: 1 });
    expect(await person.ok([...restore, 'b.age'], { env: withKey })).toMatch(/^ins_/);
    // Not into what is used now.
    expect(await person.run([...restore, 'b.age'], { env: withKey })).toMatchObject({
      code: 1,
      err: expect.stringContaining('the database is not empty'),
    });
    const rootKey = readFileSync(join(server.dataDir, 'root.key'));
    writeFileSync(join(empty['COFFER_DATA_DIR'] ?? '', 'root.key'), rootKey, { mode: 0o600 });
    await using again = await startTestServer({ dataDir: empty['COFFER_DATA_DIR'] ?? '' });
    const user = again.anonymous();
    await user.signIn('user_login', { auth_data: 'root', password: PASSWORD });
    expect((await user.ok('vault_fetch_one', { project_id: project, key: 'A' })).vault.value).toBe(
      'value of A',
    );
  },
);

test(
  'backup under a passphrase, with the root key: one file is all that it takes',
  { timeout: 180_000 },
  async () => {
    const { scene, env, empty } = await setBackupScene();
    await using _ = scene;
    const { person, server } = scene;
    const backup = ['admin', 'backup', '--with-root-key', '--passphrase', 'b.age'];
    const made = await person.run(backup, { env, input: 'violet anchor pebble\n' });
    expect(made).toMatchObject({ code: 0, err: expect.stringContaining('The root key is in it') });
    const restoreEnv = { ...empty, COFFER_BACKUP_PASSPHRASE: 'violet anchor pebble' };
    expect(await person.run(['admin', 'restore', 'b.age'], { env: restoreEnv })).toMatchObject({
      code: 1,
      err: expect.stringContaining('use --use-included-root-key'),
    });
    await person.ok(['admin', 'restore', '--use-included-root-key', 'b.age'], { env: restoreEnv });
    const kept = join(empty['COFFER_DATA_DIR'] ?? '', 'root.key');
    expect(readFileSync(kept, 'utf8')).toBe(readFileSync(join(server.dataDir, 'root.key'), 'utf8'));
    expect(statSync(kept).mode & 0o777).toBe(0o600);
  },
);

test('backup says what is wrong with how it is asked for', { timeout: 120_000 }, async () => {
  const { scene, env } = await setBackupScene();
  await using _ = scene;
  const { person } = scene;
  const refusals: [args: string[], code: number, reason: string, input?: string][] = [
    [['backup', 'b.age'], 2, 'say who can open it'],
    [
      ['backup', '--recipient', RECIPIENT, '--passphrase', 'b.age'],
      2,
      'recipients or a passphrase, not both',
    ],
    [
      ['backup', '--recipient', RECIPIENT.replace(/.$/, 'b'), 'b.age'],
      2,
      '--recipient must be recipients of age',
    ],
    [['backup', '--recipient', RECIPIENT], 2, 'the argument file is missing'],
    [['backup', '--recipient', RECIPIENT, 'none/b.age'], 1, 'its directory is not there'],
    [['backup', '--passphrase', 'b.age'], 2, 'no passphrase on standard input', ''],
    [['backup', '--passphrase', 'b.age'], 2, 'at least 12 characters', 'too short\n'],
    [['restore', 'b.age'], 2, 'say what opens it'],
    [['restore', '--identity-file', 'key.txt', 'b.age'], 1, 'b.age cannot be read (ENOENT)'],
    [
      ['restore', '--identity-file', 'none.txt', 'b.age'],
      1,
      'the identity file none.txt cannot be read (ENOENT)',
    ],
    [['restore', '--identity-file', 'key.txt', 'key.txt'], 1, 'this is not a backup'],
  ];
  for (const [args, code, reason, input = ''] of refusals) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [ADMIN, ...args], {
      cwd: person.cwd,
      env: { ...person.env, ...env },
      input,
      encoding: 'utf8',
    });
    expect({ status, stdout, stderr }, args.join(' ')).toEqual({
      status: code,
      stdout: '',
      stderr: expect.stringContaining(reason),
    });
  }
  expect(readdirSync(person.cwd)).toEqual(['coffer.json', 'key.txt']);
});
