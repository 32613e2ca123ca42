import { describe, expect, test } from 'vitest';
import { ENGINES } from '../src/testing/engines.ts';
import { PASSWORD, startTestServer } from '../src/testing/server.ts';
import type { Outcome } from './access-matrix.ts';
import { endpointOf, enter, INPUTS, NEW_USER, outcomeOf, start, type World } from './access-world.ts';

/** Calls that open the vault, in an order in which each still finds what it needs. */
const VAULT_ROWS = [
  'vault_create',
  'vault_fetch',
  'vault_fetch of values',
  'vault_fetch_one',
  'vault_fetch_one of an old version',
  'vault_import',
  'vault_update',
  'vault_version_fetch',
  'vault_version_restore',
  'vault_delete',
  'environment_create',
  'environment_fetch',
  'environment_delete',
];

/** What comes of every call that opens the vault, with the token that the caller has. */
async function tryVault(world: World): Promise<Outcome[]> {
  const outcomes = new Set<Outcome>();
  for (const row of VAULT_ROWS) {
    outcomes.add(outcomeOf(await world.caller.call(endpointOf(row), await INPUTS[row]?.(world))));
  }
  return [...outcomes];
}

describe.each(ENGINES)('the next request with a token that was issued before, on %s (R15)', () => {
  test.each(['AUTHOR', 'VIEWER'] as const)('has lost the vault when its user became %s', async (role) => {
    await using server = await startTestServer();
    const world = await enter(await start(server), 'ADMIN', true);
    await world.caller.ok('vault_fetch', { project_id: world.project_id });
    await world.root.ok('user_update', { uid: world.caller.uid, role });
    expect(await tryVault(world)).toEqual(['forbidden']);
    expect((await world.caller.ok('user_me')).user.role).toBe(role);
  });

  test.each(['AUTHOR', 'VIEWER'] as const)(
    'has got the vault when its user was %s and became ADMIN',
    async (role) => {
      await using server = await startTestServer();
      const world = await enter(await start(server), role, true);
      await world.caller.refused('vault_fetch', { project_id: world.project_id });
      await world.root.ok('user_update', { uid: world.caller.uid, role: 'ADMIN' });
      expect(await tryVault(world)).toEqual(['ok']);
    },
  );

  test('has lost what ROOT alone may do when its user was demoted, by themselves too', async () => {
    await using server = await startTestServer();
    const { caller } = await enter(await start(server), 'ROOT', false);
    await caller.ok('user_fetch');
    await caller.ok('user_update', { uid: caller.uid, role: 'ADMIN' });
    expect(await caller.refused('user_fetch')).toBe('forbidden');
    expect(await caller.refused('user_update', { uid: caller.uid, role: 'ROOT' })).toBe('forbidden');
  });

  test('has lost the project when its user is no member any more, and has it back when they are', async () => {
    await using server = await startTestServer();
    const world = await enter(await start(server), 'ADMIN', true);
    const membership = { project_id: world.project_id, uid: world.caller.uid };
    await world.caller.ok('vault_fetch', { project_id: world.project_id });
    await world.root.ok('project_member_remove', membership);
    expect(await tryVault(world)).toEqual(['project_not_found']);
    expect((await world.caller.ok('project_fetch')).amount).toBe(0);
    await world.root.ok('project_member_add', membership);
    expect(await tryVault(world)).toEqual(['ok']);
  });

  test('sees the project but does not open it when its ROOT is no member any more', async () => {
    await using server = await startTestServer();
    const world = await enter(await start(server), 'ROOT', true);
    await world.caller.ok('vault_fetch', { project_id: world.project_id });
    await world.caller.ok('project_member_remove', { project_id: world.project_id, uid: world.caller.uid });
    expect(await tryVault(world)).toEqual(['membership_required']);
    await world.caller.ok('project_fetch_one', { project_id: world.project_id });
  });

  test('finds nothing when the project was deleted, also when there is a new one of that id', async () => {
    await using server = await startTestServer();
    const world = await enter(await start(server), 'ADMIN', true);
    await world.root.ok('project_delete', { project_id: world.project_id });
    expect(await tryVault(world)).toEqual(['project_not_found']);
    await world.root.ok('project_create', { id: world.project_id, name: 'Another', api_path: '/another' });
    expect(await tryVault(world)).toEqual(['project_not_found']);
  });

  test('is nobody when the session was signed out; the other sessions of the user stand', async () => {
    await using server = await startTestServer();
    const world = await enter(await start(server), 'ADMIN', true);
    const elsewhere = server.anonymous();
    await elsewhere.signIn('user_login', { auth_data: world.caller.username, password: PASSWORD });
    await world.caller.ok('user_logout');
    expect(await tryVault(world)).toEqual(['session_ended']);
    expect(await world.caller.refused('user_me')).toBe('session_ended');
    expect(await world.caller.refused('user_refresh')).toBe('session_ended');
    expect(await world.caller.refused('user_logout')).toBe('session_ended');
    await elsewhere.ok('user_me');
  });

  test('is nobody when the password was changed in another session, which stands', async () => {
    await using server = await startTestServer();
    const world = await enter(await start(server), 'ADMIN', true);
    const elsewhere = server.anonymous();
    await elsewhere.signIn('user_login', { auth_data: world.caller.username, password: PASSWORD });
    await elsewhere.ok('user_password', {
      current_password: PASSWORD,
      new_password: 'harbour-quilt-ember-19',
    });
    expect(await tryVault(world)).toEqual(['session_ended']);
    await elsewhere.ok('vault_fetch', { project_id: world.project_id });
  });

  test('is nobody when the user was deleted, and stays so when there is a new one of that name', async () => {
    await using server = await startTestServer();
    const world = await enter(await start(server), 'ADMIN', true);
    const { root, caller } = world;
    const { user } = await caller.ok('user_me');
    await root.ok('user_delete', { uid: user.uid });
    expect(await tryVault(world)).toEqual(['session_ended']);
    const { username, email } = user;
    const again = await root.ok('user_create', { ...NEW_USER, username, email, role: 'ADMIN' });
    expect(again.user.uid).not.toBe(user.uid);
    expect(await tryVault(world)).toEqual(['session_ended']);
    expect(await caller.refused('user_me')).toBe('session_ended');
    // Nor has the new one what the old one had.
    const heir = server.anonymous();
    await heir.signIn('user_login', { auth_data: username, password: PASSWORD });
    expect(await heir.refused('project_fetch_one', { project_id: world.project_id })).toBe(
      'project_not_found',
    );
  });
});
