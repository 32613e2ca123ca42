import { describe, expect, test } from 'vitest';
import { ENGINES } from '../src/testing/engines.ts';
import { startTestServer } from '../src/testing/server.ts';
import { countOutcomes, simultaneously } from '../src/testing/simultaneously.ts';

const CHARACTERS = 'must contain only lower-case letters a-z, digits and underscores';
const LENGTH = 'must have 3 to 50 characters';

describe.each(ENGINES)('projects on %s', () => {
  test('start with their creator as the one member, and with what was given (R16)', async () => {
    await using server = await startTestServer();
    const admin = await server.user(await server.setUp(), 'ADMIN');
    const given = { id: 'shop', name: 'Der Läden', description: 'Line one\nLine two', api_path: '/shop/v1' };
    const { project } = await admin.ok('project_create', given);
    expect(project).toMatchObject({ ...given, members: 1 });
    expect((await admin.ok('project_fetch_one', { project_id: 'shop' })).project).toEqual(project);
    const { members } = await admin.ok('project_member_fetch', { project_id: 'shop' });
    expect(members).toMatchObject([{ uid: admin.uid, username: admin.username, role: 'ADMIN' }]);
  });

  test.each(['abc', 'a_b', 'a12', 'a'.repeat(50), `z${'_'.repeat(49)}`])('may have the id %s', async (id) => {
    await using server = await startTestServer();
    const root = await server.setUp();
    expect((await root.ok('project_create', { id, name: 'Any', api_path: '/any' })).project.id).toBe(id);
  });

  test.each([
    ['', LENGTH],
    ['ab', LENGTH],
    ['a'.repeat(51), LENGTH],
    ['Shop', CHARACTERS],
    ['shop-1', CHARACTERS],
    ['shop 1', CHARACTERS],
    ['shop\n', CHARACTERS],
    ['ѕhop', CHARACTERS],
    ['1shop', 'must start with a letter a-z'],
    ['_shop', 'must start with a letter a-z'],
  ])('may not have the id %j', async (id, rule) => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const { status, body } = await root.call('project_create', { id, name: 'Any', api_path: '/any' });
    expect(status).toBe(400);
    expect(body.errors).toEqual([{ path: 'id', message: rule }]);
    expect((await root.ok('project_fetch')).amount).toBe(0);
  });

  test.each([
    ['name', '', 'must not be empty'],
    ['name', 'a'.repeat(101), 'at most 100'],
    ['name', 'two\nlines', 'must not contain control characters'],
    ['description', 'a'.repeat(1001), 'at most 1000'],
    ['api_path', 'shop', 'must start with /'],
    ['api_path', '/Shop', 'must contain only lower-case letters a-z, digits, _, - and /'],
    ['api_path', '/shop/', 'must not have empty segments or end with /'],
    ['api_path', '/', 'must not have empty segments or end with /'],
    ['api_path', '/shop/../admin', 'must contain only lower-case letters a-z, digits, _, - and /'],
  ])('may not have the %s %j, neither at the start nor later', async (field, value, rule) => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const valid = { id: 'shop', name: 'Shop', api_path: '/shop' };
    const create = await root.call('project_create', { ...valid, [field]: value });
    await root.ok('project_create', valid);
    const update = await root.call('project_update', { project_id: 'shop', [field]: value });
    for (const { status, body } of [create, update]) {
      expect(status).toBe(400);
      expect(body.errors).toMatchObject([{ path: field, message: expect.stringContaining(rule) }]);
    }
    expect((await root.ok('project_fetch_one', { project_id: 'shop' })).project).toMatchObject({
      ...valid,
      description: '',
    });
  });

  test('have ids that are unique, also when 20 claim one at the same time', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const answers = await simultaneously(
      20,
      async (index) =>
        await root.call('project_create', { id: 'shop', name: `Shop ${index}`, api_path: `/shop${index}` }),
    );
    expect(countOutcomes(answers)).toEqual({ success: 1, project_id_taken: 19 });
    const winner = answers.findIndex(({ status }) => status === 201);
    expect((await root.ok('project_fetch')).projects).toMatchObject([{ name: `Shop ${winner}`, members: 1 }]);
  });

  test('keep their id, and change what an update names and nothing else', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    await root.ok('project_create', { id: 'shop', name: 'Shop', description: 'Old', api_path: '/shop' });
    const { project } = await root.ok('project_update', { project_id: 'shop', name: 'Store' });
    expect(project).toMatchObject({
      id: 'shop',
      name: 'Store',
      description: 'Old',
      api_path: '/shop',
      members: 1,
    });
    const emptied = await root.ok('project_update', { project_id: 'shop', description: '' });
    expect(emptied.project).toMatchObject({ name: 'Store', description: '' });
    const change = { project_id: 'shop', name: 'Shop', id: 'store' };
    const { body } = await root.call('project_update', change);
    expect(body.errors).toEqual([{ path: 'id', message: 'is not a known field' }]);
  });

  test('take everything with them when they are deleted: the id starts again empty, with its creator alone', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const admin = await server.user(root, 'ADMIN');
    const shop = { id: 'shop', name: 'Shop', api_path: '/shop' };
    const place = { project_id: 'shop' };
    await root.ok('project_create', shop);
    await root.ok('project_member_add', { ...place, uid: admin.uid });
    await root.ok('environment_create', { ...place, id: 'staging', name: 'Staging' });
    await root.ok('vault_create', { ...place, key: 'KEY', value: 'x' });
    await root.ok('vault_create', { ...place, environment: 'staging', key: 'KEY', value: 'x' });

    await root.ok('project_delete', place);
    expect(await root.refused('project_fetch_one', place)).toBe('project_not_found');
    expect(await root.refused('project_delete', place)).toBe('project_not_found');
    expect(await root.refused('vault_fetch', place)).toBe('project_not_found');
    const { db } = server.app.context.store;
    for (const table of ['project', 'member', 'environment', 'entry', 'entry_version', 'data_key'] as const) {
      expect(await db.selectFrom(table).selectAll().execute()).toEqual([]);
    }

    await root.ok('project_create', shop);
    expect((await root.ok('vault_fetch', place)).amount).toBe(0);
    expect((await root.ok('environment_fetch', place)).amount).toBe(1);
    expect((await root.ok('project_member_fetch', place)).members).toMatchObject([{ uid: root.uid }]);
    expect(await admin.refused('project_fetch_one', place)).toBe('project_not_found');
  });
});

