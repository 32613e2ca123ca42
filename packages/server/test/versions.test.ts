import { describe, expect, test } from 'vitest';
import { ENGINES } from '../src/testing/engines.ts';
import { startTestServer } from '../src/testing/server.ts';
import { countOutcomes, simultaneously } from '../src/testing/simultaneously.ts';
import { startVault } from './start-vault.ts';

describe.each(ENGINES)('the versions of an entry on %s', () => {
  test('count up from 1, and the history says of each who made it and when, newest first', async () => {
    // A clock that moves one second when told. It starts now, because tokens are checked against the real time.
    let now = Date.now();
    await using server = await startTestServer({ clock: () => now });
    const { root, place } = await startVault(server);
    const admin = await server.user(root, 'ADMIN');
    await root.ok('project_member_add', { ...place, uid: admin.uid });
    const entry = { ...place, key: 'KEY' };
    const made = [];
    for (const [who, id] of [
      [root, 'vault_create'],
      [admin, 'vault_update'],
      [root, 'vault_update'],
    ] as const) {
      now += 1000;
      const { vault } = await who.ok(id, { ...entry, value: `by ${who.username}` });
      const at = new Date(now).toISOString();
      const by = { uid: who.uid, username: who.username };
      made.push({ version: vault.version, created_at: at, created_by: by });
      expect(vault).toMatchObject({ version: made.length, updated_at: at, updated_by: by });
      expect(vault).toMatchObject({ created_at: made[0]?.created_at, created_by: made[0]?.created_by });
    }
    const history = await root.ok('vault_version_fetch', entry);
    expect(history.amount).toBe(3);
    expect(history.versions).toEqual(
      made.map((version) => ({ ...version, current: version.version === 3 })).toReversed(),
    );
  });

  test('can each be read as they were, with their comment and author', async () => {
    await using server = await startTestServer();
    const { root, place } = await startVault(server);
    const entry = { ...place, key: 'KEY' };
    await root.ok('vault_create', { ...entry, value: 'one', comment: 'first' });
    await root.ok('vault_update', { ...entry, value: 'two', comment: 'second' });
    await root.ok('vault_update', { ...entry, value: '' });
    for (const [version, value, comment] of [
      [1, 'one', 'first'],
      [2, 'two', 'second'],
      [3, '', 'second'],
    ]) {
      const { vault } = await root.ok('vault_fetch_one', { ...entry, version });
      expect(vault).toMatchObject({ version, value, comment, key: 'KEY', updated_by: { uid: root.uid } });
    }
    expect((await root.ok('vault_fetch_one', entry)).vault.version).toBe(3);
  });

  test('can be restored: value and comment of the old one become a new one, and the old ones stay', async () => {
    await using server = await startTestServer();
    const { root, place } = await startVault(server);
    const entry = { ...place, key: 'KEY' };
    await root.ok('vault_create', { ...entry, value: 'one', comment: 'first' });
    await root.ok('vault_update', { ...entry, value: 'two', comment: 'second' });
    const { vault } = await root.ok('vault_version_restore', { ...entry, version: 1 });
    expect(vault).toMatchObject({ version: 3, comment: 'first' });
    expect((await root.ok('vault_fetch_one', entry)).vault).toMatchObject({
      version: 3,
      value: 'one',
      comment: 'first',
    });
    expect((await root.ok('vault_fetch_one', { ...entry, version: 2 })).vault).toMatchObject({
      value: 'two',
    });
    const { versions } = await root.ok('vault_version_fetch', entry);
    expect(versions).toMatchObject([
      { version: 3, current: true },
      { version: 2, current: false },
      { version: 1, current: false },
    ]);
  });

  test('can be restored even when it is the current one: that is a version, too', async () => {
    await using server = await startTestServer();
    const { root, place } = await startVault(server);
    const entry = { ...place, key: 'KEY' };
    await root.ok('vault_create', { ...entry, value: 'one' });
    expect((await root.ok('vault_version_restore', { ...entry, version: 1 })).vault.version).toBe(2);
  });

  test('that do not exist are told apart from entries that do not exist', async () => {
    await using server = await startTestServer();
    const { root, place } = await startVault(server);
    const [entry, missing] = [
      { ...place, key: 'KEY' },
      { ...place, key: 'MISSING' },
    ];
    await root.ok('vault_create', { ...entry, value: 'one' });
    for (const id of ['vault_fetch_one', 'vault_version_restore'] as const) {
      expect(await root.refused(id, { ...entry, version: 2 })).toBe('version_not_found');
      expect(await root.refused(id, { ...entry, version: Number.MAX_SAFE_INTEGER })).toBe(
        'version_not_found',
      );
      expect(await root.refused(id, { ...missing, version: 1 })).toBe('entry_not_found');
    }
    for (const id of ['vault_fetch_one', 'vault_version_fetch', 'vault_delete'] as const) {
      expect(await root.refused(id, missing)).toBe('entry_not_found');
    }
    expect(await root.refused('vault_update', { ...missing, value: 'x' })).toBe('entry_not_found');
  });

  test('are positive whole numbers', async () => {
    await using server = await startTestServer();
    const { root, place } = await startVault(server);
    const entry = { ...place, key: 'KEY' };
    await root.ok('vault_create', { ...entry, value: 'one' });
    for (const version of [0, -1, 1.5, '1', Number.MAX_SAFE_INTEGER + 1, null]) {
      const restore = await root.call('vault_version_restore', { ...entry, version });
      expect(restore.body).toMatchObject({ code: 'invalid_input', errors: [{ path: 'version' }] });
      const update = await root.call('vault_update', { ...entry, value: 'two', if_version: version });
      expect(update.body).toMatchObject({ code: 'invalid_input', errors: [{ path: 'if_version' }] });
    }
    expect((await root.ok('vault_version_fetch', entry)).amount).toBe(1);
  });

  test('guard against a lost update: if_version lets through only who saw the newest one', async () => {
    await using server = await startTestServer();
    const { root, place } = await startVault(server);
    const entry = { ...place, key: 'KEY' };
    await root.ok('vault_create', { ...entry, value: 'one' });
    expect((await root.ok('vault_update', { ...entry, value: 'two', if_version: 1 })).vault.version).toBe(2);
    for (const stale of [1, 3, Number.MAX_SAFE_INTEGER]) {
      const { status, body } = await root.call('vault_update', {
        ...entry,
        value: 'lost',
        if_version: stale,
      });
      expect(status).toBe(409);
      expect(body.code).toBe('version_conflict');
      expect(body.detail).toBe(`It is at version 2, not at version ${stale}.`);
    }
    expect((await root.ok('vault_fetch_one', entry)).vault).toMatchObject({ value: 'two', version: 2 });
    expect((await root.ok('vault_update', { ...entry, value: 'three', if_version: 2 })).vault.version).toBe(
      3,
    );
  });

  test('are gone with their entry: the key starts again at version 1, with no history (R5)', async () => {
    await using server = await startTestServer();
    const { root, place } = await startVault(server);
    const entry = { ...place, key: 'KEY' };
    await root.ok('vault_create', { ...entry, value: 'old', comment: 'old' });
    await root.ok('vault_update', { ...entry, value: 'older' });
    await root.ok('vault_create', { ...place, key: 'OTHER', value: 'stays' });
    await root.ok('vault_delete', entry);

    expect(await root.refused('vault_fetch_one', entry)).toBe('entry_not_found');
    expect(await root.refused('vault_fetch_one', { ...entry, version: 1 })).toBe('entry_not_found');
    expect(await root.refused('vault_version_fetch', entry)).toBe('entry_not_found');
    expect(await root.refused('vault_version_restore', { ...entry, version: 1 })).toBe('entry_not_found');
    expect(await root.refused('vault_delete', entry)).toBe('entry_not_found');
    const rows = await server.app.context.store.db.selectFrom('entry_version').select('version').execute();
    expect(rows).toEqual([{ version: 1 }]);

    expect((await root.ok('vault_create', { ...entry, value: 'new' })).vault).toMatchObject({
      version: 1,
      comment: '',
    });
    expect((await root.ok('vault_version_fetch', entry)).amount).toBe(1);
    expect(await root.refused('vault_fetch_one', { ...entry, version: 2 })).toBe('version_not_found');
    expect((await root.ok('vault_fetch_one', { ...place, key: 'OTHER' })).vault.value).toBe('stays');
  });
});

