import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { Client as TestClient } from '../../server/src/testing/client.ts';
import { ENGINES } from '../../server/src/testing/engines.ts';
import { PASSWORD, startTestServer, type TestServer } from '../../server/src/testing/server.ts';
import { CofferError, createClient, type Client, type ClientOptions, type Vault } from './index.ts';

type Started = { root: TestClient; client: Client; vault: Vault; projectId: string };

/** A server with a project, and a client of its one member. */
async function startVault(server: TestServer, options: Partial<ClientOptions> = {}): Promise<Started> {
  const root = await server.setUp();
  const projectId = await server.project(root);
  // Bounds what hangs; hundreds of entries in one import take a busy machine its time.
  const timeoutMs = 60_000;
  const client = createClient({ url: server.app.url, token: () => root.token ?? '', timeoutMs, ...options });
  return { root, client, vault: client.vault(projectId), projectId };
}

async function failureOf(work: Promise<unknown>): Promise<CofferError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof CofferError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

describe.each(ENGINES)('a client of a server on %s', () => {
  test('sets, gets, lists, restores and removes', async () => {
    await using server = await startTestServer();
    const { vault } = await startVault(server);

    expect(await vault.set('KEY', 'one', { comment: 'first' })).toMatchObject({ version: 1 });
    expect(await vault.set('KEY', 'two')).toMatchObject({ version: 2, comment: 'first' });
    expect(await vault.get('KEY')).toBe('two');
    expect(await vault.entry('KEY', { version: 1 })).toMatchObject({ value: 'one', version: 1 });
    expect(await vault.restore('KEY', 1)).toMatchObject({ version: 3 });
    expect(await vault.history('KEY')).toMatchObject({ amount: 3, versions: [{ version: 3 }, {}, {}] });
    expect(await vault.import({ KEY: 'one', OTHER: 'x' })).toEqual({
      created: ['OTHER'],
      updated: [],
      unchanged: ['KEY'],
    });
    expect(await vault.all()).toEqual({ KEY: 'one', OTHER: 'x' });
    await vault.remove('KEY');
    expect((await vault.list()).map(({ key }) => key)).toEqual(['OTHER']);
    await expect(vault.get('KEY')).rejects.toMatchObject({ code: 'entry_not_found', status: 404 });
  });

  test.each(['', 'a\r\n"b"\t$c', '💚', '\u0000', ' '.repeat(3), '€'.repeat(21_000)])(
    'gets a value back as it was set (%#)',
    async (value) => {
      await using server = await startTestServer();
      const { vault } = await startVault(server);
      await vault.set('KEY', value);
      expect(await vault.get('KEY')).toBe(value);
      expect(await vault.all()).toEqual({ KEY: value });
    },
  );

  test('sets only over the version that it is told', async () => {
    await using server = await startTestServer();
    const { vault } = await startVault(server);
    await vault.set('KEY', 'one', { ifVersion: 0 });
    expect((await failureOf(vault.set('KEY', 'two', { ifVersion: 0 }))).code).toBe('version_conflict');
    expect((await failureOf(vault.set('KEY', 'two', { ifVersion: 7 }))).code).toBe('version_conflict');
    expect(await vault.set('KEY', 'two', { ifVersion: 1 })).toMatchObject({ version: 2 });
  });

  test('sets a key that others set at the same time', async () => {
    await using server = await startTestServer();
    const { vault } = await startVault(server);
    const versions = await Promise.all(
      Array.from({ length: 8 }, async (_, index) => (await vault.set('KEY', `${index}`)).version),
    );
    expect(versions.toSorted()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test('has a method for each endpoint, with and without a token', async () => {
    await using server = await startTestServer();
    const { root, client } = await startVault(server);
    expect(await client.api.health()).toMatchObject({ status: 200, message: 'Alive' });
    expect((await client.api.user.me()).user.username).toBe(root.username);
    expect(await client.api.event.fetch({ type: 'project_create', limit: 1 })).toMatchObject({ amount: 1 });

    // Who signs in has no token yet: the function would ask itself.
    let calls = 0;
    const signingIn = createClient({
      url: server.app.url,
      token: async () => {
        calls += 1;
        const { token } = await signingIn.api.user.login({ auth_data: 'root', password: PASSWORD });
        return token;
      },
    });
    expect((await signingIn.api.user.me()).user.uid).toBe(root.uid);
    expect(calls).toBe(1);
  });

  test('says what is wrong by a code, with the id of the request, and every field', async () => {
    await using server = await startTestServer();
    const { client, projectId } = await startVault(server);
    const error = await failureOf(
      client.api.vault.create({ project_id: projectId, key: 'not a key', value: '' }),
    );
    expect(error).toMatchObject({
      name: 'CofferError',
      code: 'invalid_input',
      status: 400,
      errors: [{ path: 'key' }],
    });
    expect(error.requestId).toMatch(/^req_/);
    const nobody = createClient({ url: server.app.url });
    expect((await failureOf(nobody.api.user.me())).code).toBe('unauthenticated');
  });

  test('never shows token or value, whatever goes wrong and whoever prints it', async () => {
    await using server = await startTestServer();
    const { root, client, vault } = await startVault(server);
    const value = 'walnut-kestrel-52';
    const brokenToken = `${root.token}\nsecond-line`;
    const printed = [client, vault].map((thing) => inspect(thing, { depth: 9, showHidden: true }));
    for (const options of [
      {},
      { token: brokenToken },
      { token: 'not-a-token' },
      { url: 'http://127.0.0.1:1' },
    ]) {
      const other = createClient({ url: server.app.url, token: root.token, retries: 0, ...options });
      const failures = [
        other.vault('missing').set('KEY', value),
        other.vault('project_1').set('bad key', value),
        other.vault('project_1').import([
          { key: 'A', value },
          { key: 'A', value },
        ]),
        other.vault('project_1').get('MISSING'),
      ].map(failureOf);
      for (const error of await Promise.all(failures)) {
        printed.push(
          inspect(error, { depth: 9, showHidden: true }),
          String(error.stack),
          JSON.stringify(error),
        );
      }
    }
    for (const secret of [value, root.token ?? '', brokenToken, 'second-line', 'not-a-token']) {
      expect(printed.filter((text) => text.includes(secret))).toEqual([]);
    }
  });

  test('reads all of a vault of several pages while others add and remove: what stays is there once', async () => {
    await using server = await startTestServer();
    const { vault } = await startVault(server);
    const stays = Object.fromEntries(
      Array.from({ length: 350 }, (_, index) => [`M${index + 1000}`, `${index}`]),
    );
    await vault.import(stays);
    const reading = new AbortController();
    const churning = (async () => {
      for (let turn = 0; !reading.signal.aborted; turn += 1) {
        // Before, among and after those that stay.
        const keys = [`A${turn}`, `M1${turn % 350}_X`, `Z${turn}`];
        await vault.import(keys.map((key) => ({ key, value: 'x' })));
        if (turn % 3 > 0) for (const key of keys) await vault.remove(key);
      }
    })();
    for (let reads = 0; reads < 6; reads += 1) {
      const all = await vault.all();
      expect(Object.fromEntries(Object.entries(all).filter(([key]) => key in stays))).toEqual(stays);
      const keys = (await vault.list()).map(({ key }) => key);
      expect(new Set(keys).size).toBe(keys.length);
      expect(Object.keys(stays).filter((key) => !keys.includes(key))).toEqual([]);
    }
    reading.abort();
    await churning;
  });

  test('reads a vault of any size around that of a page', async () => {
    await using server = await startTestServer();
    const { client, projectId, root } = await startVault(server);
    for (const size of [0, 1, 99, 100, 101, 199, 200]) {
      const environment = `of-${size}`;
      await root.ok('environment_create', { project_id: projectId, id: environment, name: environment });
      const vault = client.vault(projectId, environment);
      const entries = Object.fromEntries(
        Array.from({ length: size }, (_, index) => [`K${index}`, `${index}`]),
      );
      if (size > 0) await vault.import(entries);
      expect(await vault.all()).toEqual(entries);
    }
  });
});

describe.each(ENGINES)('the cache on %s', () => {
  /** How many values the server gave out. */
  async function viewsOf(root: TestClient): Promise<number> {
    return (await root.ok('event_fetch', { type: 'vault_view' })).amount;
  }

  test('is off unless asked for', async () => {
    await using server = await startTestServer();
    const { root, vault } = await startVault(server);
    await vault.set('KEY', 'one');
    for (let gets = 0; gets < 3; gets += 1) await vault.get('KEY');
    expect(await viewsOf(root)).toBe(3);
  });

  test('gives a value again without asking, until it is changed here or its time is over', async () => {
    await using server = await startTestServer();
    const { root, vault } = await startVault(server, { cache: { ttlMs: 150, entriesMax: 10 } });
    await vault.set('KEY', 'one');
    for (let gets = 0; gets < 3; gets += 1) expect(await vault.get('KEY')).toBe('one');
    expect(await viewsOf(root)).toBe(1);
    await vault.set('KEY', 'two');
    expect(await vault.get('KEY')).toBe('two');
    await vault.restore('KEY', 1);
    expect(await vault.get('KEY')).toBe('one');
    await vault.import({ KEY: 'three' });
    expect(await vault.get('KEY')).toBe('three');
    await root.ok('vault_update', { project_id: 'project_1', key: 'KEY', value: 'four' });
    await expect.poll(async () => await vault.get('KEY')).toBe('four');
    await vault.remove('KEY');
    expect((await failureOf(vault.get('KEY'))).code).toBe('entry_not_found');
  });

  test('holds no more than it may, and tells projects, environments and keys apart', async () => {
    await using server = await startTestServer();
    const { root, client, vault, projectId } = await startVault(server, {
      cache: { ttlMs: 60_000, entriesMax: 2 },
    });
    await root.ok('environment_create', { project_id: projectId, id: 'staging', name: 'Staging' });
    await vault.import({ A: 'a', B: 'b', C: 'c' });
    await client.vault(projectId, 'staging').set('A', 'staged');
    for (const key of ['A', 'B', 'C', 'C', 'B']) await vault.get(key);
    expect(await viewsOf(root)).toBe(3);
    expect(await vault.get('A')).toBe('a');
    expect(await viewsOf(root)).toBe(4);
    expect(await client.vault(projectId, 'staging').get('A')).toBe('staged');
  });

  test('gives nothing that another token has read', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const projectId = await server.project(root);
    const stranger = await server.user(root, 'ADMIN');
    let token = root.token ?? '';
    const cache = { ttlMs: 60_000, entriesMax: 10 };
    const vault = createClient({ url: server.app.url, token: () => token, cache }).vault(projectId);
    await vault.set('KEY', 'one');
    expect(await vault.get('KEY')).toBe('one');
    token = stranger.token ?? '';
    expect((await failureOf(vault.get('KEY'))).code).toBe('project_not_found');
    token = root.token ?? '';
    expect(await vault.get('KEY')).toBe('one');
    // Two that read it, and the stranger who tried.
    expect(await viewsOf(root)).toBe(3);
  });

  test('gives nothing any more once the server refused', async () => {
    await using server = await startTestServer();
    const { root, client, vault } = await startVault(server, { cache: { ttlMs: 60_000, entriesMax: 10 } });
    await vault.set('KEY', 'one');
    expect(await vault.get('KEY')).toBe('one');
    await root.ok('vault_delete', { project_id: 'project_1', key: 'KEY' });
    expect((await failureOf(vault.entry('KEY'))).code).toBe('entry_not_found');
    expect((await failureOf(vault.get('KEY'))).code).toBe('entry_not_found');
    await vault.set('KEY', 'two');
    expect(await vault.get('KEY')).toBe('two');
    await root.ok('user_logout');
    expect((await failureOf(client.api.user.me())).code).toBe('session_ended');
    expect((await failureOf(vault.get('KEY'))).code).toBe('session_ended');
  });

  test('forgets what a watch says was changed elsewhere', async () => {
    await using server = await startTestServer();
    const { root, vault, projectId } = await startVault(server, { cache: { ttlMs: 60_000, entriesMax: 10 } });
    await vault.set('KEY', 'one');
    expect(await vault.get('KEY')).toBe('one');
    const ready = Promise.withResolvers<void>();
    const changes = vault.watch({ onReady: ready.resolve })[Symbol.asyncIterator]();
    const next = changes.next();
    await ready.promise;
    await root.ok('vault_update', { project_id: projectId, key: 'KEY', value: 'two' });
    await next;
    expect(await vault.get('KEY')).toBe('two');
    await changes.return?.();
  });
});

describe('a client', () => {
  test.each([
    ['ftp://vault.example.org'],
    ['vault.example.org'],
    ['https://ada:secret-of-hers@vault.example.org'],
    ['https://vault.example.org/?token=secret-of-hers'],
  ])('is not made for %s, and does not repeat it', (url) => {
    expect(() => createClient({ url, token: 'x' })).toThrow(TypeError);
    expect(() => createClient({ url, token: 'x' })).not.toThrow(/secret-of-hers/);
  });

  test.each([{ timeoutMs: 0 }, { timeoutMs: Number.NaN }, { retries: -1 }, { retries: 0.5 }])(
    'is not made with %o',
    (options) => {
      expect(() => createClient({ url: 'http://127.0.0.1', ...options })).toThrow(TypeError);
    },
  );

  test.each([
    { ttlMs: 0, entriesMax: 1 },
    { ttlMs: Infinity, entriesMax: 1 },
    { ttlMs: 1, entriesMax: 0 },
  ])('is not made with the cache %o', (cache) => {
    expect(() => createClient({ url: 'http://127.0.0.1', cache })).toThrow(TypeError);
  });
});