/** Two paths, and whether two projects may have them side by side, in either order (R16). */
const PATH_PAIRS: readonly (readonly [string, string, 'both' | 'one'])[] = [
  ['/a', '/a', 'one'],
  ['/a', '/a/b', 'one'],
  ['/a', '/a/b/c', 'one'],
  ['/a/b', '/a/b/c', 'one'],
  ['/a', '/ab', 'both'],
  ['/a', '/a-b', 'both'],
  ['/a', '/a_b', 'both'],
  ['/a/b', '/a/c', 'both'],
  ['/a/b', '/a/bc', 'both'],
  ['/a/b', '/b/a', 'both'],
  ['/b', '/a/b', 'both'],
  // In SQL patterns _ stands for any character: it must not here.
  ['/a_c', '/abc', 'both'],
  ['/a_c', '/abc/d', 'both'],
];

describe.each(ENGINES)('the API paths of projects on %s', () => {
  test.each(PATH_PAIRS)('%s and %s: %s can be had', async (first, second, outcome) => {
    await using server = await startTestServer();
    const root = await server.setUp();
    for (const [name, one, other] of [
      ['forth', first, second],
      ['back', second, first],
    ] as const) {
      await root.ok('project_create', { id: `${name}_one`, name, api_path: one });
      const answer = await root.call('project_create', { id: `${name}_other`, name, api_path: other });
      expect(answer.body.code).toBe(outcome === 'both' ? undefined : 'api_path_taken');
      for (const { id } of (await root.ok('project_fetch', { filter: name })).projects) {
        await root.ok('project_delete', { project_id: id });
      }
    }
  });

  test('can change within themselves, and not into those of another', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    await root.ok('project_create', { id: 'one', name: 'One', api_path: '/one' });
    await root.ok('project_create', { id: 'two', name: 'Two', api_path: '/two/deep' });
    for (const api_path of ['/one', '/one/deeper', '/one', '/two/other', '/one']) {
      const { project } = await root.ok('project_update', { project_id: 'one', api_path });
      expect(project.api_path).toBe(api_path);
    }
    for (const api_path of ['/two', '/two/deep', '/two/deep/er']) {
      const { status, body } = await root.call('project_update', {
        project_id: 'one',
        name: 'Changed',
        api_path,
      });
      expect(status).toBe(409);
      expect(body.code).toBe('api_path_taken');
    }
    expect((await root.ok('project_fetch_one', { project_id: 'one' })).project).toMatchObject({
      name: 'One',
      api_path: '/one',
    });
  });

  test('are free again when their project is deleted or has moved', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    await root.ok('project_create', { id: 'one', name: 'One', api_path: '/a/b' });
    await root.ok('project_update', { project_id: 'one', api_path: '/c' });
    await root.ok('project_create', { id: 'two', name: 'Two', api_path: '/a' });
    await root.ok('project_delete', { project_id: 'two' });
    const { project } = await root.ok('project_create', { id: 'three', name: 'Three', api_path: '/a/b/c' });
    expect(project.api_path).toBe('/a/b/c');
  });

  test('that conflict are given to one of 20 who ask at the same time', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    // Each lies above or below all others.
    const answers = await simultaneously(
      20,
      async (index) =>
        await root.call('project_create', {
          id: `shop_${index}`,
          name: 'Shop',
          api_path: '/s'.repeat(index + 1),
        }),
    );
    expect(countOutcomes(answers)).toEqual({ success: 1, api_path_taken: 19 });
    expect((await root.ok('project_fetch')).amount).toBe(1);
  });

  test('that conflict are given to one of 10 who move there at the same time', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    await simultaneously(
      10,
      async (index) =>
        await root.ok('project_create', { id: `shop_${index}`, name: 'Shop', api_path: `/own/${index}` }),
    );
    const answers = await simultaneously(
      10,
      async (index) =>
        await root.call('project_update', { project_id: `shop_${index}`, api_path: '/s'.repeat(index + 1) }),
    );
    expect(countOutcomes(answers)).toEqual({ success: 1, api_path_taken: 9 });
  });
});

