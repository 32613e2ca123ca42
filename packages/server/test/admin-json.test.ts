import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { rootKeySource } from '../src/keys/root-key-source.ts';
import { replaceDataKeys } from '../src/services/data-key-rotation.ts';
import { RootKeyring } from '../src/services/root-keyring.ts';
import { VaultCipher } from '../src/services/vault-cipher.ts';
import { runAdminHere } from '../src/testing/admin.ts';
import { startTestServer, type TestServer } from '../src/testing/server.ts';
import { backupPlaces, IDENTITY, RECIPIENT } from './backup-world.ts';

async function fillTwo(server: TestServer) {
  const root = await server.setUp();
  const [one, other] = [await server.project(root), await server.project(root)];
  for (const project_id of [one, other])
    await root.ok('vault_create', { project_id, key: 'A', value: 'value of A' });
  return { root, one, other };
}

/** As a rotation of all that was killed when it had begun. */
async function beginRotation({ app, dataDir }: TestServer): Promise<void> {
  const { store, audit, clock, instance } = app.context;
  const rootKeys = new RootKeyring(rootKeySource(undefined, dataDir), instance.id);
  await rootKeys.requireComplete(store.db);
  const cipher = new VaultCipher(rootKeys, { instanceId: instance.id, clock });
  await replaceDataKeys({ store, audit, clock, cipher, scope: undefined });
}

test('a rotation of data keys says in JSON what was done, and in both what is left in other projects', async () => {
  await using server = await startTestServer();
  const { one, other } = await fillTwo(server);
  await beginRotation(server);
  const first = await runAdminHere(['rotate', 'data-key', one, '--json'], server);
  expect(first.code).toBe(0);
  expect(first.stderr).toContain(
    'Other projects are not done: 1 version to seal anew, 1 data key to destroy.',
  );
  const done = {
    finished: true,
    projects_with_new_keys: 0,
    versions_resealed: 1,
    versions_to_reseal: 0,
    data_keys_destroyed: 1,
    data_keys_to_destroy: 0,
  };
  expect(JSON.parse(first.stdout)).toEqual({
    ...done,
    versions_to_reseal_elsewhere: 1,
    data_keys_to_destroy_elsewhere: 1,
  });
  const second = await runAdminHere(['rotate', 'data-key', '--project', other, '--json'], server);
  expect(second.stderr).not.toContain('Other projects');
  expect(JSON.parse(second.stdout)).toEqual({
    ...done,
    versions_to_reseal_elsewhere: 0,
    data_keys_to_destroy_elsewhere: 0,
  });
});

test('a rotation of the root key says in JSON which key is in use, and whether it is finished', async () => {
  await using server = await startTestServer();
  await fillTwo(server);
  const { dataDir } = server;
  const status = await runAdminHere(['rotate', 'root-key', '--status', '--json'], { dataDir });
  const { root_key_id: before } = JSON.parse(status.stdout) as { root_key_id: string };
  const { code, stdout } = await runAdminHere(['rotate', 'root-key', '--json'], { dataDir });
  expect(code).toBe(0);
  const said = JSON.parse(stdout) as { root_key_id: string };
  expect(said).toEqual({
    finished: true,
    step: 'idle',
    previous_root_key_id: before,
    root_key_id: expect.any(String),
    next_root_key_id: null,
    data_keys: 2,
    data_keys_to_rewrap: 0,
  });
  expect(said.root_key_id).not.toBe(before);
});

test('audit accept says in JSON that there was nothing to accept', async () => {
  await using server = await startTestServer();
  await server.setUp();
  const { code, stdout } = await runAdminHere(['audit', 'accept', '--json'], server);
  expect({ code, said: JSON.parse(stdout) as unknown }).toEqual({ code: 0, said: { accepted: false } });
});

test('restore says whether access tokens were ended, and how many', async () => {
  await using server = await startTestServer();
  const { root, one } = await fillTwo(server);
  await root.ok('token_create', {
    name: 'ci',
    kind: 'service',
    project_id: one,
    permissions: ['vault.view'],
  });
  using places = backupPlaces();
  using again = backupPlaces();
  const identity = join(places.directory, 'key.txt');
  writeFileSync(identity, `${IDENTITY}\n`, { mode: 0o600 });
  expect(await runAdminHere(['backup', '--recipient', RECIPIENT, places.path], server)).toMatchObject({
    code: 0,
  });
  const env = { COFFER_ROOT_KEY_FILE: join(server.dataDir, 'root.key') };
  const words = ['restore', '--json', '--identity-file', identity, places.path];
  const kept = await runAdminHere(words, { dataDir: places.dataDir, env });
  expect(kept.stderr).toContain('Access tokens are those of the backup');
  expect(JSON.parse(kept.stdout)).toMatchObject({ tokens_ended: null });
  const ended = await runAdminHere([...words, '--end-tokens'], { dataDir: again.dataDir, env });
  expect(ended.stderr).toContain('1 access token ended.');
  expect(JSON.parse(ended.stdout)).toMatchObject({ tokens_ended: 1 });
});
