import { describe, expect, test } from 'vitest';
import { Client } from '../src/testing/client.ts';
import { ENGINES } from '../src/testing/engines.ts';
import { startTestServer, type TestServer } from '../src/testing/server.ts';
import { countOutcomes, simultaneously } from '../src/testing/simultaneously.ts';
import { takeSnapshot } from '../src/testing/snapshot.ts';
import { startVault } from './start-vault.ts';

type Place = { project_id: string; environment?: string };

/** A vault with A at version 2 and B at version 1. */
async function startFilled(server: TestServer): Promise<{ root: Client; place: Place }> {
  const { root, place } = await startVault(server);
  await root.ok('vault_create', { ...place, key: 'A', value: 'a1', comment: 'of A' });
  await root.ok('vault_update', { ...place, key: 'A', value: 'a2' });
  await root.ok('vault_create', { ...place, key: 'B', value: 'b1', comment: 'of B' });
  return { root, place };
}

/** What is in the vault, as `key version value comment`. */
async function contents(client: Client, place: Place): Promise<string[]> {
  const { vaults } = await client.ok('vault_fetch', { ...place, values: true, limit: 100 });
  return vaults.map((vault: Record<string, unknown>) =>
    [vault['key'], vault['version'], vault['value'], vault['comment']].join(' '),
  );
}

