import { ENDPOINTS } from '@coffer/contract';
import { ACTIONS, isGrantable, type Action, type TokenKind } from '@coffer/core';
import { describe, expect, test } from 'vitest';
import { Client } from '../src/testing/client.ts';
import { ENGINES } from '../src/testing/engines.ts';
import { startTestServer } from '../src/testing/server.ts';
import { CALLERS, MATRIX, PUBLIC_ENDPOINTS } from './access-matrix.ts';
import { endpointOf, enter, INPUTS, outcomeOf, start, type World } from './access-world.ts';

type Needs = Action | 'nothing' | 'a session';

/**
 * What a token must grant for a call to succeed, row by row of the matrix of access, for a user who may do all of it.
 * Written from the rules and not from the table of permissions.
 */
const NEEDS: Readonly<Record<string, Needs>> = {
  user_me: 'nothing',
  user_refresh: 'a session',
  user_logout: 'a session',
  user_password: 'a session',
  user_session_fetch: 'a session',
  'user_session_delete of oneself': 'a session',
  'user_session_delete of another': 'a session',
  user_create: 'a session',
  user_fetch: 'user.list',
  'user_fetch_one of another': 'user.view',
  'user_fetch_one of nobody': 'user.view',
  'user_fetch_one of oneself': 'user.view',
  'user_update of another': 'a session',
  'user_update of the role of another': 'a session',
  'user_update of oneself': 'a session',
  'user_update of the role of oneself': 'a session',
  'user_update of name and role of oneself': 'a session',
  'user_password_reset of another': 'a session',
  'user_password_reset of nobody': 'a session',
  'user_password_reset of oneself': 'a session',
  'user_delete of another': 'a session',
  'user_delete of oneself': 'a session',
  project_create: 'project.create',
  project_fetch: 'project.list',
  'project_fetch of memberships': 'project.list',
  project_fetch_one: 'project.view',
  project_update: 'project.update',
  project_delete: 'project.delete',
  project_member_fetch: 'member.list',
  project_member_candidate_fetch: 'member.list_candidates',
  'project_member_add of another': 'member.add',
  'project_member_add of oneself': 'member.add',
  project_member_remove: 'member.remove',
  environment_create: 'environment.create',
  environment_fetch: 'environment.list',
  environment_delete: 'environment.delete',
  vault_create: 'vault.create',
  vault_fetch: 'vault.list',
  vault_watch: 'vault.watch',
  'vault_fetch of values': 'vault.view',
  vault_fetch_one: 'vault.view',
  'vault_fetch_one of an old version': 'vault.view',
  'vault_fetch_one of no environment': 'vault.view',
  'vault_fetch_one of no entry': 'vault.view',
  vault_update: 'vault.update',
  vault_import: 'vault.import',
  'vault_import of no environment': 'vault.import',
  vault_delete: 'vault.delete',
  vault_version_fetch: 'vault.history',
  vault_version_restore: 'vault.restore',
  vault_allow_origins: 'vault.allow_origins',
  route_create: 'route.create',
  'route_create for a value': 'route.create',
  route_fetch: 'route.list',
  'route_fetch by key': 'route.list',
  route_fetch_one: 'route.view',
  'route_fetch_one of no route': 'route.view',
  route_update: 'route.update',
  route_delete: 'route.delete',
  route_preview: 'route.preview',
  route_version_fetch: 'route.view',
  route_call_fetch: 'event.list_project',
  "token_create of one's own": 'a session',
  'token_create in the project': 'token.create',
  'token_create in the project, for its vault': 'token.create',
  "token_fetch of one's own": 'a session',
  'token_fetch of the project': 'token.list',
  token_me: 'nothing',
  "token_update of one's own": 'a session',
  "token_update of another's": 'a session',
  'token_update of the name of one of the project': 'a session',
  'token_update of the permissions of one of the project': 'a session',
  "token_revoke of one's own": 'a session',
  "token_revoke of another's": 'a session',
  'token_revoke of one of the project': 'token.revoke',
  token_trust_create: 'a session',
  token_trust_fetch: 'token.list',
  token_trust_delete: 'token.revoke',
  event_offline: 'vault.view',
  event_fetch: 'event.list',
  'event_fetch of the project': 'event.list_project',
};

