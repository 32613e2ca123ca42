import { ENDPOINTS, type Endpoint, type EndpointId } from '@coffer/contract';
import { describe, expect, test } from 'vitest';
import { ENGINES } from '../src/testing/engines.ts';
import { startTestServer } from '../src/testing/server.ts';
import { CALLERS, MATRIX, PUBLIC_ENDPOINTS } from './access-matrix.ts';
import { endpointOf, enter, start } from './access-world.ts';

/** The rows of the matrix that show whether one may do what an ability names, where others would show something else. */
const SHOWN_BY: Readonly<Record<string, string>> = {
  'session.use': 'user_session_fetch',
  'self.view': 'user_me',
  'token.own': "token_create of one's own",
  'user.create': 'user_create',
  'user.list': 'user_fetch',
  'user.view': 'user_fetch_one of another',
  'user.update': 'user_update of another',
  'user.reset_password': 'user_password_reset of another',
  'user.change_role': 'user_update of the role of another',
  'user.delete': 'user_delete of another',
  'project.create': 'project_create',
  'project.list': 'project_fetch',
  'event.list': 'event_fetch',
};

const SHOWN_IN_PROJECT_BY: Readonly<Record<string, string>> = {
  'project.view': 'project_fetch_one',
  'project.update': 'project_update',
  'project.delete': 'project_delete',
  'member.list': 'project_member_fetch',
  'member.add': 'project_member_add of another',
  'member.remove': 'project_member_remove',
  'member.list_candidates': 'project_member_candidate_fetch',
  'environment.create': 'environment_create',
  'environment.list': 'environment_fetch',
  'environment.delete': 'environment_delete',
  'vault.create': 'vault_create',
  'vault.list': 'vault_fetch',
  'vault.watch': 'vault_watch',
  'vault.view': 'vault_fetch_one',
  'vault.update': 'vault_update',
  'vault.import': 'vault_import',
  'vault.delete': 'vault_delete',
  'vault.history': 'vault_version_fetch',
  'vault.allow_origins': 'vault_allow_origins',
  'route.create': 'route_create',
  'route.list': 'route_fetch',
  'route.view': 'route_fetch_one',
  'route.update': 'route_update',
  'route.delete': 'route_delete',
  'route.preview': 'route_preview',
  // Calls are no endpoint of the table: who may see what can be called may call it.
  'route.invoke': 'route_fetch',
  'token.create': 'token_create in the project',
  'token.list': 'token_fetch of the project',
  'token.update': 'token_update of the name of one of the project',
  'token.revoke': 'token_revoke of one of the project',
  'vault.restore': 'vault_version_restore',
  'event.list_project': 'event_fetch of the project',
};

const CASES = (['member', 'outsider'] as const).flatMap((part) =>
  CALLERS.map((role, column) => [role, part, column] as const),
);

function allowed(
  shownBy: Readonly<Record<string, string>>,
  part: 'member' | 'outsider',
  column: number,
): string[] {
  return Object.entries(shownBy)
    .filter(([, row]) => MATRIX[row]?.[part][column] === 'ok')
    .map(([ability]) => ability);
}

describe('the abilities', () => {
  test('are shown by rows of the matrix, and cover every endpoint that is not for anyone', () => {
    const rows = [...Object.values(SHOWN_BY), ...Object.values(SHOWN_IN_PROJECT_BY)];
    expect(rows.filter((row) => MATRIX[row] === undefined)).toEqual([]);
    const abilities = new Set([...Object.keys(SHOWN_BY), ...Object.keys(SHOWN_IN_PROJECT_BY)]);
    const uncovered = (Object.entries(ENDPOINTS) as [EndpointId, Endpoint][]).filter(
      ([id, { action }]) =>
        !PUBLIC_ENDPOINTS.includes(id) && (action === undefined || !abilities.has(action)),
    );
    expect(uncovered.map(([id]) => id)).toEqual([]);
  });
});