describe.each(ENGINES)('an import on %s', () => {
  test('creates, updates and leaves alone, and says which', async () => {
    await using server = await startTestServer();
    const { root, place } = await startFilled(server);
    const entries = [
      { key: 'NEW', value: 'n1', comment: 'of NEW', if_version: 0 },
      { key: 'A', value: 'a3', if_version: 2 },
      { key: 'B', value: 'b1', if_version: 1 },
      { key: 'PLAIN', value: '' },
    ];
    expect(await root.ok('vault_import', { ...place, entries })).toEqual({
      status: 200,
      message: 'Entries imported',
      created: ['NEW', 'PLAIN'],
      updated: ['A'],
      unchanged: ['B'],
    });
    expect(await contents(root, place)).toEqual([
      'A 3 a3 of A',
      'B 1 b1 of B',
      'NEW 1 n1 of NEW',
      'PLAIN 1  ',
    ]);
    // The second time there is nothing to do.
    const again = entries.map((entry) => ({ ...entry, if_version: undefined }));
    expect(await root.ok('vault_import', { ...place, entries: again })).toMatchObject({
      created: [],
      updated: [],
      unchanged: ['NEW', 'A', 'B', 'PLAIN'],
    });
    expect((await root.ok('vault_version_fetch', { ...place, key: 'A' })).amount).toBe(3);
  });

  test('that is a dry run tells what would become of each entry, changes nothing, and is on record', async () => {
    await using server = await startTestServer();
    const { root, place } = await startFilled(server);
    const before = await contents(root, place);
    const entries = [
      { key: 'NEW', value: 'n1', if_version: 0 },
      { key: 'A', value: 'a3', if_version: 2 },
      { key: 'B', value: 'b1', if_version: 1 },
    ];
    const dryRun = { ...place, entries, dry_run: true };
    expect(await root.ok('vault_import', dryRun)).toMatchObject({
      created: ['NEW'],
      updated: ['A'],
      unchanged: ['B'],
    });
    const { events } = await root.ok('event_fetch', { limit: 3 });
    expect(events).toMatchObject([
      { type: 'vault_list', details: { created: 1, updated: 1, unchanged: 1, dry_run: true } },
      { type: 'vault_view', object: 'B', details: { version: 1, unchanged: true } },
      { type: 'vault_view', object: 'A', details: { version: 2, unchanged: false } },
    ]);
    expect(await contents(root, place)).toEqual(before);
    await root.ok('vault_update', { ...place, key: 'A', value: 'theirs' });
    expect(await root.refused('vault_import', dryRun)).toBe('version_conflict');
  });

  test('that is a dry run needs the right to view, or it could be asked for values', async () => {
    await using server = await startTestServer();
    const { root, place } = await startFilled(server);
    const { token } = await root.ok('token_create', {
      kind: 'service',
      name: 'Writes only',
      project_id: place.project_id,
      permissions: ['vault.import'],
    });
    const program = new Client(root.url, token);
    const entries = [{ key: 'A', value: 'a guess', if_version: 2 }];
    expect(await program.refused('vault_import', { ...place, entries, dry_run: true })).toBe(
      'token_not_permitted',
    );
    expect((await program.ok('vault_import', { ...place, entries })).updated).toEqual(['A']);
  });

  test('keeps a comment that it does not name; another comment alone is a new version', async () => {
    await using server = await startTestServer();
    const { root, place } = await startFilled(server);
    const entries = [
      { key: 'A', value: 'a3' },
      { key: 'B', value: 'b1', comment: 'another' },
    ];
    const { updated } = await root.ok('vault_import', { ...place, entries });
    expect(updated).toEqual(['A', 'B']);
    expect(await contents(root, place)).toEqual(['A 3 a3 of A', 'B 2 b1 another']);
    await root.ok('vault_import', { ...place, entries: [{ key: 'B', value: 'b1', comment: '' }] });
    expect((await root.ok('vault_fetch_one', { ...place, key: 'B' })).vault.comment).toBe('');
  });

  test('goes into the environment that it names, else into the default one', async () => {
    await using server = await startTestServer();
    const { root, place } = await startFilled(server);
    const staging = { ...place, environment: 'staging' };
    await root.ok('environment_create', { ...place, id: 'staging', name: 'Staging' });
    await root.ok('vault_import', { ...staging, entries: [{ key: 'A', value: 's', if_version: 0 }] });
    expect(await contents(root, staging)).toEqual(['A 1 s ']);
    expect(await contents(root, place)).toEqual(['A 2 a2 of A', 'B 1 b1 of B']);
  });

  test('keeps values byte for byte', async () => {
    await using server = await startTestServer();
    const { root, place } = await startVault(server);
    const values = [
      ' both ends ',
      'a\r\nb\n',
      '\u0000\u007f',
      '"quoted" é 🔑',
      'e\u0301',
      'x'.repeat(65_536),
    ];
    const entries = values.map((value, index) => ({ key: `K${index}`, value }));
    await root.ok('vault_import', { ...place, entries });
    for (const { key, value } of entries)
      expect((await root.ok('vault_fetch_one', { ...place, key })).vault.value).toBe(value);
    expect((await root.ok('vault_import', { ...place, entries })).unchanged).toHaveLength(values.length);
  });

  test.each([
    ['a bad key', { key: 'no key', value: 'x' }, 400, 'invalid_input', 'entries.1.key'],
    ['no value', { key: 'C' }, 400, 'invalid_input', 'entries.1.value'],
    ['a lone surrogate', { key: 'C', value: '\ud800' }, 400, 'invalid_input', 'entries.1.value'],
    ['a value too large', { key: 'C', value: 'é'.repeat(32_769) }, 413, 'value_too_large', 'entries.1.value'],
    [
      'a comment too long',
      { key: 'C', value: 'x', comment: 'c'.repeat(1001) },
      400,
      'invalid_input',
      'entries.1.comment',
    ],
    ['a field too many', { key: 'C', value: 'x', version: 1 }, 400, 'invalid_input', 'entries.1.version'],
    [
      'an odd version',
      { key: 'C', value: 'x', if_version: -1 },
      400,
      'invalid_input',
      'entries.1.if_version',
    ],
    ['a key twice', { key: 'NEW', value: 'x' }, 400, 'invalid_input', 'entries.1.key'],
    ['no object', 'C', 400, 'invalid_input', 'entries.1'],
    [
      'an old version',
      { key: 'A', value: 'x', if_version: 1 },
      409,
      'version_conflict',
      'entries.1.if_version',
    ],
    [
      'a later version',
      { key: 'A', value: 'x', if_version: 3 },
      409,
      'version_conflict',
      'entries.1.if_version',
    ],
    [
      'an entry that must not be there',
      { key: 'A', value: 'a2', if_version: 0 },
      409,
      'version_conflict',
      'entries.1.if_version',
    ],
    [
      'an entry that must be there',
      { key: 'C', value: 'x', if_version: 1 },
      409,
      'version_conflict',
      'entries.1.if_version',
    ],
  ])('with %s does nothing at all, and names the field', async (_, wrong, status, code, path) => {
    await using server = await startTestServer();
    const { root, place } = await startFilled(server);
    const before = await takeSnapshot(server.app.context.store);
    const entries = [{ key: 'NEW', value: 'x' }, wrong, { key: 'B', value: 'b2' }];
    const answer = await root.call('vault_import', { ...place, entries });
    expect({ status: answer.status, code: answer.body.code }).toEqual({ status, code });
    expect(answer.body.errors.map((error: { path: string }) => error.path)).toEqual([path]);
    expect(await takeSnapshot(server.app.context.store)).toEqual(before);
    expect((await root.ok('event_fetch', { type: 'vault_create' })).amount).toBe(2);
  });

  test('says how many entries it takes: from 1 to 500', async () => {
    await using server = await startTestServer();
    const { root, place } = await startVault(server);
    const entriesOf = (amount: number) =>
      Array.from({ length: amount }, (_, index) => ({ key: `K${index}`, value: 'x' }));
    for (const [entries, message] of [
      [[], 'must not be empty'],
      [entriesOf(501), 'must have at most 500 items'],
      [{}, 'must be a list'],
      [undefined, 'is required'],
    ] as const) {
      const { status, body } = await root.call('vault_import', { ...place, entries });
      expect(status).toBe(400);
      expect(body.errors).toEqual([{ path: 'entries', message }]);
    }
    expect((await root.ok('vault_import', { ...place, entries: entriesOf(500) })).created).toHaveLength(500);
    expect((await root.ok('vault_fetch', place)).amount).toBe(500);
  });

  test('looks no further into a list that is too long: its answer is not many times its size', async () => {
    await using server = await startTestServer();
    const { root, place } = await startVault(server);
    const entries = Array.from({ length: 100_000 }, () => ({}));
    const { body, text } = await root.call('vault_import', { ...place, entries });
    expect(body.code).toBe('invalid_input');
    expect(body.errors).toEqual([{ path: 'entries', message: 'must have at most 500 items' }]);
    expect(text.length).toBeLessThan(1000);
  });

  test('is on record: each new version as any other, and one record of the whole; values nowhere', async () => {
    await using server = await startTestServer();
    const { root, place } = await startFilled(server);
    const secret = 'kM7wq-imported-value';
    const answer = await root.call('vault_import', {
      ...place,
      entries: [
        { key: 'NEW', value: secret, comment: secret },
        { key: 'A', value: `${secret} 2` },
        { key: 'B', value: 'b1' },
      ],
    });
    const { events } = await root.ok('event_fetch', { limit: 100 });
    const own = events.filter(
      ({ request_id: id }: { request_id: string }) => id === answer.headers.get('x-request-id'),
    );
    const where = { outcome: 'success', uid: root.uid, project_id: place.project_id, environment: 'default' };
    expect(own).toMatchObject([
      { ...where, type: 'vault_import', object: null, details: { created: 1, updated: 1, unchanged: 1 } },
      // That it is unchanged tells that the value is known.
      { ...where, type: 'vault_view', object: 'B', details: { unchanged: true } },
      { ...where, type: 'vault_update', object: 'A', details: { version: 3 } },
      { ...where, type: 'vault_create', object: 'NEW', details: { version: 1 } },
    ]);
    expect(`${answer.text}${JSON.stringify(events)}${server.logLines.join('')}`).not.toContain(secret);
  });

  test('that is refused is on record once, with its reason', async () => {
    await using server = await startTestServer();
    const { root, place } = await startFilled(server);
    const entries = [
      { key: 'NEW', value: 'x' },
      { key: 'A', value: 'x', if_version: 1 },
    ];
    await root.refused('vault_import', { ...place, entries });
    const { events } = await root.ok('event_fetch', { type: 'vault_import' });
    expect(events).toMatchObject([
      { outcome: 'error', details: { code: 'version_conflict', key: 'A', current: 2, expected: 1 } },
    ]);
  });

  test('fails closed on a value that cannot be opened, whatever else it brings', async () => {
    await using server = await startTestServer();
    const { root, place } = await startFilled(server);
    const { db } = server.app.context.store;
    const version = await db
      .selectFrom('entry_version')
      .innerJoin('entry', 'entry.id', 'entry_version.entry_id')
      .select('ciphertext_id')
      .where('entry.key', '=', 'B')
      .executeTakeFirstOrThrow();
    const row = db.updateTable('ciphertext').where('id', '=', version.ciphertext_id);
    await row.set({ value_sealed: Buffer.alloc(64, 1) }).execute();
    const before = await takeSnapshot(server.app.context.store);
    for (const value of ['b1', 'b2']) {
      const entries = [
        { key: 'NEW', value: 'x' },
        { key: 'B', value, comment: 'new' },
      ];
      const { status, body } = await root.call('vault_import', { ...place, entries });
      expect({ status, code: body.code }).toEqual({ status: 500, code: 'value_unreadable' });
    }
    expect(await takeSnapshot(server.app.context.store)).toEqual(before);
    const { events } = await root.ok('event_fetch', { type: 'vault_import' });
    expect(events).toMatchObject([
      { outcome: 'error', details: { code: 'value_unreadable', key: 'B' } },
      { outcome: 'error', details: { code: 'value_unreadable', key: 'B' } },
    ]);
  });
});