const ROWS = Object.keys(MATRIX).filter((row) => !PUBLIC_ENDPOINTS.includes(endpointOf(row)));
/** What comes of a call that is granted, where that is no success. */
const GRANTED: Readonly<Record<string, string>> = {
  'user_fetch_one of nobody': 'user_not_found',
  'project_member_add of oneself': 'member_exists',
  'vault_fetch_one of no environment': 'environment_not_found',
  'vault_fetch_one of no entry': 'entry_not_found',
  'vault_import of no environment': 'environment_not_found',
  'route_fetch_one of no route': 'route_not_found',
  // These take a second permission.
  'route_create for a value': 'token_not_permitted',
  'route_fetch by key': 'token_not_permitted',
  // The token that is made would be able to do what its maker is not.
  'token_create in the project': 'grant_exceeded',
  'token_create in the project, for its vault': 'grant_exceeded',
};
/** Tokens of others are not there, whatever is granted. */
const HIDDEN: Readonly<Record<string, string>> = {
  "token_update of another's": 'token_not_found',
  "token_revoke of another's": 'token_not_found',
};
/** These have nobody whose they could be. */
const NEED_A_USER = new Set(['user_me']);

/** The same world with a program in the place of the caller: it has a token of theirs. */
async function withToken(world: World, kind: TokenKind, ...permissions: Action[]): Promise<World> {
  const { server, caller, project_id } = world;
  const project = kind === 'service' ? { project_id } : {};
  const made = await caller.ok('token_create', { kind, name: 'T', permissions, ...project });
  const program = new Client(server.app.url, made.token);
  program.uid = caller.uid;
  program.username = caller.username;
  return { ...world, caller: program };
}

/** Input for a row is made by the person whom the program belongs to. */
async function outcomeFor(world: World, person: World, row: string): Promise<string> {
  const input = await INPUTS[row]?.(person);
  return outcomeOf(await world.caller.call(endpointOf(row), input));
}

function expected(row: string, kind: TokenKind, permission: Action): string {
  const needs = NEEDS[row];
  if (needs === 'nothing') return NEED_A_USER.has(row) && kind === 'service' ? 'token_not_permitted' : 'ok';
  if (HIDDEN[row] !== undefined) return HIDDEN[row];
  if (row === "token_update of one's own" || row === "token_revoke of one's own")
    return kind === 'service' ? 'token_not_found' : 'token_not_permitted';
  return needs === permission ? (GRANTED[row] ?? 'ok') : 'token_not_permitted';
}

const CASES = (['personal', 'service'] as const).flatMap((kind) =>
  ACTIONS.filter((action) => isGrantable(action, kind)).map((action) => [kind, action] as const),
);

describe('what a token must grant', () => {
  test('is said for every call that is not public', () => {
    expect(Object.keys(NEEDS).toSorted()).toEqual(ROWS.toSorted());
  });
});

describe.each(ENGINES)('by what a token grants on %s', () => {
  test.each(CASES)('a %s token of ROOT for %s does that and nothing else', async (kind, permission) => {
    await using server = await startTestServer();
    const everyone = await start(server);
    const outcomes: Record<string, string> = {};
    let person = await enter(everyone, 'ROOT', true);
    let program = await withToken(person, kind, permission);
    for (const row of ROWS) {
      outcomes[row] = await outcomeFor(program, person, row);
      if (outcomes[row] !== 'ok' || ENDPOINTS[endpointOf(row)].method === 'GET') continue;
      person = await enter(everyone, 'ROOT', true);
      program = await withToken(person, kind, permission);
    }
    expect(outcomes).toEqual(Object.fromEntries(ROWS.map((row) => [row, expected(row, kind, permission)])));
  });

  test.each(['AUTHOR', 'VIEWER'] as const)(
    'a personal token for all there is gives an %s nothing that they do not have',
    async (role) => {
      await using server = await startTestServer();
      const everyone = await start(server);
      const person = await enter(everyone, role, true);
      const all = ACTIONS.filter((action) => isGrantable(action, 'personal'));
      const program = await withToken(person, 'personal', ...all);
      const gained: string[] = [];
      // Who signed in has no token that could be looked at.
      for (const row of ROWS.filter((each) => each !== 'token_me')) {
        const outcome = await outcomeFor(program, person, row);
        if (outcome === 'ok' && MATRIX[row]?.member[CALLERS.indexOf(role)] !== 'ok') gained.push(row);
      }
      expect(gained).toEqual([]);
    },
  );
});
