import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { describe, expect, test } from 'vitest';
import { runAdminHere, type AdminRun } from '../src/testing/admin.ts';
import { startTestServer } from '../src/testing/server.ts';
import { backupPlaces, IDENTITY, RECIPIENT } from './backup-world.ts';
import { startVault } from './start-vault.ts';

const OTHER_IDENTITY = await generateX25519Identity();
const OTHER_RECIPIENT = await identityToRecipient(OTHER_IDENTITY);

/** A server with an entry, a place for backups, and a file for each of two identities. */
async function setScene() {
  const server = await startTestServer();
  const places = backupPlaces();
  const { root, place } = await startVault(server);
  await root.ok('vault_create', { ...place, key: 'A', value: 'value of A' });
  const identityFile = (name: string, identity: string): string => {
    const path = join(places.directory, name);
    writeFileSync(path, `${identity}\n`, { mode: 0o600 });
    return path;
  };
  return {
    ...places,
    server,
    root,
    identity: identityFile('ours.txt', IDENTITY),
    otherIdentity: identityFile('other.txt', OTHER_IDENTITY),
    backUp: async (words: readonly string[], env: Record<string, string> = {}): Promise<AdminRun> =>
      await runAdminHere(['backup', ...words], { dataDir: server.dataDir, env }),
    restore: async (words: readonly string[]): Promise<AdminRun> =>
      await runAdminHere(['restore', ...words], {
        dataDir: places.dataDir,
        env: { COFFER_ROOT_KEY_FILE: join(server.dataDir, 'root.key') },
      }),
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      places[Symbol.dispose]();
    },
  };
}

describe('coffer admin backup', () => {
  test('is for every recipient that is named, however often the option is given', async () => {
    await using scene = await setScene();
    const { path, identity, otherIdentity } = scene;
    const words = ['--recipient', RECIPIENT, '--recipient', OTHER_RECIPIENT, path];
    expect(await scene.backUp(words)).toMatchObject({ code: 0 });
    for (const file of [identity, otherIdentity])
      expect(await scene.restore(['--verify', '--identity-file', file, path])).toMatchObject({ code: 0 });
  });

  test('opens with any of the identities that are named', async () => {
    await using scene = await setScene();
    const { path, identity, otherIdentity } = scene;
    expect(await scene.backUp(['--recipient', RECIPIENT, path])).toMatchObject({ code: 0 });
    const both = ['--identity-file', identity, '--identity-file', otherIdentity];
    expect(await scene.restore(['--verify', ...both, path])).toMatchObject({ code: 0 });
    expect(await scene.restore(['--verify', '--verify', ...both, path])).toEqual({
      code: 2,
      stdout: '',
      stderr: 'coffer: restore: --verify is given more than once\n',
    });
  });

  test('names what is wrong with its arguments, and ends with 2', async () => {
    await using scene = await setScene();
    const { path, directory, identity } = scene;
    const both = { COFFER_BACKUP_RECIPIENTS: RECIPIENT, COFFER_BACKUP_PASSPHRASE: 'violet anchor pebble' };
    for (const [said, run] of [
      ['--recipient must be recipients of age', scene.backUp(['--recipient', 'age1nobody', path])],
      ['are both set; say which', scene.backUp([path], both)],
      ['not standard output', scene.backUp(['--recipient', RECIPIENT, '-'])],
      [`${directory} is a directory`, scene.backUp(['--recipient', RECIPIENT, directory])],
      ['not standard input', scene.restore(['--identity-file', identity, '-'])],
      [`${directory} is a directory`, scene.restore(['--identity-file', identity, directory])],
    ] as const)
      expect(await run).toEqual({ code: 2, stdout: '', stderr: expect.stringContaining(said) });
    // Whoever says which is understood.
    expect(await scene.backUp(['--recipient', RECIPIENT, path], both)).toMatchObject({ code: 0 });
  });

  test('counts in words that are right for one, too', async () => {
    await using scene = await setScene();
    const { stderr } = await scene.backUp(['--recipient', RECIPIENT, scene.path]);
    expect(stderr).toMatch(/^Backed up 1 entry with 1 version and \d+ records, \d+ bytes\.\n/);
  });
});
