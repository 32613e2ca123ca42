import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Redacted, type AuditEntry, type AuditEventType } from '@coffer/core';
import { describe, expect, test, vi } from 'vitest';
import { writeNote } from '../src/backup/finished-note.ts';
import { ScheduledBackups } from '../src/backup/scheduled-backups.ts';
import { verifyBackup } from '../src/backup/verify.ts';
import { beginBackup, claimBackup, type BackupSchedule } from '../src/services/backup-log.ts';
import { sha256Hex } from '../src/sha256.ts';
import { openPostgres } from '../src/store/postgres.ts';
import { openSqlite } from '../src/store/sqlite.ts';
import { temporaryDirectory } from '../src/testing/data-dir.ts';
import { acceptRows, OtherConnection, refuseRows } from '../src/testing/database-faults.ts';
import { databaseFor, releaseDatabase } from '../src/testing/databases.ts';
import { ENGINES } from '../src/testing/engines.ts';
import { startTestServer, type TestServer } from '../src/testing/server.ts';
import { IDENTITY, RECIPIENT, restoreTo, rootKeysOf } from './backup-world.ts';
import { startVault } from './start-vault.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** A busy machine takes its time. */
const PATIENCE = { timeout: 60_000 };
const START = Date.parse('2026-11-26T03:00:00Z');
const OPENER = { identities: new Redacted([IDENTITY]) };

/** A clock that goes when it is told to, a directory, and servers on one database, which make no backups by themselves. */
class Scene implements AsyncDisposable {
  now = START;
  readonly #directory = temporaryDirectory();
  readonly #data = temporaryDirectory();
  readonly servers: TestServer[] = [];

  get directory(): string {
    return this.#directory.path;
  }

  get dataDir(): string {
    return this.#data.path;
  }

  get schedule(): BackupSchedule {
    return { directory: this.directory, everyMs: DAY, keep: 3, recipients: [RECIPIENT] };
  }

  get server(): TestServer {
    return this.servers[0] as TestServer;
  }

  async start({ isScheduled = false } = {}): Promise<TestServer> {
    const backup = {
      recipients: [RECIPIENT],
      passphrase: undefined,
      schedule: isScheduled ? this.schedule : undefined,
    };
    const server = await startTestServer({
      dataDir: this.dataDir,
      clock: () => this.now,
      config: { backup },
    });
    this.servers.push(server);
    return server;
  }

  /** What makes the backups of a server, for the test to look when it wants to. */
  node(server = this.server, schedule: Partial<BackupSchedule> = {}): ScheduledBackups {
    return new ScheduledBackups(server.app.context, { ...this.schedule, ...schedule }, undefined);
  }

  files(): string[] {
    return readdirSync(this.directory).toSorted();
  }

  /** When they were begun, as their names have it. */
  times(): string[] {
    return this.files().map((name) => /^coffer-ins_\w+-(\w+)\.age$/.exec(name)?.[1] ?? name);
  }

  async records(type: AuditEventType): Promise<AuditEntry[]> {
    const { db } = this.server.app.context.store;
    const rows = await db
      .selectFrom('audit_entry')
      .select('body')
      .where('type', '=', type)
      .orderBy('idx')
      .execute();
    return rows.map(({ body }) => JSON.parse(body) as AuditEntry);
  }

  async warnings(): Promise<string[]> {
    return (await this.server.anonymous().ok('ready')).warnings;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.servers) await server[Symbol.asyncDispose]();
    this.#directory[Symbol.dispose]();
    this.#data[Symbol.dispose]();
    releaseDatabase(this.dataDir);
  }
}

/** As anyone is told it. */
const failedBecause = (why: string) => [
  expect.stringMatching(
    new RegExp(
      `^the last scheduled backup failed: ${why}; the audit log and the log of the server say more$`,
    ),
  ),
];

