import { ENDPOINTS } from '@coffer/contract';
import {
  ACTIONS,
  checkGrant,
  isGrantable,
  type Action,
  type EnvironmentId,
  type KeyPattern,
  type ProjectId,
  type TokenGrant,
  type TokenKind,
} from '@coffer/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Client } from '../src/testing/client.ts';
import { ENGINES } from '../src/testing/engines.ts';
import { startTestServer } from '../src/testing/server.ts';
import { takeSnapshot } from '../src/testing/snapshot.ts';
import { CALLERS, MATRIX, PUBLIC_ENDPOINTS } from './access-matrix.ts';
import { CANARY, endpointOf, enter, INPUTS, outcomeOf, start, type World } from './access-world.ts';

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
async function withToken(
  world: World,
  kind: TokenKind,
  permissions: readonly Action[],
  limits: Record<string, unknown> = {},
): Promise<World & { tokenId: string }> {
  const { server, caller, project_id } = world;
  const project = kind === 'service' ? { project_id } : {};
  const made = await caller.ok('token_create', { kind, name: 'T', permissions, ...project, ...limits });
  const program = new Client(server.app.url, made.token);
  program.uid = caller.uid;
  program.username = caller.username;
  return { ...world, caller: program, tokenId: made.access_token.id };
}

/** Input for each row, made once by the person whom programs belong to: what is refused changes nothing. */
class Inputs {
  readonly person: World;
  readonly #made = new Map<string, Promise<Record<string, unknown> | undefined>>();

  constructor(person: World) {
    this.person = person;
  }

  async of(row: string): Promise<Record<string, unknown> | undefined> {
    const made = this.#made.get(row) ?? Promise.resolve(INPUTS[row]?.(this.person));
    this.#made.set(row, made);
    return await made;
  }

  async outcomeFor(program: World, row: string): Promise<string> {
    return outcomeOf(await program.caller.call(endpointOf(row), await this.of(row)));
  }

  /** All at once: for calls of which none is to change anything. */
  async outcomesFor(program: World, rows: readonly string[]): Promise<Record<string, string>> {
    const outcomes = rows.map(async (row) => [row, await this.outcomeFor(program, row)] as const);
    return Object.fromEntries(await Promise.all(outcomes));
  }
}

function expected(row: string, kind: TokenKind, permission: Action): string {
  const needs = NEEDS[row];
  if (needs === 'nothing') return NEED_A_USER.has(row) && kind === 'service' ? 'token_not_permitted' : 'ok';
  if (HIDDEN[row] !== undefined) return HIDDEN[row];
  if (row === "token_update of one's own" || row === "token_revoke of one's own")
    return kind === 'service' ? 'token_not_found' : 'token_not_permitted';
  return needs === permission ? (GRANTED[row] ?? 'ok') : 'token_not_permitted';
}

const KINDS = ['personal', 'service'] as const;
const CASES = KINDS.flatMap((kind) =>
  ACTIONS.filter((action) => isGrantable(action, kind)).map((action) => [kind, action] as const),
);

function isRead(row: string): boolean {
  return ENDPOINTS[endpointOf(row)].method === 'GET';
}

describe('what a token must grant', () => {
  test('is said for every call that is not public', () => {
    expect(Object.keys(NEEDS).toSorted()).toEqual(ROWS.toSorted());
  });
});

describe.each(ENGINES)('by what a token grants on %s', () => {
  let everyone: Awaited<ReturnType<typeof start>>;
  /** Its project and its people stay as they are: what changes something has a world of its own. */
  let inputs: Inputs;

  beforeAll(async () => {
    everyone = await start(await startTestServer());
    inputs = new Inputs(await enter(everyone, 'ROOT', true));
  });

  afterAll(async () => await everyone.server[Symbol.asyncDispose]());

  test.each(CASES)('a %s token of ROOT for %s does that and nothing else', async (kind, permission) => {
    const expectations = Object.fromEntries(ROWS.map((row) => [row, expected(row, kind, permission)]));
    const changes = ROWS.filter((row) => expectations[row] === 'ok' && !isRead(row));
    const program = await withToken(inputs.person, kind, [permission]);
    const outcomes = await inputs.outcomesFor(
      program,
      ROWS.filter((row) => !changes.includes(row)),
    );
    for (const row of changes) {
      const person = await enter(everyone, 'ROOT', true);
      outcomes[row] = await new Inputs(person).outcomeFor(await withToken(person, kind, [permission]), row);
    }
    expect(outcomes).toEqual(expectations);
  });

  test.each(['AUTHOR', 'VIEWER'] as const)(
    'a personal token for all there is gives an %s nothing that they do not have',
    async (role) => {
      const person = await enter(everyone, role, true);
      const program = await withToken(person, 'personal', ALL.personal);
      expect(await gainedBy(program, person, role)).toEqual([]);
    },
  );
});

