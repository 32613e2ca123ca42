import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { formatId, Redacted, type SealContext } from '@coffer/core';
import Database from 'better-sqlite3';
import { describe, expect, test, vi } from 'vitest';
import { open } from '../src/keys/aead.ts';
import type { Config } from '../src/config/config.ts';
import { deriveInstanceKeys, rootKeyCheck, type InstanceKeys } from '../src/keys/root-key.ts';
import { writeDraft } from '../src/replace-file.ts';
import { StartError } from '../src/start-error.ts';
import type { Client } from '../src/testing/client.ts';
import { findForms, formsOf, readDataDir, temporaryDirectory } from '../src/testing/data-dir.ts';
import { ServerProcess } from '../src/testing/process.ts';
import { PASSWORD, startTestServer, type TestServer } from '../src/testing/server.ts';

const ONE_LINE = /^coffer: [^\n]+\n$/;
const WRONG_KEY = /^coffer: the root key is not the one of this database[^\n]*\n$/;
const MISSING_KEY = /^coffer: the root key of this database is missing[^\n]*\n$/;
const MALFORMED_KEY = /^coffer: (\S+)[^\n]* must be 32 bytes in base64[^\n]*\n$/;

type Start = { dataDir: string; env?: Record<string, string> };

function given(rootKey: Redacted<Buffer>): Config['rootKeys'] {
  return { keys: [rootKey], path: undefined };
}

function makeKey(): string {
  return randomBytes(32).toString('base64');
}

/** What a start that fails says. It fails with exit code 1 and has nothing for standard output. */
async function refusalOf(start: Start): Promise<string> {
  await using server = ServerProcess.spawn(start);
  await once(server.child, 'close');
  expect({ code: server.child.exitCode, stdout: server.stdout }).toEqual({ code: 1, stdout: '' });
  return server.stderr;
}

/** The same without a process of its own: the line that `main` makes of why a start failed. */
async function refusalHere(dataDir: string): Promise<string> {
  const failure = await startTestServer({ dataDir }).then(
    async (server) => {
      await server[Symbol.asyncDispose]();
      throw new Error('it starts');
    },
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(StartError);
  return `coffer: ${(failure as StartError).message}\n`;
}

/** Starts, and stops in good order: nothing is left in the write-ahead log. */
async function startAndStop(start: Start): Promise<void> {
  await using server = await ServerProcess.start(start);
  expect(await server.kill('SIGTERM')).toBe(0);
}

function databaseFile(dataDir: string): Buffer {
  return readFileSync(join(dataDir, 'coffer.db'));
}

/** Permission bits; Windows has none to speak of. */
function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}

describe('the root key file', () => {
  test.skipIf(process.platform === 'win32')(
    'is made at the first start for its owner alone, and so is all beside it, whatever the umask',
    async () => {
      using directory = temporaryDirectory();
      const dataDir = join(directory.path, 'data');
      const wrapper = ['sh', '-c', 'umask 0; exec "$@"', 'sh'];
      await using server = await ServerProcess.start({ dataDir, wrapper });
      expect(modeOf(dataDir)).toBe('700');
      const modes = Object.fromEntries(
        readDataDir(dataDir).map(({ name }) => [name, modeOf(join(dataDir, name))]),
      );
      expect(modes).toMatchObject({ 'root.key': '600', 'coffer.db': '600' });
      expect(new Set(Object.values(modes))).toEqual(new Set(['600']));
      const key = readFileSync(join(dataDir, 'root.key'), 'utf8');
      expect(key).toMatch(/^[A-Za-z0-9+/]{43}=\n$/);
      expect(server.stdout + server.stderr).not.toContain(key.trim());
    },
  );

  test('is used again at the next start, with or without a newline at its end', async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 'root.key');
    {
      await using server = await startTestServer({ dataDir: directory.path });
      await server.setUp();
    }
    const key = readFileSync(path, 'utf8').trim();
    for (const text of [key, `${key}\n`, `${key}\r\n`, ` ${key}\n\n`]) {
      writeFileSync(path, text);
      await using server = await startTestServer({ dataDir: directory.path });
      expect(server.app.setupToken).toBeUndefined();
      expect(readFileSync(path, 'utf8')).toBe(text);
    }
  });

  test.skipIf(process.platform === 'win32')('that others can read is warned of', async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 'root.key');
    writeFileSync(path, makeKey(), { mode: 0o644 });
    await using server = await startTestServer({ dataDir: directory.path });
    expect(server.logLines.filter((line) => line.includes('can be read by other users'))).toHaveLength(1);
  });
});

