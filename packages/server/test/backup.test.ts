import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError, Redacted } from '@coffer/core';
import { generateX25519Identity } from 'age-encryption';
import Database from 'better-sqlite3';
import { sql } from 'kysely';
import { describe, expect, test, vi } from 'vitest';
import type { RestoreOrder } from '../src/backup/restore.ts';
import { backUp } from '../src/backup/back-up.ts';
import { verifyBackup } from '../src/backup/verify.ts';
import type { Config } from '../src/config/config.ts';
import { deriveInstanceKeys } from '../src/keys/root-key.ts';
import type { RootKeys } from '../src/root-keys.ts';
import type { Store } from '../src/store/database.ts';
import { acceptRows, refuseRows } from '../src/testing/database-faults.ts';
import { findForms, formsOf } from '../src/testing/data-dir.ts';
import { PASSWORD, startTestServer, type TestServer } from '../src/testing/server.ts';
import {
  backUpTo,
  backupPlaces,
  forge,
  forgeText,
  IDENTITY,
  linesOf,
  RECIPIENT,
  restoreTo,
  rootKeysOf,
  rowsOf,
  sealAnew,
} from './backup-world.ts';
import { startVault } from './start-vault.ts';

function given(keys: RootKeys): Config['rootKeys'] {
  return { keys, path: undefined };
}

const OPENER = { identities: new Redacted([IDENTITY]) };

async function startFilled(server: TestServer) {
  const { root, place } = await startVault(server);
  await root.ok('vault_create', { ...place, key: 'A', value: 'value of A', comment: 'comment of A' });
  await root.ok('vault_update', { ...place, key: 'A', value: 'second value of A' });
  await root.ok('vault_create', { ...place, key: 'B', value: 'value of B' });
  return { root, place };
}

