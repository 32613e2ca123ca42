import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { runAdminHere, type AdminRun } from '../src/testing/admin.ts';
import { temporaryDirectory } from '../src/testing/data-dir.ts';
import { startTestServer } from '../src/testing/server.ts';
import { backUpTo, IDENTITY } from './backup-world.ts';
import { startVault } from './start-vault.ts';

/** An instance that is no more, its backup with the root key in it, and an empty data directory. */
async function setScene() {
  const directory = temporaryDirectory();
  const path = (name: string): string => join(directory.path, name);
  const [file, identity, dataDir] = [path('backup.age'), path('key.txt'), path('data')];
  writeFileSync(identity, `${IDENTITY}\n`, { mode: 0o600 });
  const server = await startTestServer();
  const { root, place } = await startVault(server);
  await root.ok('vault_create', { ...place, key: 'A', value: 'value of A' });
  const { header } = await backUpTo(file, server, { withRootKey: true });
  const rootKey = readFileSync(join(server.dataDir, 'root.key'), 'utf8');
  // Saves the head that it saw.
  await server.stop();
  const head = readFileSync(join(server.dataDir, 'audit-head'), 'utf8');
  await server[Symbol.asyncDispose]();
  return {
    path,
    dataDir,
    rootKey,
    head,
    instance: header.instance,
    restore: async (...words: string[]): Promise<AdminRun> =>
      await runAdminHere(['restore', '--identity-file', identity, ...words, file], { dataDir }),
    [Symbol.dispose]: () => directory[Symbol.dispose](),
  };
}

function put(dataDir: string, name: string, text: string): void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  writeFileSync(join(dataDir, name), text, { mode: 0o600 });
}

const INCLUDED = '--use-included-root-key';

const NOBODY = 65_534;
const isRoot = process.geteuid?.() === 0;

test.runIf(isRoot)('what root restores belongs to whom the data directory belongs to', async () => {
  using scene = await setScene();
  mkdirSync(scene.dataDir);
  chownSync(scene.dataDir, NOBODY, NOBODY);
  expect(await scene.restore(INCLUDED)).toMatchObject({ code: 0 });
  const files = readdirSync(scene.dataDir);
  expect(files).toEqual(expect.arrayContaining(['coffer.db', 'root.key']));
  for (const name of files) expect([name, statSync(join(scene.dataDir, name)).uid]).toEqual([name, NOBODY]);
});

test.runIf(isRoot)('a link in place of the database gives nothing away that lies elsewhere', async () => {
  using scene = await setScene();
  mkdirSync(scene.dataDir);
  chownSync(scene.dataDir, NOBODY, NOBODY);
  symlinkSync(scene.path('elsewhere'), join(scene.dataDir, 'coffer.db'));
  await scene.restore(INCLUDED);
  expect(statSync(scene.path('elsewhere')).uid).toBe(0);
});

test('what a verification left that was killed goes with a later one, when it is old and our own', async () => {
  using scene = await setScene();
  using temporary = temporaryDirectory();
  vi.stubEnv('TMPDIR', temporary.path);
  try {
    const names = ['coffer-verify-old', 'coffer-verify-young', 'coffer-verify-busy', 'mine-coffer-verify-x'];
    const age = (path: string): void => utimesSync(path, 1, 1);
    for (const name of names) {
      const directory = join(temporary.path, name);
      mkdirSync(directory);
      writeFileSync(join(directory, 'coffer.db'), '');
      if (name !== 'coffer-verify-busy') age(join(directory, 'coffer.db'));
      if (name !== 'coffer-verify-young') age(directory);
    }
    const [old = '', ...others] = names;
    symlinkSync('mine-coffer-verify-x', join(temporary.path, 'coffer-verify-link'));
    if (isRoot) {
      mkdirSync(join(temporary.path, 'coffer-verify-other'));
      chownSync(join(temporary.path, 'coffer-verify-other'), NOBODY, NOBODY);
      age(join(temporary.path, 'coffer-verify-other'));
      others.push('coffer-verify-other');
    }
    expect(readdirSync(temporary.path)).toContain(old);
    expect(await scene.restore('--verify', INCLUDED)).toMatchObject({ code: 0 });
    expect(readdirSync(temporary.path).toSorted()).toEqual([...others, 'coffer-verify-link'].toSorted());
  } finally {
    vi.unstubAllEnvs();
  }
});