describe('a root key that is no file', () => {
  test.each(['root.key', 'elsewhere'])(
    'is refused in one line, and not waited for: a pipe, %s',
    async (name) => {
      using directory = temporaryDirectory();
      const path = join(directory.path, name);
      execFileSync('mkfifo', ['-m', '600', path]);
      const env = name === 'root.key' ? {} : { COFFER_ROOT_KEY_FILE: path };
      await using server = ServerProcess.spawn({ dataDir: directory.path, env });
      expect(await server.ended()).toBe(1);
      expect(server.stderr).toBe(
        `coffer: the root key ${path} is no file, and could not be read again; give it as a file\n`,
      );
    },
  );
});

describe('what a kill has left of a root key beside its file', () => {
  test.each(['root.key', 'elsewhere'])(
    'goes at the next start or within a minute of a server, from beside %s',
    async (name) => {
      vi.useFakeTimers({ toFake: ['setInterval'] });
      try {
        using directory = temporaryDirectory();
        const dataDir = join(directory.path, 'data');
        const path = join(name === 'root.key' ? dataDir : directory.path, name);
        const rootKey = makeKey();
        if (name !== 'root.key') writeFileSync(path, rootKey, { mode: 0o600 });
        mkdirSync(dataDir);
        const leave = (): string => {
          const draft = writeDraft(path, `${makeKey()}\n${makeKey()}\n`);
          const then = new Date(Date.now() - 61_000);
          utimesSync(draft, then, then);
          return draft;
        };
        const foreign = `${path}.202611261200`;
        copyFileSync(leave(), foreign);
        const draft = leave();
        const config =
          name === 'root.key'
            ? {}
            : { rootKeys: { keys: [new Redacted(Buffer.from(rootKey, 'base64'))] as const, path } };
        await using server = await startTestServer({ dataDir, config });
        expect(existsSync(draft)).toBe(false);
        const another = leave();
        const fresh = writeDraft(path, makeKey());
        // It went with the next one that was written.
        expect(existsSync(another)).toBe(false);
        const last = leave();
        vi.advanceTimersByTime(60_000);
        expect([last, fresh, foreign].map(existsSync)).toEqual([false, true, true]);
        await server.stop();
      } finally {
        vi.useRealTimers();
      }
    },
  );
});