describe('a backup on sqlite', () => {
  test('restored into an empty directory, is the same instance, row by row and value by value', async () => {
    using places = backupPlaces();
    await using server = await startTestServer();
    const { root, place } = await startFilled(server);
    const values = new Map(
      Array.from({ length: 250 }, (_, index) => [`KEY_${index}`, `${index} \n\0é${'x'.repeat(index * 20)}`]),
    );
    const entries = [...values].map(([key, value]) => ({ key, value, comment: `of ${key}` }));
    for (let from = 0; from < entries.length; from += 50)
      await root.ok('vault_import', { ...place, entries: entries.slice(from, from + 50) });
    await root.ok('vault_delete', { ...place, key: 'B' });
    const { token: secret } = await root.ok('token_create', {
      name: 'ci',
      kind: 'service',
      project_id: place.project_id,
      permissions: ['vault.view'],
    });
    const rootKeys = rootKeysOf(server.dataDir);
    const backup = await backUpTo(places.path, server);
    const before = await rowsOf(server);
    expect(statSync(places.path).mode & 0o777).toBe(0o600);
    expect((await restoreTo(places.dataDir, places.path, { rootKeys })).manifest).toEqual(backup.manifest);
    expect(backup.manifest).toMatchObject({ entry: { rows: 251 }, entry_version: { rows: 252 } });

    await using again = await startTestServer({
      dataDir: places.dataDir,
      config: { rootKeys: given(rootKeys) },
    });
    const { audit_entry: _, audit_head: __, ...after } = await rowsOf(again);
    expect(after).toEqual({ ...before, session: [], route_rate: [] });
    // Who was signed in is not any more; what they knew is as it was.
    const user = again.anonymous();
    user.token = root.token;
    expect(await user.refused('user_me')).toBe('session_ended');
    await user.signIn('user_login', { auth_data: 'root', password: PASSWORD });
    for (let offset = 0; offset < 251; offset += 100) {
      const { vaults } = await user.ok('vault_fetch', { ...place, values: true, limit: 100, offset });
      for (const { key, value, comment } of vaults) {
        if (key !== 'A') expect({ value, comment }).toEqual({ value: values.get(key), comment: `of ${key}` });
      }
    }
    const { vault: first } = await user.ok('vault_fetch_one', { ...place, key: 'A', version: 1 });
    expect(first).toMatchObject({ value: 'value of A', comment: 'comment of A' });
    const program = again.anonymous();
    program.token = secret;
    const { vault: second } = await program.ok('vault_fetch_one', { ...place, key: 'A' });
    expect(second.value).toBe('second value of A');
    // The log goes on where the backup ends, and new rows find ids of their own.
    await user.ok('vault_create', { ...place, key: 'NEW', value: 'new' });
    const { events } = await user.ok('event_fetch', { type: 'instance_restore' });
    expect(events).toMatchObject([
      { index: backup.header.audit.size, object: backup.header.instance, details: { engine: 'sqlite' } },
    ]);
    // The making of the backup is in it.
    const { events: made } = await user.ok('event_fetch', { type: 'instance_backup' });
    expect(made).toMatchObject([
      {
        index: backup.header.audit.size - 1,
        outcome: 'success',
        details: { by: 'command', with_root_key: false },
      },
    ]);
  });

  test('holds no value and no key, and its outside tells nothing', async () => {
    using places = backupPlaces();
    await using server = await startTestServer();
    await startFilled(server);
    await backUpTo(places.path, server);
    const inside = JSON.stringify(await linesOf(places.path));
    const files = [
      { name: 'inside', bytes: Buffer.from(inside) },
      { name: 'outside', bytes: readFileSync(places.path) },
    ];
    const secrets = ['value of A', 'second value of A', 'comment of A', 'value of B'].map((text) =>
      Buffer.from(text),
    );
    for (const secret of [...secrets, rootKeysOf(server.dataDir)[0].expose()])
      expect(findForms(files, formsOf(secret))).toEqual([]);
    expect(inside).toContain('Rosa');
    expect(readFileSync(places.path).includes('Rosa')).toBe(false);
  });

  test('holds the root key only when that is asked for, and gives it where there is none', async () => {
    using places = backupPlaces();
    using again = backupPlaces();
    await using server = await startTestServer();
    await startFilled(server);
    const rootKeys = rootKeysOf(server.dataDir);
    await backUpTo(places.path, server, { withRootKey: true });
    await backUpTo(again.path, server);
    const kept: string[] = [];
    const included = {
      accept: () => undefined,
      keep: (key: Redacted<Buffer>) => void kept.push(key.expose().toString('base64')),
    };
    await expect(restoreTo(again.dataDir, again.path, { included })).rejects.toThrow(
      'the backup does not hold the root key: put root.key into the data directory, or set COFFER_ROOT_KEY',
    );
    await expect(restoreTo(places.dataDir, places.path)).rejects.toThrow('use --use-included-root-key');
    await restoreTo(places.dataDir, places.path, { included });
    expect(kept).toEqual([rootKeys[0].expose().toString('base64')]);
    // Given one that fits, nothing is to be kept.
    await restoreTo(again.dataDir, places.path, { included, rootKeys });
    expect(kept).toHaveLength(1);
  });

  test('is refused with another key than its own, before a database is opened or made', async () => {
    using places = backupPlaces();
    await using server = await startTestServer();
    await startFilled(server);
    await backUpTo(places.path, server);
    const rootKeys = rootKeysOf(server.dataDir);
    const refusals = [
      [
        { rootKeys: [new Redacted(Buffer.alloc(32, 9))] as const },
        'the root key is another one than that of this backup',
      ],
      [
        { rootKeys, opener: { identities: new Redacted([await generateX25519Identity()]) } },
        'the backup was not made for this identity',
      ],
      [
        { rootKeys, opener: { passphrase: new Redacted('violet-anchor') } },
        'the backup was not made for this passphrase',
      ],
    ] as const;
    // A connection would keep the command from ending; a file would be left in a directory that was meant to be another.
    const openDialect = vi.fn<RestoreOrder['openDialect']>();
    for (const [order, message] of refusals)
      await expect(restoreTo(places.dataDir, places.path, { ...order, openDialect })).rejects.toThrow(
        message,
      );
    expect(openDialect).not.toHaveBeenCalled();
    await restoreTo(places.dataDir, places.path, { rootKeys });
  });

  test('opens with the passphrase that it was made with', async () => {
    using places = backupPlaces();
    await using server = await startTestServer();
    await startFilled(server);
    const passphrase = new Redacted('violet anchor pebble');
    await backUpTo(places.path, server, { lock: { passphrase, workFactor: 12 } });
    const rootKeys = rootKeysOf(server.dataDir);
    const another = { passphrase: new Redacted('violet anchor pebbles') };
    await expect(restoreTo(places.dataDir, places.path, { rootKeys, opener: another })).rejects.toThrow(
      'the backup was not made for this passphrase',
    );
    const { manifest } = await restoreTo(places.dataDir, places.path, { rootKeys, opener: { passphrase } });
    expect(manifest['entry']?.rows).toBe(2);
  });

  test('goes into an empty database only', async () => {
    using places = backupPlaces();
    await using server = await startTestServer();
    await startFilled(server);
    await backUpTo(places.path, server);
    const rootKeys = rootKeysOf(server.dataDir);
    const before = await rowsOf(server);
    await expect(restoreTo(server.dataDir, places.path, { rootKeys })).rejects.toThrow(
      'the database is not empty: a backup is restored into an empty data directory or database; nothing was changed',
    );
    expect(await rowsOf(server)).toEqual(before);
  });

  test('goes into no file of another program, whose tables stay', async () => {
    using places = backupPlaces();
    await using server = await startTestServer();
    await startFilled(server);
    await backUpTo(places.path, server);
    const rootKeys = rootKeysOf(server.dataDir);
    const other = new Database(join(places.dataDir, 'coffer.db'));
    other.exec('create table user (id int); create table orders (id int)');
    await expect(restoreTo(places.dataDir, places.path, { rootKeys })).rejects.toThrow(
      'the database holds tables that this version of Coffer has not made ("orders")',
    );
    other.exec('drop table orders');
    await expect(restoreTo(places.dataDir, places.path, { rootKeys })).rejects.toThrow(
      'has not made ("user")',
    );
    expect(other.prepare('select name from sqlite_schema').all()).toEqual([{ name: 'user' }]);
    other.close();
  });

  test('is not restored while another program holds the database, which is what is said', async () => {
    using places = backupPlaces();
    await using server = await startTestServer();
    await startFilled(server);
    await backUpTo(places.path, server);
    const rootKeys = rootKeysOf(server.dataDir);
    const other = new Database(join(places.dataDir, 'coffer.db'));
    other.exec('pragma journal_mode = wal; begin immediate');
    await expect(restoreTo(places.dataDir, places.path, { rootKeys })).rejects.toMatchObject({
      code: 'store_unavailable',
      detail: { reason: 'another program holds the database' },
    });
    other.close();
    await restoreTo(places.dataDir, places.path, { rootKeys });
  });

  test('never takes the place of a file, and leaves none when it fails', async () => {
    using places = backupPlaces();
    await using server = await startTestServer();
    const { root } = await startFilled(server);
    writeFileSync(places.path, 'another');
    await expect(backUpTo(places.path, server)).rejects.toThrow('is there already; nothing was written');
    expect(readFileSync(places.path, 'utf8')).toBe('another');
    const other = join(places.directory, 'other.age');
    const rootKeys = [new Redacted(Buffer.alloc(32, 9))] as const;
    await expect(backUpTo(other, server, { rootKeys })).rejects.toThrow(
      'the root key is not the one of this database',
    );
    await expect(backUpTo(other, server, { signal: AbortSignal.abort() })).rejects.toThrow('aborted');
    await expect(backUpTo(join(places.directory, 'none', 'x.age'), server)).rejects.toThrow(
      'cannot be written: its directory is not there',
    );
    expect(readdirSync(places.directory)).toEqual(['backup.age']);
    expect(existsSync(other)).toBe(false);
    // Each is on record: that it began, and that it failed.
    const { events: begun } = await root.ok('event_fetch', { type: 'instance_backup' });
    const { events: ended } = await root.ok('event_fetch', { type: 'instance_backup_end' });
    expect(begun).toHaveLength(4);
    expect(ended).toMatchObject(
      ['failed', 'stopped', 'failed', 'failed'].map((code, index) => ({
        outcome: 'error',
        details: { code, begin: begun[index].index },
      })),
    );
  });

  test('is whole where its end cannot be put on record, and that is what is said', async () => {
    using places = backupPlaces();
    await using server = await startTestServer();
    await startFilled(server);
    await refuseRows(server, 'audit_entry', { condition: `new.type = 'instance_backup_end'` });
    await expect(backUpTo(places.path, server)).rejects.toMatchObject({
      name: 'StartError',
      message: `${places.path} is whole and can be used, but that it was made could not be put on record`,
    });
    // A full disk and its like keep their own exit.
    const other = join(places.directory, 'other.age');
    const { store, audit, clock } = server.app.context;
    const away = new AppError('store_unavailable', { reason: 'the disk is full' });
    // The first record goes past it, as the log has its own way to the database.
    const failing: Store = {
      ...store,
      transaction: async () => {
        throw away;
      },
    };
    const order = {
      path: other,
      lock: { recipients: [RECIPIENT] },
      rootKeys: rootKeysOf(server.dataDir),
      withRootKey: false,
    };
    await expect(backUp({ store: failing, audit, clock }, order)).rejects.toMatchObject({
      code: 'store_unavailable',
      detail: {
        reason: `the disk is full; ${other} is whole and can be used, but that it was made could not be put on record`,
      },
    });
    await acceptRows(server, 'audit_entry');
    await restoreTo(places.dataDir, places.path, { rootKeys: rootKeysOf(server.dataDir) });
  });

  test('can end all access tokens, because some may have been revoked since', async () => {
    using places = backupPlaces();
    await using server = await startTestServer();
    const { root, place } = await startFilled(server);
    const { token } = await root.ok('token_create', {
      name: 'ci',
      kind: 'service',
      project_id: place.project_id,
      permissions: ['vault.view'],
    });
    await backUpTo(places.path, server);
    const rootKeys = rootKeysOf(server.dataDir);
    await restoreTo(places.dataDir, places.path, { rootKeys, endTokens: true });
    await using again = await startTestServer({
      dataDir: places.dataDir,
      config: { rootKeys: given(rootKeys) },
    });
    const program = again.anonymous();
    program.token = token;
    expect(await program.refused('vault_fetch_one', { ...place, key: 'A' })).toBe('token_invalid');
  });
});