describe('a backup with a root key in it, where there is none', () => {
  test('is neither restored nor called good unless that is asked for: anyone can make one', async () => {
    using scene = await setScene();
    for (const words of [[], ['--verify']]) {
      const run = await scene.restore(...words);
      expect(run).toMatchObject({ code: 1, stdout: '' });
      expect(run.stderr).toContain(
        `there is no root key here, and that in the backup, which says that it is of ${scene.instance}, says nothing of who made it`,
      );
    }
    expect(existsSync(join(scene.dataDir, 'root.key'))).toBe(false);
  });

  test('is restored when it is asked for, and who it says that it is of is named', async () => {
    using scene = await setScene();
    const verified = await scene.restore('--verify', INCLUDED);
    expect(verified).toMatchObject({ code: 0 });
    expect(verified.stderr).toContain('this says that the file is whole, not who made it');
    expect(verified.stderr).toContain(scene.instance);
    const run = await scene.restore(INCLUDED);
    expect(run).toMatchObject({ code: 0, stdout: `${scene.instance}\n` });
    expect(run.stderr).toContain(
      `The root key is taken from the file itself: whoever made the file chose it. It says that it is of ${scene.instance}`,
    );
    expect(readFileSync(join(scene.dataDir, 'root.key'), 'utf8')).toBe(scene.rootKey);
  });

  test('says nothing of that where its root key is here already', async () => {
    using scene = await setScene();
    await scene.restore();
    put(scene.dataDir, 'root.key', scene.rootKey);
    const verified = await scene.restore('--verify', INCLUDED, '--json');
    expect(JSON.parse(verified.stdout)).toMatchObject({ root_key_from_file: false });
    expect(verified.stderr).not.toContain('from the file itself');
    expect((await scene.restore(INCLUDED)).stderr).not.toContain('from the file itself');
  });

  test('does not take the place of another instance, whose head is here', async () => {
    using scene = await setScene();
    using other = await setScene();
    await scene.restore();
    const heads = [
      [other.head, other.instance],
      // Whoever makes a file can give their instance the id of another.
      [other.head.replace(other.instance, scene.instance), scene.instance],
      ['damaged', 'nobody can tell which'],
    ] as const;
    for (const [head, whose] of heads) {
      put(scene.dataDir, 'audit-head', head);
      const run = await scene.restore(INCLUDED);
      expect(run).toMatchObject({ code: 1, stdout: '' });
      expect(run.stderr).toContain(
        `is not the one of the instance that this data directory belongs to (${whose})`,
      );
      expect(readdirSync(scene.dataDir)).not.toContain('root.key');
      expect(readFileSync(join(scene.dataDir, 'audit-head'), 'utf8')).toBe(head);
    }
    put(scene.dataDir, 'audit-head', scene.head);
    expect(await scene.restore(INCLUDED)).toMatchObject({ code: 0 });
  });

  test('with the root key here goes on in place of another instance, and says which', async () => {
    using scene = await setScene();
    using other = await setScene();
    await scene.restore();
    put(scene.dataDir, 'audit-head', other.head);
    put(scene.dataDir, 'root.key', scene.rootKey);
    const run = await scene.restore();
    expect(run.stderr).toContain(`last saw an audit log of another instance (${other.instance})`);
    expect(run).toMatchObject({ code: 0 });
    rmSync(scene.dataDir, { recursive: true });
  });
});
