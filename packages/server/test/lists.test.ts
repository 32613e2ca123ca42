import type { EndpointId } from '@coffer/contract';
import { describe, expect, test } from 'vitest';
import type { Client } from '../src/testing/client.ts';
import { ENGINES } from '../src/testing/engines.ts';
import { PASSWORD, startTestServer, type TestServer } from '../src/testing/server.ts';

const AMOUNT = 12;

type Input = Record<string, unknown>;
type List = { id: EndpointId; input: Input; field: string };
type Record_ = Record<string, unknown>;

/** An instance in which each list has as many records; answers with the lists and how to ask for them. */
async function fillLists(server: TestServer): Promise<{ root: Client; lists: List[] }> {
  const root = await server.setUp();
  const project_id = await server.project(root);
  const entry = { project_id, key: 'K0' };
  for (let index = 0; index < AMOUNT; index += 1) {
    await root.ok('vault_create', { project_id, key: `K${index}`, value: 'x' });
    if (index === 0) continue;
    await server.project(root);
    await root.ok('vault_update', { ...entry, value: `${index}` });
    const user = await root.ok('user_create', userInput(`user-${index}`, 'User', `Nr ${index}`));
    await root.ok('project_member_add', { project_id, uid: user.user.uid });
    await server.anonymous().signIn('user_login', { auth_data: 'root', password: PASSWORD });
  }
  await root.ok('project_create', { id: 'empty', name: 'Empty', api_path: '/empty' });
  await root.ok('project_member_remove', { project_id: 'empty', uid: root.uid, force: true });
  const lists: List[] = [
    { id: 'user_fetch', input: {}, field: 'users' },
    { id: 'project_fetch', input: { member: true }, field: 'projects' },
    { id: 'project_member_candidate_fetch', input: { project_id: 'empty' }, field: 'candidates' },
    { id: 'user_session_fetch', input: {}, field: 'sessions' },
    { id: 'project_member_fetch', input: { project_id }, field: 'members' },
    { id: 'vault_fetch', input: { project_id }, field: 'vaults' },
    { id: 'vault_version_fetch', input: entry, field: 'versions' },
    { id: 'event_fetch', input: { type: 'vault_create' }, field: 'events' },
  ];
  return { root, lists };
}

function userInput(username: string, first_name: string, last_name: string): Input {
  return {
    username,
    email: `${username}@example.org`,
    first_name,
    last_name,
    password: PASSWORD,
    role: 'VIEWER',
  };
}

async function fetchList(
  client: Client,
  { id, input, field }: List,
  page: Input,
): Promise<{ records: Record_[]; amount: number }> {
  const body = await client.ok(id, { ...input, ...page });
  return { records: body[field], amount: body.amount };
}

describe.each(ENGINES)('lists on %s', () => {
  test('give 10 records where nothing else is asked for, and say how many there are in all', async () => {
    await using server = await startTestServer();
    const { root, lists } = await fillLists(server);
    for (const list of lists) {
      const { records, amount } = await fetchList(root, list, {});
      expect([list.id, records.length, amount]).toEqual([list.id, 10, AMOUNT]);
      const all = await fetchList(root, list, { limit: 100 });
      expect([list.id, all.records.length, all.amount]).toEqual([list.id, AMOUNT, AMOUNT]);
    }
  });

  test('give each record once, page by page, in one order', async () => {
    await using server = await startTestServer();
    const { root, lists } = await fillLists(server);
    for (const list of lists) {
      const { records: all } = await fetchList(root, list, { limit: 100 });
      const paged: Record_[] = [];
      for (let offset = 0; offset < AMOUNT; offset += 5) {
        const { records, amount } = await fetchList(root, list, { limit: 5, offset });
        expect(amount).toBe(AMOUNT);
        paged.push(...records);
      }
      expect(paged).toEqual(all);
      expect(new Set(paged.map((record) => JSON.stringify(record))).size).toBe(AMOUNT);
    }
  });

  test('have nothing behind their end, and still say how many there are', async () => {
    await using server = await startTestServer();
    const { root, lists } = await fillLists(server);
    for (const list of lists) {
      for (const [offset, left] of [
        [AMOUNT - 1, 1],
        [AMOUNT, 0],
        [Number.MAX_SAFE_INTEGER, 0],
      ]) {
        const { records, amount } = await fetchList(root, list, { offset });
        expect([list.id, records.length, amount]).toEqual([list.id, left, AMOUNT]);
      }
    }
  });

  test('refuse a limit or an offset that is none, and name it', async () => {
    await using server = await startTestServer();
    const { root, lists } = await fillLists(server);
    for (const { id, input } of lists) {
      for (const limit of ['0', '101', '-1', '1.5', '1e1', '0x5', '05', ' 5', '5 ', '', 'all', '٣', 'NaN']) {
        const { status, body } = await root.call(id, { ...input, limit });
        expect([id, limit, status]).toEqual([id, limit, 400]);
        expect(body.errors).toEqual([{ path: 'limit', message: 'must be a whole number from 1 to 100' }]);
      }
      for (const offset of ['-1', '1.5', '9007199254740992', '', 'x', '1e3']) {
        const { status, body } = await root.call(id, { ...input, offset });
        expect([id, offset, status]).toEqual([id, offset, 400]);
        expect(body).toMatchObject({ code: 'invalid_input', errors: [{ path: 'offset' }] });
      }
    }
  });

  test('are in the order that is promised: keys and names by the alphabet, versions and events newest first', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const project_id = await server.project(root);
    const entry = { project_id, key: 'B' };
    for (const key of ['B', 'A_', 'A', 'A0', 'AA'])
      await root.ok('vault_create', { project_id, key, value: 'x' });
    for (const value of ['2', '3']) await root.ok('vault_update', { ...entry, value });
    await root.ok('project_create', { id: 'zzz', name: 'a last id', api_path: '/zzz' });
    const keys = (await root.ok('vault_fetch', { project_id })).vaults.map(({ key }: { key: string }) => key);
    expect(keys).toEqual(['A', 'A0', 'AA', 'A_', 'B']);
    const names = (await root.ok('project_fetch')).projects.map(({ name }: { name: string }) => name);
    expect(names).toEqual(['a last id', 'Project 1']);
    const { versions } = await root.ok('vault_version_fetch', entry);
    expect(versions.map(({ version }: { version: number }) => version)).toEqual([3, 2, 1]);
    const indexes = (await root.ok('event_fetch')).events.map(({ index }: { index: number }) => index);
    expect(indexes).toEqual(indexes.toSorted((a: number, b: number) => b - a));
  });
});