describe.each(ENGINES)('imports at the same time on %s', () => {
  const KEYS = Array.from({ length: 20 }, (_, index) => `K${index}`);

  function entriesOf(value: string, if_version?: number): object[] {
    return KEYS.map((key) => ({ key, value, ...(if_version === undefined ? {} : { if_version }) }));
  }

  async function valuesIn(client: Client, place: Place): Promise<Set<string>> {
    const { vaults } = await client.ok('vault_fetch', { ...place, values: true, limit: 100 });
    expect(vaults).toHaveLength(KEYS.length);
    return new Set(
      vaults.map(({ version, value }: { version: number; value: string }) => `${version} ${value}`),
    );
  }

  test('of the same new keys: one makes them all, the others make none', async () => {
    await using server = await startTestServer();
    const { root, place } = await startVault(server);
    const answers = await simultaneously(
      5,
      async (index) => await root.call('vault_import', { ...place, entries: entriesOf(`v${index}`, 0) }),
    );
    expect(countOutcomes(answers)).toEqual({ success: 1, version_conflict: 4 });
    const winner = answers.findIndex(({ status }) => status === 200);
    expect(await valuesIn(root, place)).toEqual(new Set([`1 v${winner}`]));
  });

  test('without a condition: each is made as a whole, one after the other', async () => {
    await using server = await startTestServer({ dataKeySealsMax: 15 });
    const { root, place } = await startVault(server);
    const answers = await simultaneously(
      5,
      async (index) => await root.ok('vault_import', { ...place, entries: entriesOf(`v${index}`) }),
    );
    const made = answers.map(({ created, updated }) => [created.length, updated.length].join(' '));
    expect(made.toSorted()).toEqual(['0 20', '0 20', '0 20', '0 20', '20 0']);
    const [last, ...others] = await valuesIn(root, place);
    expect(others).toEqual([]);
    expect(last).toMatch(/^5 v[0-4]$/);
  });
});