describe.each(ENGINES)('calls at the same time on %s', () => {
  test('200 creates of one key: one makes the entry, the others are told that it exists', async () => {
    await using server = await startTestServer();
    const { root, place } = await startVault(server);
    const entry = { ...place, key: 'KEY' };
    const answers = await simultaneously(
      200,
      async (index) => await root.call('vault_create', { ...entry, value: `v${index}` }),
    );
    expect(countOutcomes(answers)).toEqual({ success: 1, entry_exists: 199 });
    const winner = answers.findIndex(({ status }) => status === 201);
    expect((await root.ok('vault_fetch_one', entry)).vault).toMatchObject({
      version: 1,
      value: `v${winner}`,
    });
  });

  test('50 updates from one version: one wins, the others are told of the conflict', async () => {
    await using server = await startTestServer();
    const { root, place } = await startVault(server);
    const entry = { ...place, key: 'KEY' };
    await root.ok('vault_create', { ...entry, value: 'start' });
    const answers = await simultaneously(
      50,
      async (index) => await root.call('vault_update', { ...entry, value: `v${index}`, if_version: 1 }),
    );
    expect(countOutcomes(answers)).toEqual({ success: 1, version_conflict: 49 });
    const winner = answers.findIndex(({ status }) => status === 200);
    expect((await root.ok('vault_fetch_one', entry)).vault).toMatchObject({
      version: 2,
      value: `v${winner}`,
    });
    expect((await root.ok('vault_version_fetch', entry)).amount).toBe(2);
  });

  test('50 updates without a condition: 50 versions without a gap, each with the value that its call gave', async () => {
    await using server = await startTestServer();
    const { root, place } = await startVault(server);
    const entry = { ...place, key: 'KEY' };
    await root.ok('vault_create', { ...entry, value: 'start' });
    const answers = await simultaneously(
      50,
      async (index) => await root.ok('vault_update', { ...entry, value: `v${index}` }),
    );
    const versions = answers.map(({ vault }) => Number(vault.version));
    expect(ascending(versions)).toEqual(numbers(2, 51));
    for (const [index, version] of versions.entries()) {
      expect((await root.ok('vault_fetch_one', { ...entry, version })).vault.value).toBe(`v${index}`);
    }
    const { versions: history } = await root.ok('vault_version_fetch', { ...entry, limit: 100 });
    expect(history.filter(({ current }: { current: boolean }) => current)).toMatchObject([{ version: 51 }]);
  });

  test('20 restores between 20 updates: 40 versions without a gap', async () => {
    await using server = await startTestServer();
    const { root, place } = await startVault(server);
    const entry = { ...place, key: 'KEY' };
    await root.ok('vault_create', { ...entry, value: 'start' });
    const answers = await simultaneously(40, async (index) =>
      index % 2 === 0
        ? await root.ok('vault_update', { ...entry, value: `v${index}` })
        : await root.ok('vault_version_restore', { ...entry, version: 1 }),
    );
    expect(ascending(answers.map(({ vault }) => Number(vault.version)))).toEqual(numbers(2, 41));
  });

  test('20 deletes of one entry: one deletes it, the others find nothing', async () => {
    await using server = await startTestServer();
    const { root, place } = await startVault(server);
    const entry = { ...place, key: 'KEY' };
    await root.ok('vault_create', { ...entry, value: 'x' });
    const answers = await simultaneously(20, async () => await root.call('vault_delete', entry));
    expect(countOutcomes(answers)).toEqual({ success: 1, entry_not_found: 19 });
  });

  test('reads between updates: each sees one whole version, its value and comment with its number', async () => {
    await using server = await startTestServer();
    const { root, place } = await startVault(server);
    const entry = { ...place, key: 'KEY' };
    await root.ok('vault_create', { ...entry, value: 'v1', comment: 'v1' });
    const answers = await simultaneously(90, async (index) => {
      if (index % 3 > 0) return await root.call('vault_fetch_one', entry);
      const next = index / 3 + 2;
      // Some come out of turn and are refused; those that win have their own number in what they write.
      const content = { value: `v${next}`, comment: `v${next}`, if_version: next - 1 };
      return await root.call('vault_update', { ...entry, ...content });
    });
    const read = answers.filter((_, index) => index % 3 > 0).map(({ body }) => body.vault);
    expect(read).toHaveLength(60);
    for (const vault of read)
      expect(vault).toMatchObject({ value: `v${vault.version}`, comment: `v${vault.version}` });
  });
});

function ascending(list: readonly number[]): number[] {
  return list.toSorted((a, b) => a - b);
}

function numbers(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
