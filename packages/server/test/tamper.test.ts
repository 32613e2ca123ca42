import { createCipheriv } from 'node:crypto';
import { encodeAssociatedData, idBytes, type DataKeyId, type SealContext } from '@coffer/core';
import { describe, expect, test } from 'vitest';
import { open } from '../src/keys/aead.ts';
import type { VersionPlace } from '../src/services/vault-cipher.ts';
import type { Reader } from '../src/store/database.ts';
import { findEntryInSight, type Place } from '../src/store/entries.ts';
import type { Answer, Client } from '../src/testing/client.ts';
import { findForms, formsOf, temporaryDirectory } from '../src/testing/data-dir.ts';
import { startTestServer, type TestServer } from '../src/testing/server.ts';

/** Someone writes to the database behind Coffer's back (R9): what was moved or altered must not open. */

type Where = { project_id: string; environment: string; key: string };

const A: Where = { project_id: 'shop', environment: 'default', key: 'A' };
const B: Where = { project_id: 'shop', environment: 'default', key: 'B' };
const STAGING: Where = { project_id: 'shop', environment: 'staging', key: 'A' };
const OTHER: Where = { project_id: 'other', environment: 'default', key: 'A' };
const UNTOUCHED: Where = { project_id: 'shop', environment: 'default', key: 'Z' };

/** Nothing that an answer may hold by chance. */
const VALUES = {
  oldA: 'hT5kq-value-of-A-before',
  A: 'wM2xz-value-of-A-today',
  B: 'pR8vb-value-of-B',
  staging: 'yL4cn-value-of-staging',
  other: 'dJ9ft-value-of-other',
  Z: 'gS6uw-value-of-Z',
};
const COMMENT = 'kB3em-comment-of-A';

/** Two projects with entries; every version is sealed under a data key of its own. */
async function fill(server: TestServer): Promise<Client> {
  const root = await server.setUp();
  await root.ok('project_create', { id: 'shop', name: 'Shop', api_path: '/shop' });
  await root.ok('project_create', { id: 'other', name: 'Other', api_path: '/other' });
  await root.ok('environment_create', { project_id: 'shop', id: 'staging', name: 'Staging' });
  await root.ok('vault_create', { ...A, value: VALUES.oldA, comment: COMMENT });
  await root.ok('vault_update', { ...A, value: VALUES.A });
  await root.ok('vault_create', { ...B, value: VALUES.B });
  await root.ok('vault_create', { ...STAGING, value: VALUES.staging });
  await root.ok('vault_create', { ...OTHER, value: VALUES.other });
  await root.ok('vault_create', { ...UNTOUCHED, value: VALUES.Z });
  return root;
}

function placeOf(where: Where): Place {
  return { projectId: where.project_id, environment: where.environment } as Place;
}

async function find(db: Reader, where: Where, version?: number) {
  const uid = 'usr_nobody' as never;
  const { found } = await findEntryInSight(db, placeOf(where), where.key as never, { version, uid });
  if (found === undefined) throw new Error(`there is no ${where.key}`);
  return found;
}

/** Writes into the row of a version; by default into that of the current one. */
async function write(
  db: Reader,
  where: Where,
  columns: { value_sealed?: Uint8Array; comment_sealed?: Uint8Array; data_key_id?: string; version?: number },
  version?: number,
): Promise<void> {
  const { entry, content } = await find(db, where, version);
  const { value_sealed, comment_sealed, ...others } = columns;
  const isVersion = db
    .selectFrom('entry_version')
    .select('ciphertext_id')
    .where('entry_id', '=', entry.id)
    .where('version', '=', content.version);
  const sealed = {
    ...(value_sealed === undefined ? {} : { value_sealed }),
    ...(comment_sealed === undefined ? {} : { comment_sealed }),
  };
  if (Object.keys(sealed).length > 0) {
    await db.updateTable('ciphertext').set(sealed).where('id', '=', isVersion).execute();
  }
  if (Object.keys(others).length === 0) return;
  await db
    .updateTable('entry_version')
    .set(others)
    .where('entry_id', '=', entry.id)
    .where('version', '=', content.version)
    .execute();
}

/** The first values of two rows change places. */
async function swapValues(
  db: Reader,
  one: Where,
  two: Where,
  field: 'value' | 'comment' = 'value',
): Promise<void> {
  const [first, second] = [(await find(db, one)).content, (await find(db, two)).content];
  if (field === 'comment') {
    await write(db, one, { comment_sealed: second.commentSealed });
    await write(db, two, { comment_sealed: first.commentSealed });
    return;
  }
  // With the id of the key that opens it: else that alone would give it away.
  await write(db, one, { value_sealed: second.valueSealed, data_key_id: second.dataKeyId });
  await write(db, two, { value_sealed: first.valueSealed, data_key_id: first.dataKeyId });
}