/** Names that mean something to SQL patterns, or have no simple lower case, and filters that must find them alone. */
const NAMES: readonly (readonly [name: string, found: readonly string[], missed: readonly string[]])[] = [
  ['100% sure', ['100%', '%', '% SURE'], ['100_', '100%%', '1%e']],
  ['snake_case', ['snake_', '_', 'E_C'], ['snake%', 'snakeXcase', 's_a']],
  [String.raw`back\slash`, ['\\', String.raw`K\S`], [String.raw`\\`, String.raw`\%`, String.raw`\_`]],
  ["O'Brien; --", ["o'b", "'", '; --'], ["''", "' or 1=1 --"]],
  ['*?[a-z]', ['*', '?', '[A-Z]'], ['**', '[b]']],
  ['Ärger', ['ÄRGER', 'ärger', 'äRG'], ['arger']],
  ['ΟΔΟΣΑ', ['οδοσα', 'ΟΔΟΣ', 'οδος', 'οδοσ'], ['odos']],
  ['Жук', ['ЖУК', 'жУ'], ['zhuk']],
  ['İzmir', ['İZMIR', 'İzm', 'ZM'], ['ızmir!']],
  ['Straße', ['STRASSE', 'straße', 'RASS'], ['strase']],
  ['emoji 🔑 name', ['🔑', 'EMOJI 🔑'], ['🔒']],
];

function matching(filter: string): string[] {
  return NAMES.filter(([, found]) => found.includes(filter)).map(([name]) => name);
}

const FILTERS = NAMES.flatMap(([name, found, missed]) => [
  ...found.map((filter) => [filter, name, true] as const),
  ...missed.map((filter) => [filter, name, false] as const),
]);

