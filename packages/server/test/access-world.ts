import type { EndpointId } from '@coffer/contract';
import type { Action, Role } from '@coffer/core';
import type { Answer, Client } from '../src/testing/client.ts';
import { PASSWORD, type TestServer } from '../src/testing/server.ts';
import type { Outcome } from './access-matrix.ts';

export const CANARY = 'canary-value-77';
export const NO_PROJECT = 'no_such_project';
const SILENT_ISSUER = 'http://127.0.0.1:1';

/** What the input of a call is made of: who calls, and a project with an entry of two versions. */
export type World = {
  server: TestServer;
  root: Client;
  /** The ADMIN whose project it is. */
  owner: Client;
  caller: Client;
  project_id: string;
};
type Input = Record<string, unknown>;

const NEXT_PASSWORD = { new_password: 'harbour-quilt-ember-19' };
export const NEW_USER = { first_name: 'New', last_name: 'User', password: PASSWORD, role: 'VIEWER' };

/** A valid input for each row of the matrix: were it not for who calls, each would succeed. */
export const INPUTS: Record<string, (world: World) => Input | Promise<Input>> = {
  health: () => ({}),
  ready: () => ({}),
  setup: ({ server }) => ({
    ...NEW_USER,
    role: undefined,
    setup_token: server.app.context.rootKeys.latest.setupToken.expose(),
    username: 'second',
    email: 'second@example.org',
  }),
  user_login: ({ caller }) => ({ auth_data: caller.username, password: PASSWORD }),
  user_me: () => ({}),
  user_refresh: () => ({}),
  user_logout: () => ({}),
  user_password: () => ({ current_password: PASSWORD, ...NEXT_PASSWORD }),
  user_session_fetch: () => ({}),
  'user_session_delete of oneself': async ({ caller }) => ({ id: await sessionOf(caller) }),
  'user_session_delete of another': async ({ root }) => ({ id: await sessionOf(root) }),
  user_create: ({ caller }) => ({
    ...NEW_USER,
    username: `by-${caller.username}`,
    email: `by-${caller.username}@example.org`,
  }),
  user_fetch: () => ({}),
  'user_fetch_one of another': async (world) => ({ uid: await anotherUser(world) }),
  'user_fetch_one of nobody': () => ({ uid: `usr_${'0'.repeat(26)}` }),
  'user_fetch_one of oneself': ({ caller }) => ({ uid: caller.uid }),
  'user_update of another': async (world) => ({ uid: await anotherUser(world), first_name: 'Changed' }),
  'user_update of the role of another': async (world) => ({ uid: await anotherUser(world), role: 'ADMIN' }),
  'user_update of oneself': ({ caller }) => ({
    uid: caller.uid,
    first_name: 'Changed',
    last_name: 'Too',
    email: `changed-${caller.username}@example.org`,
  }),
  'user_update of the role of oneself': ({ caller }) => ({ uid: caller.uid, role: 'ROOT' }),
  'user_update of name and role of oneself': ({ caller }) => ({
    uid: caller.uid,
    first_name: 'Changed',
    role: 'ADMIN',
  }),
  'user_password_reset of another': async (world) => ({ uid: await anotherUser(world), ...NEXT_PASSWORD }),
  'user_password_reset of nobody': () => ({ uid: `usr_${'0'.repeat(26)}`, ...NEXT_PASSWORD }),
  'user_password_reset of oneself': ({ caller }) => ({ uid: caller.uid, ...NEXT_PASSWORD }),
  'user_delete of another': async (world) => ({ uid: await anotherUser(world) }),
  'user_delete of oneself': ({ caller }) => ({ uid: caller.uid }),
  project_create: ({ caller }) => {
    const name = caller.username.replaceAll('-', '_');
    return { id: `of_${name}`, name: 'New', api_path: `/of/${name}` };
  },
  project_fetch: () => ({}),
  'project_fetch of memberships': () => ({ member: true }),
  project_fetch_one: ({ project_id }) => ({ project_id }),
  project_update: ({ project_id }) => ({ project_id, name: 'Changed', description: 'Changed' }),
  project_delete: ({ project_id }) => ({ project_id }),
  project_member_fetch: ({ project_id }) => ({ project_id }),
  project_member_candidate_fetch: ({ project_id }) => ({ project_id, filter: 'user' }),
  'project_member_add of another': async (world) => ({
    project_id: world.project_id,
    uid: await anotherUser(world),
  }),
  'project_member_add of oneself': ({ project_id, caller }) => ({ project_id, uid: caller.uid }),
  project_member_remove: async (world) => {
    const membership = { project_id: world.project_id, uid: await anotherUser(world) };
    await world.root.ok('project_member_add', membership);
    return membership;
  },
  environment_create: ({ project_id }) => ({ project_id, id: 'new', name: 'New' }),
  environment_fetch: ({ project_id }) => ({ project_id }),
  environment_delete: ({ project_id }) => ({ project_id, id: 'staging' }),
  vault_create: ({ project_id }) => ({ project_id, key: 'NEW', value: 'new', comment: 'new' }),
  vault_fetch: ({ project_id }) => ({ project_id }),
  'vault_fetch of values': ({ project_id }) => ({ project_id, values: true }),
  vault_fetch_one: ({ project_id }) => ({ project_id, key: 'KEY' }),
  'vault_fetch_one of an old version': ({ project_id }) => ({ project_id, key: 'KEY', version: 1 }),
  'vault_fetch_one of no environment': ({ project_id }) => ({
    project_id,
    environment: 'missing',
    key: 'KEY',
  }),
  'vault_fetch_one of no entry': ({ project_id }) => ({ project_id, key: 'MISSING' }),
  vault_watch: ({ project_id }) => ({ project_id }),
  vault_update: ({ project_id }) => ({ project_id, key: 'KEY', value: 'changed' }),
  vault_import: ({ project_id }) => ({
    project_id,
    entries: [
      { key: 'KEY', value: 'changed', if_version: 2 },
      { key: 'NEW', value: 'new', comment: 'new' },
    ],
  }),
  'vault_import of no environment': ({ project_id }) => ({
    project_id,
    environment: 'missing',
    entries: [{ key: 'KEY', value: 'changed' }],
  }),
  vault_delete: ({ project_id }) => ({ project_id, key: 'KEY' }),
  vault_version_fetch: ({ project_id }) => ({ project_id, key: 'KEY' }),
  vault_version_restore: ({ project_id }) => ({ project_id, key: 'KEY', version: 1 }),
  vault_allow_origins: ({ project_id }) => ({ project_id, key: 'KEY', allowed_origins: [] }),
  route_create: ({ project_id }) => routeIn(project_id, 'new'),
  'route_create for a value': ({ project_id }) => ({
    ...routeIn(project_id, 'new'),
    request: { ...REQUEST, auth: { type: 'bearer', token: '${{ vault.KEY }}' } },
  }),
  route_fetch: ({ project_id }) => ({ project_id }),
  'route_fetch by key': ({ project_id }) => ({ project_id, environment: 'default', key: 'KEY' }),
  route_fetch_one: ({ project_id }) => ({ project_id, id: 'old' }),
  'route_fetch_one of no route': ({ project_id }) => ({ project_id, id: 'missing' }),
  route_update: ({ project_id }) => routeIn(project_id, 'old'),
  route_delete: ({ project_id }) => ({ project_id, id: 'old' }),
  route_preview: ({ project_id }) => ({ ...routeIn(project_id, 'new'), id: undefined }),
  route_version_fetch: ({ project_id }) => ({ project_id, id: 'old' }),
  route_call_fetch: ({ project_id }) => ({ project_id, id: 'old' }),
  "token_create of one's own": () => personalToken('vault.view'),
  'token_create in the project': ({ project_id }) => serviceToken(project_id, 'project.view'),
  'token_create in the project, for its vault': ({ project_id }) => serviceToken(project_id, 'vault.view'),
  "token_fetch of one's own": () => ({}),
  'token_fetch of the project': ({ project_id }) => ({ project_id }),
  token_me: () => ({}),
  "token_update of one's own": async ({ caller }) => ({
    id: await tokenOf(caller, personalToken('vault.view')),
    permissions: ['vault.list'],
  }),
  "token_update of another's": async ({ root }) => ({
    id: await tokenOf(root, personalToken('vault.view')),
    name: 'Changed',
  }),
  'token_update of the name of one of the project': async (world) => ({
    id: await projectToken(world),
    name: 'Changed',
  }),
  'token_update of the permissions of one of the project': async (world) => ({
    id: await projectToken(world),
    permissions: ['vault.view', 'vault.list'],
  }),
  "token_revoke of one's own": async ({ caller }) => ({
    id: await tokenOf(caller, personalToken('vault.view')),
  }),
  "token_revoke of another's": async ({ root }) => ({
    id: await tokenOf(root, personalToken('vault.view')),
  }),
  'token_revoke of one of the project': async (world) => ({ id: await projectToken(world) }),
  token_trust_create: ({ project_id }) => trustIn(project_id),
  token_trust_fetch: ({ project_id }) => ({ project_id }),
  token_trust_delete: async (world) => ({ id: await trustOf(world) }),
  token_exchange: async (world) => ({ trust_id: await trustOf(world), identity_token: 'x.y.z' }),
  event_offline: ({ project_id }) => ({ project_id, used_at: ['2026-11-23T09:30:00Z'] }),
  event_fetch: () => ({}),
  'event_fetch of the project': ({ project_id }) => ({ project_id }),
};