describe.each(ENGINES)('scheduled backups on %s', (engine) => {
  test('are made once for each stretch of time, by one of two servers, and restore', async () => {
    await using scene = new Scene();
    const nodes = [await scene.start(), await scene.start()].map((server) => scene.node(server));
    const { root, place } = await startVault(scene.server);
    await root.ok('vault_create', { ...place, key: 'A', value: 'value of A' });
    const look = async (): Promise<void> =>
      void (await Promise.all(nodes.map(async (node) => await node.look())));
    await look();
    await look();
    expect(scene.times()).toEqual(['20261126T030000Z']);
    scene.now = Date.parse('2026-11-26T23:59:59.999Z');
    await look();
    expect(scene.times()).toHaveLength(1);
    scene.now += 1;
    await look();
    await look();
    expect(scene.times()).toEqual(['20261126T030000Z', '20261127T000000Z']);
    // What nobody was there to make is not made up for, but once.
    scene.now += 5 * DAY + HOUR;
    await look();
    await look();
    expect(scene.times()).toEqual(['20261126T030000Z', '20261127T000000Z', '20261202T010000Z']);

    const begun = await scene.records('instance_backup');
    const ended = await scene.records('instance_backup_end');
    expect(begun.map(({ details }) => [details['by'], details['file']])).toEqual(
      scene.files().map((file) => ['schedule', file]),
    );
    for (const [index, file] of scene.files().entries()) {
      const path = join(scene.directory, file);
      const bytes = readFileSync(path);
      expect(ended[index]).toMatchObject({
        outcome: 'success',
        details: { begin: begun[index]?.index, file, bytes: bytes.length, sha256: sha256Hex(bytes) },
      });
      expect(statSync(path).mode & 0o777).toBe(0o600);
      const rootKeys = rootKeysOf(scene.dataDir);
      const { vault } = await verifyBackup({ path, opener: OPENER, clock: () => scene.now, rootKeys });
      expect(vault.versions).toBe(1);
    }
    expect(ended).toHaveLength(3);
  });

  test('are made when a server starts after their time, and not again when it starts anew', async () => {
    await using scene = new Scene();
    const first = await scene.start({ isScheduled: true });
    await vi.waitFor(
      async () => expect(await scene.records('instance_backup_end')).toHaveLength(1),
      PATIENCE,
    );
    await first.stop();
    scene.now += HOUR;
    scene.servers[0] = await scene.start({ isScheduled: true });
    await scene.node().look();
    await scene.server.stop();
    expect(scene.times()).toEqual(['20261126T030000Z']);
    scene.now += 3 * DAY;
    scene.servers[0] = await scene.start({ isScheduled: true });
    // The note beside the file goes when its end is on record.
    await vi.waitFor(() => expect(scene.times()).toEqual(['20261126T030000Z', '20261129T040000Z']), PATIENCE);
    expect(await scene.records('instance_backup_end')).toHaveLength(2);
  });

  test('have one for a stretch of time that a clock runs through twice, and do not wait for one that was far ahead', async () => {
    await using scene = new Scene();
    await scene.start();
    const node = scene.node();
    scene.now = Date.parse('2026-11-27T00:00:01Z');
    await node.look();
    scene.now -= MINUTE;
    await node.look();
    scene.now += 2 * MINUTE;
    await node.look();
    expect(scene.times()).toEqual(['20261127T000001Z']);
    scene.now -= 10 * DAY;
    await node.look();
    scene.now += MINUTE;
    await node.look();
    expect(scene.times()).toEqual(['20261117T000101Z', '20261127T000001Z']);
    scene.now += DAY;
    await node.look();
    expect(scene.times()).toEqual(['20261117T000101Z', '20261118T000201Z', '20261127T000001Z']);
  });

  test('whose server died are made by another, once it can no longer be at it', async () => {
    await using scene = new Scene();
    const server = await scene.start();
    const dead = await claimBackup(server.app.context, scene.schedule, () => 'of-the-dead.age');
    const nodes = [scene.node(), scene.node(await scene.start())];
    const look = async (): Promise<void> =>
      void (await Promise.all(nodes.map(async (node) => await node.look())));
    await look();
    scene.now += HOUR;
    await look();
    expect(scene.files()).toEqual([]);
    scene.now += 2 * MINUTE;
    await look();
    expect(scene.times()).toEqual(['20261126T040200Z']);
    expect(await scene.records('instance_backup_end')).toMatchObject([
      {
        outcome: 'error',
        details: { begin: dead?.index, code: 'abandoned', duration_ms: HOUR + 2 * MINUTE },
      },
      { outcome: 'success', details: { begin: Number(dead?.index) + 2 } },
    ]);
  });

  test('that were whole when their server died are taken for what they are', async () => {
    await using scene = new Scene();
    await scene.start({ isScheduled: true });
    await vi.waitFor(
      async () => expect(await scene.records('instance_backup_end')).toHaveLength(1),
      PATIENCE,
    );
    await refuseRows(scene.server, 'audit_entry', { condition: `new.type = 'instance_backup_end'` });
    scene.now += DAY;
    await scene.node().look();
    const note = expect.stringMatching(/-20261127T030000Z[.]age[.]finished$/);
    expect(scene.times()).toEqual(['20261126T030000Z', '20261127T030000Z', note]);
    expect(scene.server.logLines.join('')).toContain('the database or the directory cannot serve now');
    await acceptRows(scene.server, 'audit_entry');
    // Another process, which knows nothing of it.
    await scene.node().look();
    expect(scene.times()).toHaveLength(2);
    const [, file = ''] = scene.files();
    const { length } = readFileSync(join(scene.directory, file));
    expect((await scene.records('instance_backup_end'))[1]).toMatchObject({
      outcome: 'success',
      details: { file, bytes: length },
    });
    expect(await scene.warnings()).toEqual([]);
  });

  test('whose name someone else took while their server was killed have failed, and no other goes for that', async () => {
    await using scene = new Scene();
    const server = await scene.start({ isScheduled: true });
    await vi.waitFor(
      async () => expect(await scene.records('instance_backup_end')).toHaveLength(1),
      PATIENCE,
    );
    const [good = ''] = scene.files();
    const { backupKey } = server.app.context.rootKeys.latest;
    const plants: ((path: string, begin: number) => void)[] = [
      (path) => writeFileSync(path, 'garbage'),
      // With a note of someone who does not have the root key, and one that is about another file.
      (path, begin) => {
        writeFileSync(path, 'garbage');
        writeNote(path, { begin, content: contentOf('garbage') }, Buffer.alloc(32));
      },
      (path, begin) => {
        writeFileSync(path, 'garbage');
        writeNote(path, { begin: begin - 1, content: contentOf('garbage') }, backupKey);
      },
      (path, begin) => {
        writeFileSync(path, 'garbage');
        writeNote(path, { begin, content: contentOf('genuine') }, backupKey);
      },
      (path) => {
        writeFileSync(path, 'garbage');
        writeFileSync(`${path}.finished`, 'null');
      },
    ];
    for (const [index, plant] of plants.entries()) {
      scene.now += DAY;
      const node = scene.node(server, { keep: 1 });
      const begin = await claimBackup(server.app.context, scene.schedule, (now) =>
        good.replace(
          /-\w+[.]age$/,
          `-${new Date(now).toISOString().replaceAll(/[-:]/g, '').slice(0, 15)}Z.age`,
        ),
      );
      const file = begin?.file ?? '';
      plant(join(scene.directory, file), begin?.index ?? 0);
      await node.look();
      expect((await scene.records('instance_backup_end'))[index + 1]).toMatchObject({
        outcome: 'error',
        details: {
          begin: begin?.index,
          code: 'failed',
          reason: expect.stringContaining('nobody should trust it'),
        },
      });
      expect(scene.files()).toContain(good);
      expect(scene.files().filter((name) => name.endsWith('.finished'))).toEqual([]);
      expect(await scene.warnings()).toEqual(failedBecause('a file of its name is there .*'));
    }
    // Of what is not on record as made, nothing is counted or taken away.
    scene.now += HOUR;
    await scene.node(server, { keep: 1 }).look();
    const made = scene.times().at(-1);
    expect(scene.files()).not.toContain(good);
    expect(scene.files()).toHaveLength(plants.length + 1);
    expect(made).toBe('20261201T040000Z');
  });

  test('leave no note of how they were finished when that is on record', async () => {
    await using scene = new Scene();
    await scene.start();
    await refuseRows(scene.server, 'audit_entry', { condition: `new.type = 'instance_backup_end'` });
    const node = scene.node();
    await node.look();
    expect(scene.times().map((name) => name.replace(/^coffer-\w+-/, ''))).toEqual([
      '20261126T030000Z',
      '20261126T030000Z.age.finished',
    ]);
    await acceptRows(scene.server, 'audit_entry');
    await node.look();
    expect(scene.times()).toEqual(['20261126T030000Z']);
  });

  test('that were made by a clock that was years ahead go like any other', async () => {
    await using scene = new Scene();
    await scene.start();
    const node = scene.node();
    scene.now += 3650 * DAY;
    for (let day = 0; day < 3; day += 1, scene.now += DAY) await node.look();
    expect(scene.times()).toEqual(['20361123T030000Z', '20361124T030000Z', '20361125T030000Z']);
    scene.now = START;
    await node.look();
    scene.now += DAY;
    await node.look();
    expect(scene.times()).toEqual(['20261126T030000Z', '20261127T030000Z', '20361125T030000Z']);
    scene.now += DAY;
    await node.look();
    expect(scene.times()).toEqual(['20261126T030000Z', '20261127T030000Z', '20261128T030000Z']);
  });

  test('take away the oldest when a newer one is complete, and never before', async () => {
    await using scene = new Scene();
    await scene.start();
    const node = scene.node(scene.server, { keep: 2 });
    writeFileSync(join(scene.directory, 'notes.txt'), 'notes');
    for (let day = 0; day < 4; day += 1, scene.now += DAY) await node.look();
    const kept = ['20261128T030000Z', '20261129T030000Z', 'notes.txt'];
    expect(scene.times()).toEqual(kept);
    // It cannot have its name.
    const last = scene.files().findLast((name) => name.endsWith('.age')) ?? '';
    mkdirSync(join(scene.directory, last.replace('20261129', '20261130')));
    await node.look();
    expect(await scene.records('instance_backup_end')).toHaveLength(5);
    expect(scene.times()).toEqual([...kept.slice(0, 2), '20261130T030000Z', 'notes.txt']);
  });

  test('that fail are logged, on record and in the answer of ready until one succeeds, and tried again after a pause', async () => {
    await using scene = new Scene();
    await scene.start({ isScheduled: true });
    await vi.waitFor(
      async () => expect(await scene.records('instance_backup_end')).toHaveLength(1),
      PATIENCE,
    );
    const node = scene.node();
    const away = `${scene.directory}-away`;
    renameSync(scene.directory, away);
    scene.now += DAY;
    await node.look();
    expect(await scene.warnings()).toEqual(failedBecause('its directory is not there'));
    const logged = scene.server.logLines.filter((line) => line.includes('the scheduled backup failed'));
    expect(logged.map((line) => JSON.parse(line) as object)).toMatchObject([
      { level: 50, reason: expect.stringMatching(/: its directory is not there$/) },
    ]);
    expect((await scene.records('instance_backup_end'))[1]).toMatchObject({
      outcome: 'error',
      details: { code: 'failed', reason: expect.stringMatching(/: its directory is not there$/) },
    });
    scene.now += 10 * MINUTE - 1;
    await node.look();
    expect(await scene.records('instance_backup')).toHaveLength(2);
    scene.now += 1;
    await node.look();
    expect(await scene.records('instance_backup')).toHaveLength(3);
    expect(await scene.warnings()).toEqual(failedBecause('its directory is not there'));
    renameSync(away, scene.directory);
    scene.now += 10 * MINUTE;
    await node.look();
    expect(scene.times()).toEqual(['20261126T030000Z', '20261127T032000Z']);
    expect(await scene.warnings()).toEqual([]);
  });

  test('that cannot be put on record are not made, and those whose failure cannot be are closed later', async () => {
    await using scene = new Scene();
    await scene.start();
    const node = scene.node();
    await refuseRows(scene.server, 'audit_entry');
    await node.look();
    expect(scene.files()).toEqual([]);
    await acceptRows(scene.server, 'audit_entry');
    await refuseRows(scene.server, 'audit_entry', { condition: `new.type = 'instance_backup_end'` });
    const away = `${scene.directory}-away`;
    renameSync(scene.directory, away);
    await node.look();
    renameSync(away, scene.directory);
    await acceptRows(scene.server, 'audit_entry');
    await node.look();
    expect(await scene.records('instance_backup_end')).toMatchObject([{ details: { code: 'failed' } }]);
    scene.now += 10 * MINUTE;
    await node.look();
    expect(scene.times()).toEqual(['20261126T031000Z']);
  });

  test('that are being made when the server stops leave nothing, and come at once when it starts again', async () => {
    await using scene = new Scene();
    const server = await scene.start();
    await fill(server);
    await server.stop();
    scene.servers[0] = await scene.start({ isScheduled: true });
    while (scene.files().length === 0) await nextTurn();
    await scene.server.stop();
    expect(scene.files()).toEqual([]);
    scene.servers[0] = await scene.start();
    expect(await scene.records('instance_backup_end')).toMatchObject([
      { outcome: 'error', details: { code: 'stopped' } },
    ]);
    await scene.node().look();
    expect(scene.times()).toEqual(['20261126T030000Z']);
  });

  test.runIf(engine === 'postgres')(
    'leave nothing when the server stops while the database does not answer',
    async () => {
      await using scene = new Scene();
      const server = await scene.start();
      await using other = await OtherConnection.open(server);
      await other.rows('begin');
      await other.rows('lock table entry_version in access exclusive mode');
      const node = scene.node();
      const looking = node.look();
      const waiting = async (): Promise<unknown[]> =>
        await other.rows(
          'select from pg_locks where not granted and database = (select oid from pg_database where datname = current_database())',
        );
      await vi.waitFor(async () => expect(await waiting()).toHaveLength(1), PATIENCE);
      expect(scene.files()).toHaveLength(1);
      const stopped = node.stop(1);
      await vi.waitFor(() => expect(scene.files()).toEqual([]), PATIENCE);
      // It was not the end of the query that brought that about.
      expect(await waiting()).toHaveLength(1);
      await stopped;
      await other.rows('rollback');
      await looking;
    },
  );

  test.runIf(engine === 'postgres')(
    'that lose their database in the middle leave nothing, and are tried again',
    async () => {
      await using scene = new Scene();
      const server = await scene.start({ isScheduled: true });
      await vi.waitFor(
        async () => expect(await scene.records('instance_backup_end')).toHaveLength(1),
        PATIENCE,
      );
      const [before = ''] = scene.files();
      const node = scene.node();
      {
        await using other = await OtherConnection.open(server);
        await other.rows('begin');
        await other.rows('lock table entry_version in access exclusive mode');
        scene.now += DAY;
        const looking = node.look();
        await vi.waitFor(() => expect(scene.files()).toHaveLength(2), PATIENCE);
        await other.rows(
          'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid != pg_backend_pid()',
        );
        await looking;
        await other.rows('rollback');
      }
      expect(scene.files()).toEqual([before]);
      // Where even that could not be put on record, it is when the next look succeeds.
      await node.look();
      expect((await scene.records('instance_backup_end'))[1]).toMatchObject({
        outcome: 'error',
        details: { code: 'failed' },
      });
      expect(await scene.warnings()).toEqual(failedBecause('the [a-z ]*(database|connection)[a-z ]*'));
      scene.now += 10 * MINUTE;
      await node.look();
      expect(scene.times()).toEqual(['20261126T030000Z', '20261127T031000Z']);
      expect(await scene.warnings()).toEqual([]);
    },
  );

  test('are not put off by those that people make, however many', async () => {
    await using scene = new Scene();
    await scene.start();
    const node = scene.node();
    await node.look();
    for (let count = 0; count < 50; count += 1)
      await beginBackup(scene.server.app.context, { withRootKey: false });
    await node.look();
    expect(scene.times()).toHaveLength(1);
    scene.now += DAY;
    await node.look();
    expect(scene.times()).toHaveLength(2);
  });

  test('of a restored instance begin anew', async () => {
    await using scene = new Scene();
    await using restored = new Scene();
    await scene.start();
    await scene.node().look();
    const [file = ''] = scene.files();
    const rootKeys = rootKeysOf(scene.dataDir);
    const database = await databaseFor(restored.dataDir);
    const openDialect = async () =>
      database === undefined ? openSqlite(restored.dataDir) : await openPostgres(database);
    await restoreTo(restored.dataDir, join(scene.directory, file), {
      rootKeys,
      openDialect,
      clock: () => START,
    });
    writeFileSync(join(restored.dataDir, 'root.key'), readFileSync(join(scene.dataDir, 'root.key')), {
      mode: 0o600,
    });
    restored.now += MINUTE;
    await restored.start();
    await restored.node().look();
    expect(restored.times()).toEqual(['20261126T030100Z']);
    expect(await restored.records('instance_backup_end')).toMatchObject([{ outcome: 'success' }]);
  });
});