describe('a backup that was altered', () => {
  test(
    'is refused, whichever byte was changed and wherever it was cut off',
    { timeout: 60_000 },
    async () => {
      using places = backupPlaces();
      await using server = await startTestServer();
      await startFilled(server);
      await backUpTo(places.path, server);
      const rootKeys = rootKeysOf(server.dataDir);
      const whole = readFileSync(places.path);
      const altered = join(places.directory, 'altered.age');
      const attempt = async (bytes: Uint8Array): Promise<unknown> => {
        writeFileSync(altered, bytes);
        return await restoreTo(places.dataDir, altered, { rootKeys }).catch((error: unknown) => error);
      };
      const step = Math.floor(whole.length / 60);
      for (let at = 0; at < whole.length; at += step) {
        const bytes = Buffer.from(whole);
        bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << (at % 8)), at);
        expect(await attempt(bytes), `a bit of byte ${at}`).toMatchObject({ name: 'StartError' });
        expect(await attempt(whole.subarray(0, at)), `cut off at ${at}`).toMatchObject({
          name: 'StartError',
        });
      }
      expect(await attempt(whole.subarray(0, -1))).toMatchObject({ name: 'StartError' });
      expect(await attempt(Buffer.concat([whole, Buffer.of(0)]))).toMatchObject({ name: 'StartError' });
      expect(await attempt(whole)).toMatchObject({ header: { coffer: 'backup' } });
    },
  );

  test('is refused when someone wrote it who does not hold the root key', async () => {
    using places = backupPlaces();
    await using server = await startTestServer();
    await startFilled(server);
    await backUpTo(places.path, server);
    const rootKeys = rootKeysOf(server.dataDir);
    const lines = await linesOf(places.path);
    const { backupKey } = deriveInstanceKeys(rootKeys[0], lines[0].instance);
    const user = lines.findIndex((line) => line.table === 'user');
    const entry = lines.findIndex((line) => line.table === 'entry');
    const swapped = lines.with(entry + 1, lines[entry + 2]).with(entry + 2, lines[entry + 1]);
    const forged = join(places.directory, 'forged.age');
    const forgeries: [what: string, lines: unknown[], reason: string][] = [
      [
        'another role',
        lines.with(user + 1, lines[user + 1].with(7, 'ADMIN')),
        'the table user is not as its manifest says',
      ],
      ['rows in another order', swapped, 'the table entry is not as its manifest says'],
      ['a row less', lines.toSpliced(user + 1, 1), 'the table user is not as its manifest says'],
      [
        'sealed with another key',
        sealAnew(lines, Buffer.alloc(32)),
        'its seal is not that of its contents and this root key',
      ],
      [
        'another header',
        lines.with(0, { ...lines[0], created_at: '2001-01-01T00:00:00.000Z' }),
        'its seal is not',
      ],
      ['without its end', lines.slice(0, -1), 'its end is missing'],
      ['more behind its end', [...lines, {}], 'something follows its end'],
      ['a table twice', lines.toSpliced(entry, 0, lines[user]), 'the table user comes twice'],
      [
        'a table that is none',
        lines.with(user, { table: 'sqlite_schema', columns: [] }),
        'it has a table that is not known',
      ],
      [
        'sessions',
        lines.with(user, { table: 'session', columns: lines[user].columns }),
        'it has a table that is not known',
      ],
      [
        'a column that is none',
        lines.with(user, { ...lines[user], columns: lines[user].columns.with(0, 'x" --') }),
        'has no column',
      ],
      ['a row that is too short', lines.with(user + 1, []), 'a row does not fit its table'],
      [
        'another instance',
        lines.with(0, { ...lines[0], instance: 'ins_00000000000000000000000000' }),
        'the root key is another one',
      ],
      ['no backup', [{ hello: 'world' }], 'this is not a backup of Coffer'],
      [
        'of the future',
        lines.with(0, { ...lines[0], format: 2 }),
        'a format that this version does not know',
      ],
      [
        'of a newer schema',
        lines.with(0, { ...lines[0], migrations: [...lines[0].migrations, '9999-x'] }),
        'a newer version of Coffer (it has 9999-x)',
      ],
    ];
    for (const [what, content, reason] of forgeries) {
      await forge(forged, content);
      await expect(restoreTo(places.dataDir, forged, { rootKeys }), what).rejects.toThrow(reason);
    }
    // What was refused left nothing; the holder of the root key may write one.
    await forge(forged, sealAnew(lines, backupKey));
    await restoreTo(places.dataDir, forged, { rootKeys });
  });

  test('is refused in one line, whatever a stranger put into it', { timeout: 60_000 }, async () => {
    using places = backupPlaces();
    await using server = await startTestServer();
    await startFilled(server);
    await backUpTo(places.path, server, { withRootKey: true });
    const [header] = await linesOf(places.path);
    const included = { accept: () => undefined, keep: () => undefined };
    const forged = join(places.directory, 'forged.age');
    const attempts = ['subject', 'failures', 'blocked_until', 'updated_at'];
    const table = { table: 'attempt', columns: attempts };
    const deep = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    const headers = [
      { root_key: 5 },
      { root_key: { length: 1e9 } },
      { root_key: 'AAAA' },
      { root_key: null },
      { root_key_check: '' },
      { root_key_check: 7 },
      { instance: '../../x' },
      { instance: 'ins_\u001b[2J' },
      { created_at: '\u001b[2J' },
      { version: '\u009b2J' },
      { engine: {} },
      { migrations: [5, null] },
      { migrations: ['\u001b[2J'] },
      { migrations: {} },
      { audit: null },
      { audit: { size: '1', root: header.audit.root } },
    ].map((change) => [JSON.stringify({ ...header, ...change }), 'its header is not complete'] as const);
    const contents = [
      ['null', 'this is not a backup'],
      ['[]', 'this is not a backup'],
      [deep(100_000), 'this is not a backup'],
    ] as const;
    const h = JSON.stringify(header);
    const t = JSON.stringify(table);
    const behind = [
      ['null', 'it has a table that is not known'],
      ['5', 'it has a table that is not known'],
      ['"text"', 'it has a table that is not known'],
      ['{}', 'it has a table that is not known'],
      ['{"table":{},"columns":[]}', 'it has a table that is not known'],
      ['{"table":"__proto__","columns":["uid"]}', 'it has a table that is not known'],
      ['{"table":"user","columns":[null]}', 'it has a table that is not known'],
      ['{"table":"user","columns":["uid","uid"]}', 'it has a table that is not known'],
      ['{"table":"user","columns":{"length":1}}', 'it has a table that is not known'],
      ['{"manifest":null}', 'its manifest is none'],
      ['{"manifest":[]}', 'its manifest is none'],
      ['{"manifest":{"user":null}}', 'its manifest is none'],
      ['{"manifest":{"user":{"rows":0,"sha256":5}}}', 'its manifest is none'],
      ['{"manifest":{}}\nnull', 'its seal is not'],
      [`{"manifest":{}}\n${deep(100_000)}`, 'its seal is not'],
      [`{"manifest":{}}\n{"sha256":"é","mac":5}`, 'its seal is not'],
      [`{"manifest":{}}\n{"sha256":"${'0'.repeat(64)}","mac":"${'0'.repeat(64)}","x":1}`, 'its seal is not'],
      ['[]', 'a row does not fit its table'],
      [`${t}\n[{"a":1},0,0,0]`, 'a row holds what is no value'],
      [`${t}\n[true,0,0,0]`, 'a row holds what is no value'],
      [`${t}\n["a",1e400,0,0]`, 'a row holds what is no value'],
      [`${t}\n["a",1.5,0,0]`, 'a row holds what is no value'],
      [`${t}\n[["a","b"],0,0,0]`, 'a row holds what is no value'],
      [`${t}\n[${deep(100_000)},0,0,0]`, 'a row holds what is no value'],
      [`${t}\n["a",null,0,0]\n{"manifest":{}}`, 'the table attempt does not take one of its rows'],
      [`${t}\n["a","b",0,0]\n{"manifest":{}}`, 'the table attempt does not take one of its rows'],
      [`${t}\n["a",0,0,0]\n["a",0,0,0]\n{"manifest":{}}`, 'the table attempt does not take one of its rows'],
      [`"${'a'.repeat(9 * 1024 * 1024)}"`, 'a line is too long'],
    ].map(([text, reason]) => [`${h}\n${text}`, reason] as const);
    for (const [text, reason] of [...headers, ...contents, ...behind]) {
      await forgeText(forged, `${text}\n`);
      const attempt = restoreTo(places.dataDir, forged, { included });
      await expect(attempt, text.slice(0, 400)).rejects.toMatchObject({
        name: 'StartError',
        message: expect.stringContaining(reason ?? ''),
      });
      await expect(attempt, text.slice(0, 400)).rejects.not.toThrow(/\p{Cc}/u);
    }
    await restoreTo(places.dataDir, places.path, { included });
  });

  test(
    'is refused before it fills the disk, where it grows as no backup does',
    { timeout: 60_000 },
    async () => {
      using places = backupPlaces();
      await using server = await startTestServer();
      await startFilled(server);
      await backUpTo(places.path, server);
      const rootKeys = rootKeysOf(server.dataDir);
      const [header] = await linesOf(places.path);
      const forged = join(places.directory, 'forged.age');
      const columns = ['subject', 'failures', 'blocked_until', 'updated_at'];
      const rows = Array.from({ length: 400 }, (_, index) => [`${index}${'x'.repeat(100_000)}`, 0, 0, 0]);
      await forge(forged, [header, { table: 'attempt', columns }, ...rows]);
      const size = statSync(forged).size;
      expect(size).toBeLessThan(100_000);
      let biggest = 0;
      const look = (): void => {
        const sizes = readdirSync(places.dataDir).map(
          (name) => statSync(join(places.dataDir, name), { throwIfNoEntry: false })?.size ?? 0,
        );
        biggest = Math.max(biggest, ...sizes);
      };
      const watch = setInterval(look, 1);
      await expect(restoreTo(places.dataDir, forged, { rootKeys })).rejects.toThrow(
        'it grows to more than 100 times its size',
      );
      clearInterval(watch);
      expect(biggest).toBeGreaterThan(0);
      expect(biggest).toBeLessThan(40_000_000);
      await restoreTo(places.dataDir, places.path, { rootKeys });
    },
  );

  test('of an older version is brought up to date', async () => {
    using places = backupPlaces();
    await using server = await startTestServer();
    const { place } = await startFilled(server);
    await backUpTo(places.path, server);
    const rootKeys = rootKeysOf(server.dataDir);
    const lines = await linesOf(places.path);
    const { backupKey } = deriveInstanceKeys(rootKeys[0], lines[0].instance);
    // As it would have been before routes, several root keys and replaced data keys were there.
    const newColumns = ['allowed_origins', 'allowed_in_path', 'route_id', 'closes', 'replaced_at'];
    let table = '';
    let columns: string[] = [];
    const older = lines.flatMap((line) => {
      if (line.coffer !== undefined) return [{ ...line, migrations: line.migrations.slice(0, 4) }];
      if (line.table !== undefined) ({ table, columns } = line);
      else if (!Array.isArray(line)) return [line];
      if (table === 'root_key') return [];
      const isOld = (_: unknown, index: number): boolean => !newColumns.includes(columns[index] ?? '');
      if (Array.isArray(line))
        return [[...line.filter(isOld), ...(table === 'instance' ? [[lines[0].root_key_check]] : [])]];
      return [
        { table, columns: [...columns.filter(isOld), ...(table === 'instance' ? ['root_key_check'] : [])] },
      ];
    });
    await forge(places.path, sealAnew(older, backupKey));
    await restoreTo(places.dataDir, places.path, { rootKeys });
    await using again = await startTestServer({
      dataDir: places.dataDir,
      config: { rootKeys: given(rootKeys) },
    });
    const user = again.anonymous();
    await user.signIn('user_login', { auth_data: 'root', password: PASSWORD });
    const { vault } = await user.ok('vault_fetch_one', { ...place, key: 'A' });
    expect(vault.value).toBe('second value of A');
  });
});