describe('the root key from the settings', () => {
  test('is taken from COFFER_ROOT_KEY, and no file is made', async () => {
    using directory = temporaryDirectory();
    const env = { COFFER_ROOT_KEY: makeKey() };
    await startAndStop({ dataDir: directory.path, env });
    await startAndStop({ dataDir: directory.path, env });
    expect(readDataDir(directory.path).map(({ name }) => name)).toEqual(['audit-head', 'coffer.db']);
  });

  test('is taken from the file that COFFER_ROOT_KEY_FILE names: both mean the same key', async () => {
    using directory = temporaryDirectory();
    const dataDir = join(directory.path, 'data');
    const key = makeKey();
    const file = join(directory.path, 'key from elsewhere');
    writeFileSync(file, `${key}\n`);
    await startAndStop({ dataDir, env: { COFFER_ROOT_KEY_FILE: file } });
    await startAndStop({ dataDir, env: { COFFER_ROOT_KEY: key } });
    expect(readDataDir(dataDir).map(({ name }) => name)).toEqual(['audit-head', 'coffer.db']);
  });

  test('goes before the file in the data directory', async () => {
    using directory = temporaryDirectory();
    const env = { COFFER_ROOT_KEY: makeKey() };
    await startAndStop({ dataDir: directory.path, env });
    writeFileSync(join(directory.path, 'root.key'), makeKey(), { mode: 0o600 });
    await startAndStop({ dataDir: directory.path, env });
    expect(await refusalOf({ dataDir: directory.path })).toMatch(WRONG_KEY);
  });

  test('is refused when it is given twice', async () => {
    using directory = temporaryDirectory();
    const env = { COFFER_ROOT_KEY: makeKey(), COFFER_ROOT_KEY_FILE: join(directory.path, 'none') };
    expect(await refusalOf({ dataDir: directory.path, env })).toMatch(
      /^coffer: COFFER_ROOT_KEY and COFFER_ROOT_KEY_FILE are both set[^\n]*\n$/,
    );
  });

  test('is refused when its file cannot be read', async () => {
    using directory = temporaryDirectory();
    const env = { COFFER_ROOT_KEY_FILE: join(directory.path, 'none') };
    const dataDir = join(directory.path, 'data');
    expect(await refusalOf({ dataDir, env })).toMatch(
      /^coffer: COFFER_ROOT_KEY_FILE [^\n]*cannot be read[^\n]*\n$/,
    );
  });
});

describe('a start without the root key is one clear refusal and changes nothing (R10)', () => {
  /** A directory in which an instance with one user has been, and the key that it has. */
  async function madeIn(dataDir: string): Promise<string> {
    await using server = await startTestServer({ dataDir });
    await server.setUp();
    return readFileSync(join(dataDir, 'root.key'), 'utf8').trim();
  }

  async function startsWith(dataDir: string, key: string): Promise<void> {
    const rootKey = new Redacted(Buffer.from(key, 'base64'));
    await using server = await startTestServer({ dataDir, config: { rootKeys: given(rootKey) } });
    expect(server.app.setupToken).toBeUndefined();
  }

  test('with another key, in the file and in the settings', async () => {
    using directory = temporaryDirectory();
    const dataDir = directory.path;
    const key = await madeIn(dataDir);
    const before = databaseFile(dataDir);
    const other = makeKey();
    expect(await refusalOf({ dataDir, env: { COFFER_ROOT_KEY: other } })).toMatch(WRONG_KEY);
    writeFileSync(join(dataDir, 'root.key'), other);
    const refusal = await refusalOf({ dataDir });
    expect(refusal).toMatch(WRONG_KEY);
    for (const secret of [key, other]) expect(refusal).not.toContain(secret);
    expect(databaseFile(dataDir).equals(before)).toBe(true);
    expect(readFileSync(join(dataDir, 'root.key'), 'utf8')).toBe(other);
    expect(readDataDir(dataDir).map(({ name }) => name)).toEqual(['audit-head', 'coffer.db', 'root.key']);
    await startsWith(dataDir, key);
  });

  test('with no key', async () => {
    using directory = temporaryDirectory();
    const dataDir = directory.path;
    const key = await madeIn(dataDir);
    const before = databaseFile(dataDir);
    rmSync(join(dataDir, 'root.key'));
    expect(await refusalOf({ dataDir })).toMatch(MISSING_KEY);
    expect(databaseFile(dataDir).equals(before)).toBe(true);
    expect(readDataDir(dataDir).map(({ name }) => name)).toEqual(['audit-head', 'coffer.db']);
    await startsWith(dataDir, key);
  });

  test.each([
    ['nothing', () => ''],
    ['a newline', () => '\n'],
    ['31 bytes', () => randomBytes(31).toString('base64')],
    ['33 bytes', () => randomBytes(33).toString('base64')],
    ['hex', () => randomBytes(32).toString('hex')],
    ['base64url', () => Buffer.alloc(32, 0xfb).toString('base64url')],
    ['a key and half of one', () => `${makeKey()}\n${makeKey().slice(22)}\n`],
    ['a key with a character too many', () => `${makeKey()}A`],
    ['a key with bits behind its end', () => `${'A'.repeat(42)}B=`],
    ['prose', () => 'correct horse battery staple'],
  ])('with a key file that holds %s', async (_, make) => {
    using directory = temporaryDirectory();
    const dataDir = directory.path;
    const key = await madeIn(dataDir);
    const before = databaseFile(dataDir);
    const text = make();
    writeFileSync(join(dataDir, 'root.key'), text);
    const refusal = await refusalHere(dataDir);
    expect(MALFORMED_KEY.exec(refusal)?.[1]).toBe('root.key');
    for (const line of text.split('\n').filter((line) => line !== '')) expect(refusal).not.toContain(line);
    expect(databaseFile(dataDir).equals(before)).toBe(true);
    expect(readFileSync(join(dataDir, 'root.key'), 'utf8')).toBe(text);
    await startsWith(dataDir, key);
  });

  test('with a malformed COFFER_ROOT_KEY on an empty directory, which stays empty of any key', async () => {
    using directory = temporaryDirectory();
    const dataDir = join(directory.path, 'data');
    const secret = randomBytes(24).toString('base64');
    const refusal = await refusalOf({ dataDir, env: { COFFER_ROOT_KEY: secret } });
    expect(MALFORMED_KEY.exec(refusal)?.[1]).toBe('COFFER_ROOT_KEY');
    expect(refusal).not.toContain(secret);
    mkdirSync(dataDir, { recursive: true });
    expect(readDataDir(dataDir).map(({ name }) => name)).not.toContain('root.key');
  });
});