describe('a drill with the settings of its original', () => {
  test('takes none of its backups away, nor the other way round', async () => {
    await using scene = new Scene();
    await using drill = new Scene();
    await scene.start();
    await scene.node().look();
    scene.now += DAY;
    await scene.node().look();
    const before = scene.files();
    const rootKeys = rootKeysOf(scene.dataDir);
    await restoreTo(drill.dataDir, join(scene.directory, before[1] ?? ''), {
      rootKeys,
      clock: () => scene.now,
    });
    writeFileSync(join(drill.dataDir, 'root.key'), readFileSync(join(scene.dataDir, 'root.key')), {
      mode: 0o600,
    });
    drill.now = scene.now + HOUR;
    await drill.start();
    const { directory } = scene;
    const node = drill.node(drill.server, { directory, keep: 1 });
    await node.look();
    drill.now += DAY;
    await node.look();
    expect(scene.files()).toHaveLength(3);
    expect(scene.files()).toEqual(expect.arrayContaining(before));
    scene.now += DAY;
    await scene.node(scene.server, { keep: 1 }).look();
    expect(scene.times()).toEqual(['20261128T030000Z', '20261128T040000Z']);
  });
});

describe('a server that cannot make the backups that it is to make', () => {
  const refusals: readonly (readonly [string, (scene: Scene) => Partial<BackupSchedule>, string])[] = [
    [
      'no directory',
      ({ directory }) => ({ directory: `${directory}/none` }),
      'COFFER_BACKUP_DIR (DIR/none) is not there',
    ],
    [
      'a file in its place',
      ({ directory }) => {
        writeFileSync(join(directory, 'file'), '');
        return { directory: join(directory, 'file') };
      },
      'COFFER_BACKUP_DIR (DIR/file) is no directory',
    ],
    ['none that can be written', () => ({ directory: '/proc' }), 'COFFER_BACKUP_DIR (/proc) '],
    ['the directory of the root key', ({ dataDir }) => ({ directory: dataDir }), 'holds the root key'],
    [
      'one that the root key lies in, behind a link',
      ({ directory, dataDir }) => {
        mkdirSync(join(directory, 'keys'));
        writeFileSync(join(directory, 'keys', 'k'), Buffer.alloc(32, 7).toString('base64'), { mode: 0o600 });
        symlinkSync(join(directory, 'keys', 'k'), join(dataDir, 'root.key'));
        return {};
      },
      'holds the root key',
    ],
    ['one above it', ({ dataDir }) => ({ directory: join(dataDir, '..') }), 'holds the root key'],
    [
      'a recipient that is none',
      () => ({ recipients: [`age1${'q'.repeat(58)}`] }),
      'COFFER_BACKUP_RECIPIENTS must be recipients of age',
    ],
  ];

  test.each(refusals)('does not start: %s', async (_, change, message) => {
    await using scene = new Scene();
    const schedule = { ...scene.schedule, ...change(scene) };
    const backup = { recipients: schedule.recipients, passphrase: undefined, schedule };
    const start = startTestServer({ dataDir: scene.dataDir, config: { backup } });
    await expect(start).rejects.toMatchObject({
      name: 'StartError',
      message: expect.stringContaining(message.replace('DIR/', `${scene.directory}/`)),
    });
  });
});

function contentOf(text: string): { bytes: number; sha256: string } {
  return { bytes: text.length, sha256: sha256Hex(Buffer.from(text)) };
}

/** More than a backup reads at a time. */
async function fill(server: TestServer): Promise<void> {
  const { root, place } = await startVault(server);
  const value = 'x'.repeat(10_000);
  const entries = Array.from({ length: 150 }, (_, index) => ({ key: `KEY_${index}`, value }));
  for (let from = 0; from < entries.length; from += 50)
    await root.ok('vault_import', { ...place, entries: entries.slice(from, from + 50) });
}