async function alterDataKey(
  db: Reader,
  where: Where,
  columns: { wrapped?: Uint8Array; project_id?: string; state?: 'retired' },
): Promise<void> {
  const { content } = await find(db, where);
  await db.updateTable('data_key').set(columns).where('id', '=', content.dataKeyId).execute();
}

async function getDataKey(db: Reader, where: Where) {
  const { content } = await find(db, where);
  return await db
    .selectFrom('data_key')
    .selectAll()
    .where('id', '=', content.dataKeyId)
    .executeTakeFirstOrThrow();
}

/** Moves the entry, with all its versions, to where it does not belong. */
async function move(db: Reader, where: Where, to: Partial<Where>): Promise<void> {
  const { entry } = await find(db, where);
  await db.updateTable('entry').set(to).where('id', '=', entry.id).execute();
}

function flipped(bytes: Uint8Array, byte: number, bit = 0): Uint8Array {
  const altered = Uint8Array.from(bytes);
  altered[byte] = (altered[byte] ?? 0) ^ (1 << bit);
  return altered;
}

function expectNothingGivenOut(answer: Answer): void {
  const file = { name: 'answer', bytes: Buffer.from(answer.text) };
  for (const secret of [...Object.values(VALUES), COMMENT]) {
    expect(findForms([file], formsOf(Buffer.from(secret)))).toEqual([]);
  }
}

/** Every way to the value is refused, gives nothing out, and is on record under the key. */
async function expectUnreadable(client: Client, where: Where): Promise<void> {
  const { versions } = await client.ok('vault_version_fetch', { ...where, limit: 1 });
  const { version } = versions[0];
  const { key, ...place } = where;
  const listed = await client.call('vault_fetch', { ...place, filter: key, values: true });
  const imported = await client.call('vault_import', { ...place, entries: [{ key, value: 'x' }] });
  const restored = await client.call('vault_version_restore', { ...where, version });
  const attempts = [
    { type: 'vault_view', object: key, answer: await client.call('vault_fetch_one', where) },
    { type: 'vault_view', object: key, answer: await client.call('vault_fetch_one', { ...where, version }) },
    { type: 'vault_view', object: null, answer: listed },
    { type: 'vault_version_restore', object: key, answer: restored },
    { type: 'vault_import', object: null, answer: imported },
  ];
  for (const { type, object, answer } of attempts) {
    expect({ status: answer.status, code: answer.body.code }).toEqual({
      status: 500,
      code: 'value_unreadable',
    });
    expectNothingGivenOut(answer);
    const { events } = await client.ok('event_fetch', { type, limit: 100 });
    const records = (events as Record<string, unknown>[]).filter(
      ({ request_id }) => request_id === answer.headers.get('x-request-id'),
    );
    expect(records).toHaveLength(1);
    expect(records[0]).toMatchObject({
      outcome: 'error',
      project_id: where.project_id,
      environment: where.environment,
      object,
      details: { code: 'value_unreadable', key },
    });
  }
}

async function expectReadable(client: Client, where: Where, value: string): Promise<void> {
  const { vault } = await client.ok('vault_fetch_one', where);
  expect(vault.value).toBe(value);
}

type Tampering = {
  title: string;
  tamper: (db: Reader) => Promise<void>;
  /** Where the reads are tried. */
  unreadable: Where[];
  /** The key was opened before and is in memory: only a restart looks at its row again. */
  afterRestart?: true;
};