describe('two processes that start at once on an empty directory', () => {
  test.each([1, 2, 3])(
    'are one instance with one key, and who does not serve says why (run %i)',
    async () => {
      using directory = temporaryDirectory();
      const dataDir = join(directory.path, 'data');
      const started = await Promise.allSettled([
        ServerProcess.start({ dataDir }),
        ServerProcess.start({ dataDir }),
      ]);
      const serving = started.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
      const refusals = started.flatMap((start) =>
        start.status === 'rejected' ? [String(start.reason)] : [],
      );
      try {
        for (const refusal of refusals)
          expect(refusal.replace(/^Error: the server ended: /, '')).toMatch(ONE_LINE);
        const [first, last] = [serving[0], serving.at(-1)];
        if (first === undefined || last === undefined) throw new Error('neither of them serves');
        const root = await setUp(first);
        await root.ok('project_create', { id: 'shop', name: 'Shop', api_path: '/shop' });
        await root.ok('vault_create', { project_id: 'shop', key: 'A', value: 'of the first' });
        // The same token, the same keys: whichever of the two is asked.
        const elsewhere = last.client();
        elsewhere.token = root.token;
        const { vault } = await elsewhere.ok('vault_fetch_one', { project_id: 'shop', key: 'A' });
        expect(vault.value).toBe('of the first');
        const { amount } = await elsewhere.ok('event_fetch', { type: 'instance_create' });
        expect(amount).toBe(1);
        const keys = readDataDir(dataDir).filter(({ name }) => name.startsWith('root.key'));
        expect(keys.map(({ name }) => name)).toEqual(['root.key']);
      } finally {
        for (const server of serving) await server[Symbol.asyncDispose]();
      }
    },
  );

  test('say so in one line when a third holds the database', async () => {
    using directory = temporaryDirectory();
    const database = new Database(join(directory.path, 'coffer.db'));
    try {
      database.pragma('journal_mode = WAL');
      database.exec('begin immediate');
      expect(await refusalOf({ dataDir: directory.path })).toBe(
        'coffer: the database cannot serve: another program holds the database\n',
      );
    } finally {
      database.close();
    }
    await startAndStop({ dataDir: directory.path });
  });
});