describe('the verification of a backup', () => {
  test('opens every version and recomputes the log, and leaves nothing behind', async () => {
    using places = backupPlaces();
    await using server = await startTestServer();
    await startFilled(server);
    const { header } = await backUpTo(places.path, server);
    const verified = await verifyBackup({
      path: places.path,
      opener: OPENER,
      clock: Date.now,
      rootKeys: rootKeysOf(server.dataDir),
    });
    expect(verified.vault.versions).toBe(3);
    expect(verified.vault.size).toBe(header.audit.size + 1);
    expect(readdirSync(places.directory)).toEqual(['backup.age']);
  });

  test('names what does not open, and a log that is not whole; restoring brings back what there is', async () => {
    using places = backupPlaces();
    using second = backupPlaces();
    await using server = await startTestServer();
    await startFilled(server);
    const { db } = server.app.context.store;
    const rootKeys = rootKeysOf(server.dataDir);
    await sql`update ciphertext set value_sealed = ${Buffer.alloc(60, 1)} where id = 2`.execute(db);
    await backUpTo(places.path, server);
    await expect(
      verifyBackup({ path: places.path, opener: OPENER, clock: Date.now, rootKeys }),
    ).rejects.toThrow('the value of version 2 of A in project_1/default does not open');
    await restoreTo(places.dataDir, places.path, { rootKeys });

    await sql`update audit_entry set body = replace(body, 'project_1', 'project_2') where idx = 3`.execute(
      db,
    );
    await backUpTo(second.path, server);
    await expect(
      verifyBackup({ path: second.path, opener: OPENER, clock: Date.now, rootKeys }),
    ).rejects.toThrow('the audit log in the backup is not whole');
    await server.stop();
  });
});