export function endpointOf(row: string): EndpointId {
  return row.split(' ')[0] as EndpointId;
}

function personalToken(...permissions: Action[]): Input {
  return { kind: 'personal', name: 'Mine', permissions };
}

function serviceToken(project_id: string, ...permissions: Action[]): Input {
  return { kind: 'service', name: 'CI', project_id, permissions };
}

const REQUEST = { origin: 'https://api.example.org', method: 'GET', path: '/' };

function routeIn(project_id: string, id: string): Input {
  return { project_id, id, method: 'GET', path: `/${id}`, request: REQUEST };
}

/** Nobody listens at port 1. */
function trustIn(project_id: string): Input {
  const identity = { issuer: SILENT_ISSUER, audience: 'coffer', subject: 'repo:acme/shop' };
  return { project_id, name: 'Deploy', ...identity, permissions: ['vault.view'] };
}

async function trustOf({ owner, project_id }: World): Promise<string> {
  return (await owner.ok('token_trust_create', trustIn(project_id))).trust.id;
}

async function tokenOf(maker: Client, request: Input): Promise<string> {
  return (await maker.ok('token_create', request)).access_token.id;
}

/** A service token of the project that only its members could make. */
async function projectToken({ owner, project_id }: World): Promise<string> {
  return await tokenOf(owner, serviceToken(project_id, 'vault.view'));
}