describe.each(ENGINES)('the members of a project on %s', () => {
  test('are added once, counted, and removed once', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const author = await server.user(root, 'AUTHOR');
    const place = { project_id: await server.project(root) };
    const membership = { ...place, uid: author.uid };
    expect((await root.ok('project_member_add', membership)).project.members).toBe(2);
    const again = await root.call('project_member_add', membership);
    expect(again.status).toBe(409);
    expect(again.body.code).toBe('member_exists');
    expect((await root.ok('project_fetch_one', place)).project.members).toBe(2);

    expect((await root.ok('project_member_remove', membership)).project.members).toBe(1);
    const gone = await root.call('project_member_remove', membership);
    expect(gone.status).toBe(404);
    expect(gone.body.code).toBe('member_not_found');
    expect(await root.refused('project_member_remove', { ...membership, force: true })).toBe(
      'member_not_found',
    );
  });

  test('are added once when 20 add them at the same time', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const author = await server.user(root, 'AUTHOR');
    const membership = { project_id: await server.project(root), uid: author.uid };
    const added = await simultaneously(20, async () => await root.call('project_member_add', membership));
    expect(countOutcomes(added)).toEqual({ success: 1, member_exists: 19 });
    const removed = await simultaneously(
      20,
      async () => await root.call('project_member_remove', membership),
    );
    expect(countOutcomes(removed)).toEqual({ success: 1, member_not_found: 19 });
  });

  test('must be users', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const place = { project_id: await server.project(root) };
    const nobody = { ...place, uid: `usr_${'0'.repeat(26)}` };
    expect(await root.refused('project_member_add', nobody)).toBe('user_not_found');
    expect(await root.refused('project_member_remove', nobody)).toBe('member_not_found');
    for (const uid of ['', 'root', root.username, `${root.uid}\n`, root.uid.toUpperCase()]) {
      const { body } = await root.call('project_member_add', { ...place, uid });
      expect(body).toMatchObject({ code: 'invalid_input', errors: [{ path: 'uid' }] });
    }
    expect((await root.ok('project_fetch_one', place)).project.members).toBe(1);
  });

  test('keep one who manages the project, unless the last is removed with force (R17)', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const [admin, author] = [await server.user(root, 'ADMIN'), await server.user(root, 'AUTHOR')];
    const place = { project_id: await server.project(root) };
    for (const { uid } of [admin, author]) await root.ok('project_member_add', { ...place, uid });

    // ROOT may go as long as the ADMIN stays; the AUTHOR does not count.
    await root.ok('project_member_remove', { ...place, uid: root.uid });
    const refusal = await admin.call('project_member_remove', { ...place, uid: admin.uid });
    expect(refusal.status).toBe(409);
    expect(refusal.body.code).toBe('last_manager');
    expect(await admin.refused('project_member_remove', { ...place, uid: admin.uid, force: false })).toBe(
      'last_manager',
    );
    expect((await admin.ok('project_fetch_one', place)).project.members).toBe(2);
    await admin.ok('project_member_remove', { ...place, uid: admin.uid, force: true });
    expect(await admin.refused('project_fetch_one', place)).toBe('project_not_found');

    // With no one left who manages it, the others can be removed without force.
    await root.ok('project_member_remove', { ...place, uid: author.uid });
    expect((await root.ok('project_fetch_one', place)).project.members).toBe(0);
  });

  test('keep one who manages the project when two remove one another at the same time', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const [one, two] = [await server.user(root, 'ADMIN'), await server.user(root, 'ADMIN')];
    for (let round = 0; round < 5; round += 1) {
      const place = { project_id: await server.project(one) };
      await one.ok('project_member_add', { ...place, uid: two.uid });
      const answers = await Promise.all([
        one.call('project_member_remove', { ...place, uid: two.uid }),
        two.call('project_member_remove', { ...place, uid: one.uid }),
      ]);
      // The one who lost is no member any more when their call is decided.
      expect(countOutcomes(answers)).toEqual({ success: 1, project_not_found: 1 });
      expect((await root.ok('project_fetch_one', place)).project.members).toBe(1);
    }
  });

  test('do not include a ROOT just because: they see the project, open nothing, and add themselves on record (R13)', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const admin = await server.user(root, 'ADMIN');
    const place = { project_id: await server.project(admin) };
    await admin.ok('vault_create', { ...place, key: 'KEY', value: 'x' });

    expect((await root.ok('project_fetch_one', place)).project.id).toBe(place.project_id);
    const refusal = await root.call('vault_fetch_one', { ...place, key: 'KEY' });
    expect(refusal.status).toBe(403);
    expect(refusal.body.code).toBe('membership_required');
    await root.ok('project_member_add', { ...place, uid: root.uid });
    expect((await root.ok('vault_fetch_one', { ...place, key: 'KEY' })).vault.value).toBe('x');

    const { events } = await admin.ok('event_fetch', { ...place, type: 'project_member_add' });
    expect(events).toMatchObject([{ uid: root.uid, object: root.uid, outcome: 'success' }]);
  });

  test('lose their membership with their account', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const viewer = await server.user(root, 'VIEWER');
    const place = { project_id: await server.project(root) };
    await root.ok('project_member_add', { ...place, uid: viewer.uid });
    await root.ok('user_delete', { uid: viewer.uid });
    const { members, amount } = await root.ok('project_member_fetch', place);
    expect(amount).toBe(1);
    expect(members).toMatchObject([{ uid: root.uid }]);
    expect((await root.ok('project_fetch_one', place)).project.members).toBe(1);
  });
});