describe('what is derived from the root key', () => {
  const rootKey = new Redacted(Buffer.alloc(32, 7));
  const instance = formatId('ins', Buffer.alloc(16, 1));
  const other = formatId('ins', Buffer.alloc(16, 2));

  /** HKDF-SHA256 by the platform's other implementation of it. */
  async function hkdf(use: string, size: number): Promise<string> {
    const material = await crypto.subtle.importKey('raw', rootKey.expose(), 'HKDF', false, ['deriveBits']);
    const bits = await crypto.subtle.deriveBits(
      { name: 'HKDF', hash: 'SHA-256', salt: Buffer.from(instance), info: Buffer.from(`coffer v1 ${use}`) },
      material,
      size * 8,
    );
    return Buffer.from(bits).toString('hex');
  }

  function inHex(keys: InstanceKeys): Record<keyof InstanceKeys, string> {
    return {
      rootKeyId: keys.rootKeyId.toString('hex'),
      wrapKey: keys.wrapKey.export().toString('hex'),
      tokenKey: keys.tokenKey.toString('hex'),
      backupKey: keys.backupKey.toString('hex'),
      headKey: keys.headKey.toString('hex'),
      setupToken: Buffer.from(keys.setupToken.expose(), 'base64url').toString('hex'),
    };
  }

  test('is HKDF-SHA256 with the instance as salt and the use as info', async () => {
    expect(inHex(deriveInstanceKeys(rootKey, instance))).toEqual({
      rootKeyId: await hkdf('root key id', 16),
      wrapKey: await hkdf('data key wrap', 32),
      tokenKey: await hkdf('token signature', 32),
      backupKey: await hkdf('backup seal', 32),
      headKey: await hkdf('audit head seal', 32),
      setupToken: await hkdf('set-up token', 32),
    });
    expect(rootKeyCheck(rootKey, instance).toString('hex')).toBe(await hkdf('root key check', 32));
  });

  test('differs for each use, each instance and each root key', () => {
    const keys = [
      deriveInstanceKeys(rootKey, instance),
      deriveInstanceKeys(rootKey, other),
      deriveInstanceKeys(new Redacted(Buffer.alloc(32, 8)), instance),
    ].flatMap((derived) => Object.values(inHex(derived)));
    const checks = [instance, other].map((id) => rootKeyCheck(rootKey, id).toString('hex'));
    const all = [...keys, ...checks, rootKey.expose().toString('hex')];
    // The first 16 bytes too: one is not the beginning of another.
    expect(new Set(all.map((key) => key.slice(0, 32))).size).toBe(all.length);
  });

  test('does not serve another instance under the same root key: its tokens are not valid there', async () => {
    await using here = await startTestServer({ config: { rootKeys: given(rootKey) } });
    await using there = await startTestServer({ config: { rootKeys: given(rootKey) } });
    const root = await here.setUp();
    await there.setUp();
    const stranger = there.anonymous();
    stranger.token = root.token;
    expect(await stranger.refused('user_me')).toBe('token_invalid');
    expect(inHex(here.app.context.rootKeys.latest).wrapKey).not.toBe(
      inHex(there.app.context.rootKeys.latest).wrapKey,
    );
  });
});