const TAMPERINGS: Tampering[] = [
  {
    title: 'the values of two entries of one environment change places',
    tamper: async (db) => await swapValues(db, A, B),
    unreadable: [A, B],
  },
  {
    title: 'the values of two environments change places',
    tamper: async (db) => await swapValues(db, A, STAGING),
    unreadable: [A, STAGING],
  },
  {
    title: 'the values of two projects change places',
    tamper: async (db) => await swapValues(db, A, OTHER),
    unreadable: [A, OTHER],
  },
  {
    title: 'the comments of two entries change places',
    tamper: async (db) => await swapValues(db, A, B, 'comment'),
    unreadable: [A, B],
  },
  {
    title: 'the value and the comment of an entry change places',
    tamper: async (db) => {
      const { content } = await find(db, A);
      await write(db, A, { value_sealed: content.commentSealed, comment_sealed: content.valueSealed });
    },
    unreadable: [A],
  },
  {
    title: 'the value of an older version is put in the place of the current one',
    tamper: async (db) => {
      const { content } = await find(db, A, 1);
      await write(db, A, { value_sealed: content.valueSealed, data_key_id: content.dataKeyId });
    },
    unreadable: [A],
  },
  {
    title: 'the whole row of an older version is put in the place of the current one',
    tamper: async (db) => {
      const { entry } = await find(db, A);
      await db
        .deleteFrom('entry_version')
        .where('entry_id', '=', entry.id)
        .where('version', '=', 2)
        .execute();
      await write(db, A, { version: 2 }, 1);
    },
    unreadable: [A],
  },
  {
    title: 'the value is cut short by a byte',
    tamper: async (db) => {
      const { content } = await find(db, A);
      await write(db, A, { value_sealed: content.valueSealed.subarray(0, -1) });
    },
    unreadable: [A],
  },
  {
    title: 'the value is cut to nothing',
    tamper: async (db) => await write(db, A, { value_sealed: new Uint8Array(0) }),
    unreadable: [A],
  },
  {
    title: 'the row names another data key of the project',
    tamper: async (db) => await write(db, A, { data_key_id: (await find(db, B)).content.dataKeyId }),
    unreadable: [A],
  },
  {
    title: 'the row and the envelope name another data key of the project',
    tamper: async (db) => {
      const { dataKeyId } = (await find(db, B)).content;
      const envelope = Buffer.from((await find(db, A)).content.valueSealed);
      envelope.set(idBytes(dataKeyId), 1);
      await write(db, A, { data_key_id: dataKeyId, value_sealed: envelope });
    },
    unreadable: [A],
  },
  {
    title: 'the row names a data key of another project',
    tamper: async (db) => await write(db, A, { data_key_id: (await find(db, OTHER)).content.dataKeyId }),
    unreadable: [A],
  },
  {
    title: 'the wrapped data keys of two projects change places',
    tamper: async (db) => {
      const [one, two] = [await getDataKey(db, A), await getDataKey(db, OTHER)];
      await alterDataKey(db, A, { wrapped: two.wrapped });
      await alterDataKey(db, OTHER, { wrapped: one.wrapped });
    },
    unreadable: [A, OTHER],
    afterRestart: true,
  },
  {
    title: 'the wrapped data keys of one project change places',
    tamper: async (db) => {
      const [one, two] = [await getDataKey(db, A), await getDataKey(db, B)];
      await alterDataKey(db, A, { wrapped: two.wrapped });
      await alterDataKey(db, B, { wrapped: one.wrapped });
    },
    unreadable: [A, B],
    afterRestart: true,
  },
  ...[0, 1, 17, 29, -1].map((at): Tampering => ({
    title: `one bit of the wrapped data key is turned over, in byte ${at}`,
    tamper: async (db) => {
      const { wrapped } = await getDataKey(db, A);
      await alterDataKey(db, A, { wrapped: flipped(wrapped, at < 0 ? wrapped.length + at : at) });
    },
    unreadable: [A],
    afterRestart: true,
  })),
  {
    title: 'the data key is given to another project',
    tamper: async (db) => await alterDataKey(db, A, { project_id: 'other', state: 'retired' }),
    unreadable: [A],
    afterRestart: true,
  },
  {
    title: 'the entry is moved to another project',
    tamper: async (db) => await move(db, A, { project_id: 'other', key: 'MOVED' }),
    unreadable: [{ ...OTHER, key: 'MOVED' }],
  },
  {
    title: 'the entry is moved to another project with its data key',
    tamper: async (db) => {
      await alterDataKey(db, A, { project_id: 'other', state: 'retired' });
      await move(db, A, { project_id: 'other', key: 'MOVED' });
    },
    unreadable: [{ ...OTHER, key: 'MOVED' }],
  },
  {
    title: 'the entry is moved to another environment',
    tamper: async (db) => await move(db, A, { environment: 'staging', key: 'MOVED' }),
    unreadable: [{ ...STAGING, key: 'MOVED' }],
  },
  {
    title: 'the entry takes over the versions of another one',
    tamper: async (db) => {
      const [a, b] = [(await find(db, A)).entry.id, (await find(db, B)).entry.id];
      await db.deleteFrom('entry_version').where('entry_id', '=', a).execute();
      await db
        .updateTable('entry_version')
        .set({ entry_id: a, version: 2 })
        .where('entry_id', '=', b)
        .execute();
    },
    unreadable: [A],
  },
];

