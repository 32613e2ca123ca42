import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Redacted } from '@coffer/core';
import { describe, expect, test, vi } from 'vitest';
import { verifyBackup } from '../packages/server/src/backup/verify.ts';
import { temporaryDirectory } from '../packages/server/src/testing/data-dir.ts';
import { releaseDatabase } from '../packages/server/src/testing/databases.ts';
import { ENGINES } from '../packages/server/src/testing/engines.ts';
import { ServerProcess } from '../packages/server/src/testing/process.ts';
import { PASSWORD, startTestServer, type TestServer } from '../packages/server/src/testing/server.ts';
import { IDENTITY, RECIPIENT, rootKeysOf } from '../packages/server/test/backup-world.ts';
import { startVault } from '../packages/server/test/start-vault.ts';

const VALUES = 150;
const HOUR = 60 * 60 * 1000;
/** A busy machine takes its time. */
const PATIENCE = { timeout: 60_000 };

/** An instance with much in it, of which no server runs, and a directory for its backups. */
async function makeInstance() {
  const data = temporaryDirectory();
  const files = temporaryDirectory();
  await using server = await startTestServer({ dataDir: data.path });
  const { root, place } = await startVault(server);
  const entries = Array.from({ length: VALUES }, (_, index) => ({
    key: `KEY_${index}`,
    value: 'x'.repeat(10_000),
  }));
  for (let from = 0; from < entries.length; from += 50)
    await root.ok('vault_import', { ...place, entries: entries.slice(from, from + 50) });
  const list = (end: string): string[] => readdirSync(files.path).filter((name) => name.endsWith(end));
  return {
    dataDir: data.path,
    directory: files.path,
    list,
    /** The program, as someone would start it. */
    start: async (wrapper: readonly string[] = []) =>
      await ServerProcess.start({
        dataDir: data.path,
        env: { COFFER_BACKUP_DIR: files.path, COFFER_BACKUP_RECIPIENTS: RECIPIENT },
        wrapper,
      }),
    /** Later than it is, and in this process. */
    startLater: async (ms: number): Promise<TestServer> =>
      await startTestServer({
        dataDir: data.path,
        clock: () => Date.now() + ms,
        config: {
          backup: {
            recipients: [RECIPIENT],
            passphrase: undefined,
            schedule: { directory: files.path, everyMs: 24 * HOUR, keep: 14, recipients: [RECIPIENT] },
          },
        },
      }),
    /** One is being made. */
    begun: async () => {
      while (list('.partial').length === 0) await delay(1);
    },
    verify: async (name: string) =>
      await verifyBackup({
        path: join(files.path, name),
        opener: { identities: new Redacted([IDENTITY]) },
        clock: Date.now,
        rootKeys: rootKeysOf(data.path),
      }),
    [Symbol.dispose]() {
      rmSync(data.path, { recursive: true, force: true });
      rmSync(files.path, { recursive: true, force: true });
      releaseDatabase(data.path);
    },
  };
}

async function endsOf(server: TestServer): Promise<{ outcome: string; details: object }[]> {
  const root = server.anonymous();
  await root.signIn('user_login', { auth_data: 'root', password: PASSWORD });
  return (await root.ok('event_fetch', { type: 'instance_backup_end' })).events;
}

describe.each(ENGINES)('a server on %s that makes backups by itself', (engine) => {
  test('killed in the middle leaves no file under its name; the next one makes it, and takes away what is left', async () => {
    using instance = await makeInstance();
    const server = await instance.start();
    await instance.begun();
    await server.kill('SIGKILL');
    // On a busy machine it may have been done, which is as good.
    const whole = instance.list('.age');
    {
      await using later = await instance.startLater(3 * HOUR);
      await vi.waitFor(
        async () => expect(await endsOf(later)).toHaveLength(whole.length === 0 ? 2 : 1),
        PATIENCE,
      );
      const ends = await endsOf(later);
      expect(ends[0]).toMatchObject({ outcome: 'success', details: { file: instance.list('.age')[0] } });
      if (whole.length === 0)
        expect(ends[1]).toMatchObject({ outcome: 'error', details: { code: 'abandoned' } });
    }
    const [file = '', ...others] = instance.list('.age');
    expect(others).toEqual([]);
    if (whole.length === 0) expect(readdirSync(instance.directory)).toEqual([file]);
    expect((await instance.verify(file)).vault.versions).toBe(VALUES);
  });

  test('ends when it is told to in the middle, with code 0 and no file, and makes it when it starts again', async () => {
    using instance = await makeInstance();
    const server = await instance.start();
    await instance.begun();
    expect(await server.kill('SIGTERM')).toBe(0);
    expect(instance.list('.partial')).toEqual([]);
    await using again = await instance.start();
    await vi.waitFor(() => expect(instance.list('.age')).toHaveLength(1), PATIENCE);
    expect((await again.client().ok('ready')).warnings).toEqual([]);
    expect((await instance.verify(instance.list('.age')[0] ?? '')).vault.versions).toBe(VALUES);
  });

  // A file of SQLite would be too large as well.
  test.runIf(engine === 'postgres')('goes on when there is no room for one, and says so', async () => {
    using instance = await makeInstance();
    await using server = await instance.start(['bash', '-c', 'ulimit -f 200; exec "$@"', 'bash']);
    await vi.waitFor(() => expect(server.stdout).toContain('the scheduled backup failed'), PATIENCE);
    expect(server.stdout).toContain('it would be larger than a file may be');
    expect(readdirSync(instance.directory)).toEqual([]);
    await vi.waitFor(
      async () => expect((await server.client().ok('ready')).warnings).toHaveLength(1),
      PATIENCE,
    );
    expect((await server.client().call('ready')).status).toBe(200);
    await server.kill('SIGTERM');
    await using later = await instance.startLater(HOUR);
    await vi.waitFor(() => expect(instance.list('.age')).toHaveLength(1), PATIENCE);
    await vi.waitFor(
      async () => expect((await later.anonymous().ok('ready')).warnings).toEqual([]),
      PATIENCE,
    );
  });
});