const ALL = {
  personal: ACTIONS.filter((action) => isGrantable(action, 'personal')),
  service: ACTIONS.filter((action) => isGrantable(action, 'service')),
};

/** What the program of someone with this role can do though they cannot. */
async function gainedBy(program: World, person: World, role: 'AUTHOR' | 'VIEWER'): Promise<string[]> {
  const inputs = new Inputs(person);
  const gained: string[] = [];
  // Who signed in has no token that could be looked at.
  for (const row of ROWS.filter((each) => each !== 'token_me')) {
    const outcome = await inputs.outcomeFor(program, row);
    if (outcome === 'ok' && MATRIX[row]?.member[CALLERS.indexOf(role)] !== 'ok') gained.push(row);
  }
  return gained;
}

/** What a token can have that is limited so. */
function grantable(kind: TokenKind, limits: Partial<TokenGrant>): Action[] {
  const grant = { kind, projectId: undefined, environments: undefined, keys: undefined, ...limits };
  return ACTIONS.filter((action) => checkGrant({ ...grant, permissions: [action] }).length === 0);
}

const MINUTE_MS = 60_000;

describe.each(ENGINES)('every call on %s with a token for all there is', () => {
  const all = (outcome: string): Record<string, string> =>
    Object.fromEntries(ROWS.map((row) => [row, outcome]));

  test.each(KINDS)('is refused at once when the %s token is revoked, and changes nothing', async (kind) => {
    await using server = await startTestServer();
    const person = await enter(await start(server), 'ROOT', true);
    const inputs = new Inputs(person);
    const program = await withToken(person, kind, ALL[kind]);
    await program.caller.ok('vault_fetch_one', { project_id: person.project_id, key: 'KEY' });
    for (const row of ROWS) await inputs.of(row);
    await person.caller.ok('token_revoke', { id: program.tokenId });
    const before = await takeSnapshot(server.app.context.store);
    expect(await inputs.outcomesFor(program, ROWS)).toEqual(all('token_invalid'));
    expect(await takeSnapshot(server.app.context.store)).toEqual(before);
  });

  test.each(KINDS)('is refused before the %s token is valid, and from its end on', async (kind) => {
    let now = Date.now();
    await using server = await startTestServer({ clock: () => now });
    const inputs = new Inputs(await enter(await start(server), 'ROOT', true));
    const [from, to] = [now + MINUTE_MS, now + 2 * MINUTE_MS];
    const program = await withToken(inputs.person, kind, ALL[kind], {
      valid_from: new Date(from).toISOString(),
      valid_to: new Date(to).toISOString(),
    });
    for (const row of ROWS) await inputs.of(row);
    now = from - 1;
    expect(await inputs.outcomesFor(program, ROWS)).toEqual(all('token_not_yet_valid'));
    now = from;
    await program.caller.ok('token_me');
    now = to;
    expect(await inputs.outcomesFor(program, ROWS)).toEqual(all('token_expired'));
  });

  test.each(KINDS)('is refused from an address that the %s token leaves out', async (kind) => {
    await using server = await startTestServer();
    const inputs = new Inputs(await enter(await start(server), 'ROOT', true));
    const program = await withToken(inputs.person, kind, ALL[kind], { addresses: ['10.0.0.0/8'] });
    expect(await inputs.outcomesFor(program, ROWS)).toEqual(all('token_address_refused'));
  });

  test.each(['AUTHOR', 'VIEWER'] as const)(
    'gives nothing any more at once when its ADMIN becomes %s',
    async (role) => {
      await using server = await startTestServer();
      const person = await enter(await start(server), 'ADMIN', true);
      const program = await withToken(person, 'personal', ALL.personal);
      await program.caller.ok('vault_fetch_one', { project_id: person.project_id, key: 'KEY' });
      await person.root.ok('user_update', { uid: person.caller.uid, role });
      expect(await gainedBy(program, person, role)).toEqual([]);
    },
  );

  /**
   * Those that succeed, one after the other, none of them with anything of the entry `KEY` in `default`; each of the
   * rest is refused for one of these reasons.
   */
  async function reached(program: World, inputs: Inputs, refusals: readonly string[]): Promise<string[]> {
    const found: string[] = [];
    for (const row of ROWS) {
      const answer = await program.caller.call(endpointOf(row), await inputs.of(row));
      const outcome = outcomeOf(answer);
      expect([row, refusals]).toEqual([row, outcome === 'ok' ? refusals : expect.arrayContaining([outcome])]);
      expect([row, answer.text]).not.toEqual([row, expect.stringMatching(`${CANARY}|"KEY"`)]);
      if (outcome === 'ok') found.push(row);
    }
    return found;
  }

  const OF_NO_PROJECT = {
    personal: ['user_me', 'project_fetch', 'project_fetch of memberships', 'token_me'],
    service: ['project_fetch', 'project_fetch of memberships', 'token_me'],
  };

  test.each(KINDS)('finds no project but that of the %s token', async (kind) => {
    await using server = await startTestServer();
    const everyone = await start(server);
    const inputs = new Inputs(await enter(everyone, 'ROOT', true));
    const { caller, root, project_id } = inputs.person;
    const other = (await enter(everyone, 'ROOT', true)).project_id as ProjectId;
    await root.ok('project_member_add', { project_id: other, uid: caller.uid });
    const permissions = grantable(kind, { projectId: other });
    const program = await withToken(inputs.person, kind, permissions, { project_id: other });
    const refusals = ['project_not_found', 'token_not_found', 'trust_not_found', 'token_not_permitted'];
    expect(await reached(program, inputs, refusals)).toEqual(OF_NO_PROJECT[kind]);
    for (const row of ROWS.filter((each) => permissions.includes(NEEDS[each] as Action))) {
      const input = { project_id, ...(await inputs.of(row)) };
      if (!('project_id' in ((await inputs.of(row)) ?? {}))) continue;
      expect([row, await program.caller.refused(endpointOf(row), input)]).toEqual([row, 'project_not_found']);
    }
    const { projects } = await program.caller.ok('project_fetch');
    expect(projects.map(({ id }: { id: string }) => id)).toEqual([other]);
  });

  test.each(KINDS)('opens no environment that the %s token leaves out', async (kind) => {
    await using server = await startTestServer();
    const inputs = new Inputs(await enter(await start(server), 'ROOT', true));
    const projectId = inputs.person.project_id as ProjectId;
    const environments = ['staging'] as EnvironmentId[];
    const permissions = grantable(kind, { projectId, environments });
    const limits = { project_id: projectId, environments };
    const program = await withToken(inputs.person, kind, permissions, limits);
    // No route is looked up before its environment is known.
    const found = await reached(program, inputs, [
      'token_not_permitted',
      'token_not_found',
      'route_not_found',
    ]);
    expect(found).toEqual([
      ...(kind === 'personal' ? ['user_me'] : []),
      'project_fetch',
      'project_fetch of memberships',
      'project_fetch_one',
      'environment_fetch',
      'route_fetch',
      'token_me',
    ]);
    const { routes } = await program.caller.ok('route_fetch', { project_id: projectId });
    expect(routes).toEqual([]);
  });

  test.each(KINDS)('touches no key that the %s token leaves out', async (kind) => {
    await using server = await startTestServer();
    const inputs = new Inputs(await enter(await start(server), 'ROOT', true));
    const projectId = inputs.person.project_id as ProjectId;
    const keys = ['OTHER_*'] as KeyPattern[];
    const permissions = grantable(kind, { projectId, keys });
    const program = await withToken(inputs.person, kind, permissions, { project_id: projectId, keys });
    const found = await reached(program, inputs, [
      'token_not_permitted',
      'token_not_found',
      'environment_not_found',
      'route_not_found',
    ]);
    const ofRoutesWithoutKeys =
      kind === 'personal'
        ? ['route_create', 'route_fetch', 'route_fetch_one', 'route_update', 'route_delete', 'route_preview']
        : ['route_fetch', 'route_fetch_one', 'route_preview', 'route_version_fetch'];
    expect(found).toEqual([
      ...(kind === 'personal' ? ['user_me'] : []),
      'project_fetch',
      'project_fetch of memberships',
      'project_fetch_one',
      'environment_fetch',
      // Lists, of what its keys cover.
      'vault_fetch',
      'vault_fetch of values',
      'vault_watch',
      ...ofRoutesWithoutKeys,
      'token_me',
      'event_offline',
    ]);
    expect((await program.caller.ok('vault_fetch', { project_id: projectId })).amount).toBe(0);
  });
});