describe('a read fails closed, is on record and gives nothing out when', () => {
  test.each(TAMPERINGS)('$title', async ({ tamper, unreadable, afterRestart }) => {
    using directory = temporaryDirectory();
    const options = { dataDir: directory.path, dataKeySealsMax: 2 };
    let token: string | undefined;
    {
      await using server = await startTestServer(options);
      const root = await fill(server);
      token = root.token;
      // Whatever is cached is cached now.
      for (const where of [A, B, STAGING, OTHER]) await root.ok('vault_fetch_one', where);
      await tamper(server.app.context.store.db);
      if (afterRestart !== true) for (const where of unreadable) await expectUnreadable(root, where);
    }
    await using again = await startTestServer(options);
    const root = again.anonymous();
    root.token = token;
    for (const where of unreadable) await expectUnreadable(root, where);
    // The rest opens as ever.
    await expectReadable(root, UNTOUCHED, VALUES.Z);
    expect(again.logLines.join('')).not.toMatch(new RegExp([...Object.values(VALUES), COMMENT].join('|')));
  });
});

describe('one bit turned over', () => {
  test('anywhere in a sealed value or comment is found', async () => {
    await using server = await startTestServer();
    await fill(server);
    const { store, cipher } = server.app.context;
    const { entry, content } = await find(store.db, A);
    const place: VersionPlace = { ...entry, entryId: entry.id };
    const refused = expect.objectContaining({ code: 'value_unreadable' });
    for (const field of ['value', 'comment'] as const) {
      const column = field === 'value' ? 'valueSealed' : 'commentSealed';
      const sealed = content[column];
      expect((await cipher.open(store.db, place, field, content)).length).toBe(sealed.length - 45);
      for (let byte = 0; byte < sealed.length; byte += 1) {
        for (let bit = 0; bit < 8; bit += 1) {
          const altered = { ...content, [column]: flipped(sealed, byte, bit) };
          await expect(
            cipher.open(store.db, place, field, altered),
            `byte ${byte}, bit ${bit}`,
          ).rejects.toEqual(refused);
        }
        const cut = { ...content, [column]: sealed.subarray(0, byte) };
        await expect(cipher.open(store.db, place, field, cut), `cut to ${byte} bytes`).rejects.toEqual(
          refused,
        );
      }
    }
  });

  test.each([
    ['the format', 0],
    ['the key id', 1],
    ['the nonce', 17],
    ['the ciphertext', 29],
    ['the tag', -1],
  ])('in %s keeps the value in, over HTTP', async (_, at) => {
    await using server = await startTestServer();
    const root = await fill(server);
    const { db } = server.app.context.store;
    const { valueSealed } = (await find(db, A)).content;
    await write(db, A, { value_sealed: flipped(valueSealed, at < 0 ? valueSealed.length + at : at) });
    await expectUnreadable(root, A);
    await expectReadable(root, UNTOUCHED, VALUES.Z);
    await write(db, A, { value_sealed: valueSealed });
    await expectReadable(root, A, VALUES.A);
  });
});

test.each([4, 8, 12])(
  'a value that was sealed under the right key with a tag of %i bytes does not open',
  async (tagBytes) => {
    await using server = await startTestServer();
    const root = await fill(server);
    const { store, instance, rootKeys } = server.app.context;
    const { entry, content } = await find(store.db, A);
    const row = await getDataKey(store.db, A);
    const wrapContext = {
      project: 'shop',
      environment: '',
      entry: row.id,
      version: 0,
      field: 'data_key',
    } as const;
    const { rootKeyId, wrapKey } = rootKeys.latest;
    const dataKey = open(
      { id: rootKeyId, key: wrapKey },
      { instance: instance.id, ...wrapContext },
      row.wrapped,
    );
    const context: SealContext = {
      instance: instance.id,
      project: 'shop',
      environment: 'default',
      entry: entry.id,
      version: content.version,
      field: 'value',
    };
    const nonce = Buffer.alloc(12, 5);
    const cipher = createCipheriv('aes-256-gcm', dataKey, nonce, { authTagLength: tagBytes });
    cipher.setAAD(encodeAssociatedData(context));
    const ciphertext = Buffer.concat([cipher.update('forged'), cipher.final()]);
    const header = [Uint8Array.of(1), idBytes(row.id as DataKeyId), nonce];
    await write(store.db, A, { value_sealed: Buffer.concat([...header, ciphertext, cipher.getAuthTag()]) });
    await expectUnreadable(root, A);
  },
);