describe.each(ENGINES)('the filter of a list on %s', () => {
  test('finds a part of a name in any case, and takes every character for itself: projects', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    for (const [index, [name]] of NAMES.entries()) {
      await root.ok('project_create', { id: `xyz${index}`, name, api_path: `/p${index}` });
    }
    const wrong: unknown[] = [];
    for (const [filter, name, isFound] of FILTERS) {
      const { projects, amount } = await root.ok('project_fetch', { filter, limit: 100 });
      const names = projects.map((project: { name: string }) => project.name);
      if (names.includes(name) !== isFound || names.length !== amount)
        wrong.push({ filter, name, isFound, names });
      if (isFound && !matching(filter).every((expected) => names.includes(expected)))
        wrong.push({ filter, names });
    }
    expect(wrong).toEqual([]);
  });

  test('does the same for users, candidates and members, by every name that they have', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const project_id = await server.project(root);
    const empty = { project_id: await server.project(root), limit: 100 };
    for (const [index, [name]] of NAMES.entries()) {
      const names = index % 2 === 0 ? [name, 'xyz'] : ['xyz', name];
      const { user } = await root.ok('user_create', userInput(`xyz${index}`, names[0] ?? '', names[1] ?? ''));
      await root.ok('project_member_add', { project_id, uid: user.uid });
    }
    const wrong: unknown[] = [];
    for (const [filter, name, isFound] of FILTERS) {
      const index = NAMES.findIndex(([other]) => other === name);
      const users = (await root.ok('user_fetch', { filter, limit: 100 })).users;
      const members = (await root.ok('project_member_fetch', { project_id, filter, limit: 100 })).members;
      const { candidates } = await root.ok('project_member_candidate_fetch', { ...empty, filter });
      for (const list of [users, members, candidates]) {
        const usernames = list.map(({ username }: { username: string }) => username);
        if (usernames.includes(`xyz${index}`) !== isFound) wrong.push({ filter, name, isFound, usernames });
      }
    }
    expect(wrong).toEqual([]);
  });

  test('looks at user name, address, each name, both together and role of a user', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    await root.ok('user_create', { ...userInput('ada', 'Augusta', 'King'), email: 'countess@example.org' });
    for (const filter of ['ADA', 'countess@', 'gust', 'kin', 'Augusta King', 'viewer']) {
      const { users, amount } = await root.ok('user_fetch', { filter });
      expect(amount).toBe(1);
      expect(users).toMatchObject([{ username: 'ada' }]);
    }
    for (const filter of ['King Augusta', 'usr_', 'argon2', '2026', PASSWORD]) {
      expect((await root.ok('user_fetch', { filter })).amount).toBe(0);
    }
  });

  test('looks at user name, address and names of a candidate, but not at their role', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const project_id = await server.project(root);
    await root.ok('user_create', { ...userInput('ada', 'Augusta', 'King'), email: 'countess@example.org' });
    for (const filter of ['ADA', 'countess@', 'gust', 'kin', 'Augusta King']) {
      const { candidates, amount } = await root.ok('project_member_candidate_fetch', { project_id, filter });
      expect(amount).toBe(1);
      expect(candidates).toMatchObject([{ username: 'ada' }]);
    }
    for (const filter of ['viewer', 'King VIEWER', 'King Augusta', 'usr_', 'argon2']) {
      expect((await root.ok('project_member_candidate_fetch', { project_id, filter })).amount).toBe(0);
    }
  });

  test('looks at name and id of a project, not across them', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    await root.ok('project_create', {
      id: 'shop_eu',
      name: 'Market',
      description: 'hidden',
      api_path: '/path',
    });
    for (const filter of ['SHOP', '_eu', 'mark', ''])
      expect((await root.ok('project_fetch', { filter })).amount).toBe(1);
    for (const filter of ['hidden', '/path', 'marketshop', 'market shop']) {
      expect((await root.ok('project_fetch', { filter })).amount).toBe(0);
    }
  });

  test('finds keys by any part in any case, and nothing by their values and comments (R25)', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const project_id = await server.project(root);
    for (const key of ['DB_URL', 'DBXURL', 'API_KEY']) {
      await root.ok('vault_create', { project_id, key, value: 'canary', comment: 'remark' });
    }
    for (const [filter, keys] of [
      ['db_', ['DB_URL']],
      ['b_u', ['DB_URL']],
      ['url', ['DBXURL', 'DB_URL']],
      ['_', ['API_KEY', 'DB_URL']],
      ['key', ['API_KEY']],
      ['', ['API_KEY', 'DBXURL', 'DB_URL']],
      ['%', []],
      ['\\', []],
      ['canary', []],
      ['remark', []],
    ] as const) {
      const { vaults, amount } = await root.ok('vault_fetch', { project_id, filter });
      expect([filter, vaults.map(({ key }: { key: string }) => key).toSorted()]).toEqual([
        filter,
        keys.toSorted(),
      ]);
      expect(amount).toBe(keys.length);
    }
  });

  test('may have 255 characters, none of them a control character', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    expect((await root.ok('project_fetch', { filter: 'x'.repeat(255) })).amount).toBe(0);
    for (const filter of ['x'.repeat(256), 'a\nb', '\u0000', '\u0085']) {
      const { status, body } = await root.call('project_fetch', { filter });
      expect(status).toBe(400);
      expect(body).toMatchObject({ code: 'invalid_input', errors: [{ path: 'filter' }] });
    }
  });
});

describe.each(ENGINES)('the log of events on %s', () => {
  test('refuses a time that is not of RFC 3339, and a type that there is not', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    for (const field of ['from', 'to']) {
      for (const time of [
        '2026-11-23',
        '2026-11-23T09:30:00',
        'yesterday',
        '1700000000',
        '2026-13-01T00:00:00Z',
        '',
      ]) {
        const { status, body } = await root.call('event_fetch', { [field]: time });
        expect([time, status]).toEqual([time, 400]);
        expect(body.errors).toMatchObject([{ path: field, message: expect.stringContaining('RFC 3339') }]);
      }
    }
    const { body } = await root.call('event_fetch', { type: 'vault_steal' });
    expect(body).toMatchObject({ code: 'invalid_input', errors: [{ path: 'type' }] });
  });
});