describe.each(ENGINES)('the abilities on %s', () => {
  test.each(CASES)(
    'of %s as %s are what the matrix allows, no more and no less',
    async (role, part, column) => {
      await using server = await startTestServer();
      const { caller, root, project_id } = await enter(await start(server), role, part === 'member');
      const me = await caller.ok('user_me');
      expect(me.abilities.toSorted()).toEqual(allowed(SHOWN_BY, part, column).toSorted());
      const inProject = allowed(SHOWN_IN_PROJECT_BY, part, column);
      if (!inProject.includes('project.view')) {
        expect(inProject).toEqual([]);
        expect(await caller.refused('project_fetch_one', { project_id })).toBe('project_not_found');
        return;
      }
      const expected = { is_member: part === 'member', abilities: inProject.toSorted() };
      const { project } = await caller.ok('project_fetch_one', { project_id });
      const { projects } = await caller.ok('project_fetch', { filter: project_id });
      for (const shown of [project, projects[0]]) {
        expect({ is_member: shown.is_member, abilities: shown.abilities.toSorted() }).toEqual(expected);
      }
      // What they are told is about them, not about who asks next.
      const seenByRoot = (await root.ok('project_fetch_one', { project_id })).project;
      expect(seenByRoot.is_member).toBe(false);
      for (const ability of seenByRoot.abilities)
        expect(endpointOf(SHOWN_IN_PROJECT_BY[ability] ?? '')).not.toMatch(/^vault/);
    },
  );

  test('in the answer to a change are those after it', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const created = await root.ok('project_create', { id: 'shop', name: 'Shop', api_path: '/shop' });
    expect(created.project).toMatchObject({ is_member: true, members: 1 });
    expect(created.project.abilities).toContain('vault.view');
    const self = { project_id: 'shop', uid: root.uid };
    const left = await root.ok('project_member_remove', { ...self, force: true });
    expect(left.project).toMatchObject({ is_member: false, members: 0 });
    expect(left.project.abilities).not.toContain('vault.view');
    expect(left.project.abilities).toContain('member.add');
    const updated = await root.ok('project_update', { project_id: 'shop', name: 'Store' });
    expect(updated.project).toEqual({ ...left.project, name: 'Store' });
    const joined = await root.ok('project_member_add', self);
    expect(joined.project.abilities.toSorted()).toEqual(created.project.abilities.toSorted());
  });
});

describe.each(ENGINES)('the list of projects on %s', () => {
  test('holds with member=true only those that the caller is a member of, for ROOT too', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const admin = await server.user(root, 'ADMIN');
    const [own, theirs] = [await server.project(root), await server.project(admin)];
    const idsOf = async (client: typeof root, input: Record<string, unknown>): Promise<string[]> => {
      const { projects, amount } = await client.ok('project_fetch', input);
      expect(amount).toBe(projects.length);
      return projects.map(({ id }: { id: string }) => id);
    };
    expect(await idsOf(root, {})).toEqual([own, theirs]);
    expect(await idsOf(root, { member: false })).toEqual([own, theirs]);
    expect(await idsOf(root, { member: true })).toEqual([own]);
    expect(await idsOf(root, { member: true, filter: theirs })).toEqual([]);
    // To others it makes no difference.
    for (const input of [{}, { member: false }, { member: true }])
      expect(await idsOf(admin, input)).toEqual([theirs]);
    for (const member of ['', '1', 'yes', 'TRUE']) {
      const { body } = await root.call('project_fetch', { member });
      expect(body).toMatchObject({ code: 'invalid_input', errors: [{ path: 'member' }] });
    }
  });

  test('says of each project how many members it has, and whether the caller is one', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const admin = await server.user(root, 'ADMIN');
    const viewer = await server.user(root, 'VIEWER');
    const [own, theirs] = [await server.project(root), await server.project(admin)];
    for (const project_id of [own, theirs])
      await root.ok('project_member_add', { project_id, uid: viewer.uid });
    const { projects } = await root.ok('project_fetch');
    expect(projects).toMatchObject([
      { id: own, members: 2, is_member: true },
      { id: theirs, members: 2, is_member: false },
    ]);
  });
});

describe.each(ENGINES)('the candidates of a project on %s', () => {
  test('are the users who are no members, with their names alone', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const admin = await server.user(root, 'ADMIN');
    const viewer = await server.user(root, 'VIEWER');
    const project_id = await server.project(admin);
    const { candidates, amount } = await admin.ok('project_member_candidate_fetch', { project_id });
    expect(amount).toBe(2);
    expect(candidates).toEqual([
      { uid: root.uid, username: 'root', first_name: 'Rosa', last_name: 'Root' },
      { uid: viewer.uid, username: viewer.username, first_name: 'Test', last_name: 'VIEWER' },
    ]);
    await admin.ok('project_member_add', { project_id, uid: viewer.uid });
    expect((await admin.ok('project_member_candidate_fetch', { project_id })).candidates).toMatchObject([
      { uid: root.uid },
    ]);
    await admin.ok('project_member_remove', { project_id, uid: viewer.uid });
    expect((await admin.ok('project_member_candidate_fetch', { project_id })).amount).toBe(2);
    // Who is a member elsewhere is a candidate here.
    const elsewhere = await server.project(root);
    await root.ok('project_member_add', { project_id: elsewhere, uid: viewer.uid });
    expect((await admin.ok('project_member_candidate_fetch', { project_id })).amount).toBe(2);
  });
});