async function anotherUser({ server, root }: World): Promise<string> {
  return (await server.user(root, 'VIEWER')).uid;
}

/** The newest one. */
async function sessionOf(client: Client): Promise<string> {
  return (await client.ok('user_session_fetch')).sessions[0].id;
}

/** A project of somebody else's, with an entry of two versions and an environment that holds nothing. */
async function startProject(server: TestServer, owner: Client): Promise<string> {
  const project_id = await server.project(owner);
  const entry = { project_id, key: 'KEY' };
  await owner.ok('environment_create', { project_id, id: 'staging', name: 'Staging' });
  await owner.ok('vault_create', { ...entry, value: CANARY, comment: CANARY });
  await owner.ok('vault_update', { ...entry, value: `${CANARY} 2` });
  await owner.ok('vault_allow_origins', { ...entry, allowed_origins: [REQUEST.origin] });
  await owner.ok('route_create', routeIn(project_id, 'old'));
  return project_id;
}

type Start = { server: TestServer; root: Client; owner: Client; elsewhere: string };

export async function start(server: TestServer): Promise<Start> {
  const root = await server.setUp();
  const owner = await server.user(root, 'ADMIN');
  return { server, root, owner, elsewhere: await server.project(owner) };
}

/** A caller and a project of their own to call about; who is no member of it is one of another project. */
export async function enter(
  { server, root, owner, elsewhere }: Start,
  role: Role,
  isMember: boolean,
): Promise<World> {
  const [caller, project_id] = [await server.user(root, role), await startProject(server, owner)];
  await owner.ok('project_member_add', { project_id: isMember ? project_id : elsewhere, uid: caller.uid });
  return { server, root, owner, caller, project_id };
}

export function outcomeOf({ status, body }: Answer): Outcome {
  return status < 400 ? 'ok' : body.code;
}