describe('data keys', () => {
  async function dataKeysOf(server: TestServer) {
    return await server.app.context.store.db
      .selectFrom('data_key')
      .selectAll()
      .orderBy('created_at')
      .execute();
  }

  /** The data keys themselves, opened as the server opens them. */
  async function openedDataKeys(server: TestServer): Promise<Buffer[]> {
    const { instance, rootKeys } = server.app.context;
    const { id } = instance;
    const keys = rootKeys.latest;
    return (await dataKeysOf(server)).map((row) => {
      const context: SealContext = {
        instance: id,
        project: row.project_id,
        environment: '',
        entry: row.id,
        version: 0,
        field: 'data_key',
      };
      return open({ id: keys.rootKeyId, key: keys.wrapKey }, context, row.wrapped);
    });
  }

  test('are one for each project, made with its first entry', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const [one, two, empty] = [
      await server.project(root),
      await server.project(root),
      await server.project(root),
    ];
    for (const project_id of [one, two, one, two]) {
      const key = `K${randomBytes(4).toString('hex').toUpperCase()}`;
      await root.ok('vault_create', { project_id, key, value: 'x' });
    }
    const rows = await dataKeysOf(server);
    expect(rows.map((row) => row.project_id).toSorted()).toEqual([one, two].toSorted());
    expect(rows.some((row) => row.project_id === empty)).toBe(false);
    expect(new Set((await openedDataKeys(server)).map((key) => key.toString('hex'))).size).toBe(2);
  });

  test('serve a limited number of seals, calls at once included; what a retired one sealed still opens', async () => {
    using directory = temporaryDirectory();
    const keys = Array.from({ length: 30 }, (_, index) => `K${index}`);
    const expected = keys.map((key) => [key, `value of ${key}`]);
    const valuesOf = async (client: Client): Promise<unknown> => {
      const { vaults } = await client.ok('vault_fetch', {
        project_id: 'project_1',
        values: true,
        limit: 100,
      });
      const pairs = (vaults as { key: string; value: string }[]).map(({ key, value }) => [key, value]);
      return pairs.toSorted(([a = ''], [b = '']) => Number(a.slice(1)) - Number(b.slice(1)));
    };
    let token: string | undefined;
    {
      await using server = await startTestServer({ dataDir: directory.path, dataKeySealsMax: 8 });
      const root = await server.setUp();
      token = root.token;
      const project_id = await server.project(root);
      await Promise.all(
        keys.map(async (key) => await root.ok('vault_create', { project_id, key, value: `value of ${key}` })),
      );
      const rows = await dataKeysOf(server);
      // A version is a value and a comment: two seals.
      expect(rows.map(({ seals }) => seals).toSorted()).toEqual([4, 8, 8, 8, 8, 8, 8, 8]);
      expect(rows.filter(({ state }) => state === 'active')).toHaveLength(1);
      const used = await server.app.context.store.db
        .selectFrom('entry_version')
        .select('data_key_id')
        .distinct()
        .execute();
      expect(used).toHaveLength(rows.length);
      expect(await valuesOf(root)).toEqual(expected);
    }
    await using again = await startTestServer({ dataDir: directory.path, dataKeySealsMax: 8 });
    const root = again.anonymous();
    root.token = token;
    expect(await valuesOf(root)).toEqual(expected);
  });

  test('and the root key lie in no file in the clear, in any form, while the server runs and after', async () => {
    using directory = temporaryDirectory();
    const rootKey = randomBytes(32);
    const config = { rootKeys: given(new Redacted(rootKey)) };
    const secrets: Buffer[] = [rootKey];
    let wrapped: Buffer | undefined;
    const found = (): string[] =>
      secrets.flatMap((secret) => findForms(readDataDir(directory.path), formsOf(secret)));
    {
      await using server = await startTestServer({ dataDir: directory.path, config, dataKeySealsMax: 2 });
      const root = await server.setUp();
      const project_id = await server.project(root);
      for (const key of ['A', 'B', 'C']) await root.ok('vault_create', { project_id, key, value: 'x' });
      const { wrapKey, tokenKey, setupToken } = server.app.context.rootKeys.latest;
      secrets.push(wrapKey.export(), tokenKey, Buffer.from(setupToken.expose(), 'base64url'));
      secrets.push(...(await openedDataKeys(server)));
      wrapped = Buffer.from((await dataKeysOf(server))[0]?.wrapped ?? []);
      expect(secrets).toHaveLength(7);
      expect(found()).toEqual([]);
    }
    expect(found()).toEqual([]);
    // The search is a search: what does lie there is found.
    expect(findForms(readDataDir(directory.path), new Map([['raw', wrapped]]))).toHaveLength(1);
  });
});

async function setUp(server: ServerProcess): Promise<Client> {
  const client = server.client();
  await client.signIn('setup', {
    setup_token: server.setupToken,
    username: 'root',
    email: 'root@example.org',
    first_name: 'Rosa',
    last_name: 'Root',
    password: PASSWORD,
  });
  return client;
}