describe('a list', () => {
  test('with values gives none out when one of them does not open, and records none as given out', async () => {
    await using server = await startTestServer();
    const root = await fill(server);
    const { db } = server.app.context.store;
    await swapValues(db, B, UNTOUCHED);
    const answer = await root.call('vault_fetch', { project_id: 'shop', values: true });
    expect(answer.body.code).toBe('value_unreadable');
    expectNothingGivenOut(answer);
    const { events } = await root.ok('event_fetch', { type: 'vault_view' });
    expect(events).toMatchObject([{ outcome: 'error', details: { code: 'value_unreadable' } }]);
  });

  test('without values shows no comment when one of them does not open', async () => {
    await using server = await startTestServer();
    const root = await fill(server);
    await swapValues(server.app.context.store.db, A, B, 'comment');
    const answer = await root.call('vault_fetch', { project_id: 'shop' });
    expect(answer.body.code).toBe('value_unreadable');
    expectNothingGivenOut(answer);
  });
});

test('an entry whose value was altered is mended by a new value, and its intact versions open', async () => {
  await using server = await startTestServer();
  const root = await fill(server);
  await swapValues(server.app.context.store.db, A, B);
  await expectUnreadable(root, A);
  await root.ok('vault_update', { ...A, value: 'mended' });
  await expectReadable(root, A, 'mended');
  const { vault } = await root.ok('vault_fetch_one', { ...A, version: 1 });
  expect(vault.value).toBe(VALUES.oldA);
  expect(await root.refused('vault_fetch_one', { ...A, version: 2 })).toBe('value_unreadable');
});

test('where a data key was altered, nothing new is sealed in its project, and other projects go on', async () => {
  using directory = temporaryDirectory();
  let token: string | undefined;
  {
    await using server = await startTestServer({ dataDir: directory.path });
    const root = await fill(server);
    token = root.token;
    const { wrapped } = await getDataKey(server.app.context.store.db, A);
    await alterDataKey(server.app.context.store.db, A, { wrapped: flipped(wrapped, 40) });
  }
  await using again = await startTestServer({ dataDir: directory.path });
  const root = again.anonymous();
  root.token = token;
  expect(await root.refused('vault_create', { ...A, key: 'NEW', value: 'x' })).toBe('value_unreadable');
  expect(await root.refused('vault_update', { ...A, value: 'x' })).toBe('value_unreadable');
  expect(await root.refused('vault_fetch_one', { ...A, key: 'NEW' })).toBe('entry_not_found');
  const { versions } = await root.ok('vault_version_fetch', A);
  expect(versions).toHaveLength(2);
  await root.ok('vault_create', { ...OTHER, key: 'NEW', value: 'x' });
  await expectReadable(root, OTHER, VALUES.other);
});

/** The limits of R9: what the database alone decides. Each stays inside the project, and on record. */
describe('not found by the seal, which binds the entry and not its name,', () => {
  test('is a key renamed in the database: its value opens under the new name, to the same people as before', async () => {
    await using server = await startTestServer();
    const root = await fill(server);
    const admin = await server.user(root, 'ADMIN');
    await root.ok('project_member_add', { project_id: 'other', uid: admin.uid });
    await move(server.app.context.store.db, A, { key: 'RENAMED' });
    await expectReadable(root, { ...A, key: 'RENAMED' }, VALUES.A);
    expect(await root.refused('vault_fetch_one', A)).toBe('entry_not_found');
    expect(await admin.refused('vault_fetch_one', { ...A, key: 'RENAMED' })).toBe('project_not_found');
    expect(await admin.refused('vault_fetch_one', { ...OTHER, key: 'RENAMED' })).toBe('entry_not_found');
    const { events } = await root.ok('event_fetch', { type: 'vault_view', project_id: 'shop', limit: 100 });
    expect(events).toMatchObject([
      { object: 'RENAMED', outcome: 'denied', username: admin.username },
      { object: 'A', outcome: 'error', details: { code: 'entry_not_found' } },
      { object: 'RENAMED', outcome: 'success', details: { version: 2 } },
    ]);
  });

  test('is the current version set back: the old value opens as the old version that it is', async () => {
    await using server = await startTestServer();
    const root = await fill(server);
    const { db } = server.app.context.store;
    const { entry } = await find(db, A);
    await db.updateTable('entry').set({ version: 1 }).where('id', '=', entry.id).execute();
    const { vault } = await root.ok('vault_fetch_one', A);
    expect(vault).toMatchObject({ value: VALUES.oldA, version: 1 });
    const { events } = await root.ok('event_fetch', { type: 'vault_update', project_id: 'shop' });
    expect(events[0]).toMatchObject({ object: 'A', details: { version: 2 } });
  });
});
