import type { EndpointId } from '@coffer/contract';
import { sql } from 'kysely';
import { Client } from '../../src/testing/client.ts';
import { Issuer } from '../../src/testing/issuer.ts';
import { PASSWORD, startTestServer, type TestServer } from '../../src/testing/server.ts';

export const CALLERS = ['ROOT', 'ADMIN', 'VIEWER', 'nobody'] as const;
export type CallerName = (typeof CALLERS)[number];

const ROUTE = {
  method: 'POST',
  path: '/charges/:id',
  environment: 'default',
  description: 'Charges a card.',
  access: 'public',
  rate_per_minute: 5,
  inputs: [
    { name: 'id', in: 'path', type: 'string', required: true, max_length: 10 },
    { name: 'amount', in: 'body', type: 'integer', required: false, minimum: 1, maximum: 100 },
  ],
  request: {
    origin: 'https://api.example.org',
    method: 'POST',
    path: '/v1/${{ input.id }}',
    query: [{ name: 'q', value: "${{ base64('text') }}" }],
    headers: [{ name: 'X-Key', value: 'k=${{ vault.DATABASE_URL }}' }],
    body: { type: 'json', value: { amount: '${{ input.amount }}', list: [1, 'two', null] } },
    auth: { type: 'basic', username: 'u', password: '${{ vault.DATABASE_URL }}' },
  },
  response: { statuses: [200], headers: ['content-type'], max_bytes: 1000, redact: 'fail', retries: 0 },
};

/** A small instance in which every endpoint has something to do, and which can be put back as it was. */
export type World = {
  server: TestServer;
  /** Of identity tokens. */
  issuer: Issuer;
  callers: Record<CallerName, Client>;
  /** Of a browser in which each is signed in, too. */
  cookies: Record<CallerName, string>;
  /** What is valid for ROOT, for each endpoint. */
  inputs: Record<EndpointId, Record<string, unknown>>;
  /** Values that exist, to be put where they do not belong. */
  known: readonly string[];
};

export async function makeWorld(): Promise<World> {
  const issuer = await Issuer.start();
  const server = await startTestServer({ config: { egressAllow: [issuer.url] } });
  const root = await server.setUp();
  const admin = await server.user(root, 'ADMIN');
  const viewer = await server.user(root, 'VIEWER');
  const author = await server.user(root, 'AUTHOR');
  const project = await server.project(admin);
  const hidden = await server.project(root);
  for (const { uid } of [root, viewer]) await root.ok('project_member_add', { project_id: project, uid });
  for (const id of ['staging', 'production']) {
    await admin.ok('environment_create', { project_id: project, id, name: id });
  }
  const place = { project_id: project };
  await admin.ok('vault_create', { ...place, key: 'DATABASE_URL', value: 'one', comment: 'a remark' });
  await admin.ok('vault_update', { ...place, key: 'DATABASE_URL', value: 'two' });
  await admin.ok('vault_create', { ...place, environment: 'production', key: 'API_KEY', value: 'three' });
  const { access_token: token } = await admin.ok('token_create', {
    kind: 'service',
    name: 'CI',
    project_id: project,
    permissions: ['vault.view'],
  });
  const { trust } = await admin.ok('token_trust_create', {
    project_id: project,
    name: 'Deploy',
    issuer: issuer.url,
    single_use: false,
    audience: 'coffer',
    subject: 'repo:acme/shop',
    permissions: ['vault.view'],
  });
  await admin.ok('vault_allow_origins', {
    ...place,
    key: 'DATABASE_URL',
    allowed_origins: [ROUTE.request.origin],
  });
  await admin.ok('route_create', {
    ...place,
    id: 'old',
    ...ROUTE,
    confirm_public: true,
    path: '/old',
    inputs: [],
    request: { ...ROUTE.request, path: '/', body: null },
  });
  await server.anonymous().signIn('user_login', { auth_data: root.username, password: PASSWORD });
  return {
    server,
    issuer,
    cookies: {
      ROOT: await cookieOf(root),
      ADMIN: await cookieOf(admin),
      VIEWER: await cookieOf(viewer),
      nobody: '',
    },
    callers: { ROOT: root, ADMIN: admin, VIEWER: viewer, nobody: server.anonymous() },
    inputs: validInputs({
      project,
      session: (await root.ok('user_session_fetch')).sessions.at(-1).id,
      token: token.id,
      trust: trust.id,
      identityToken: await issuer.token({
        iss: issuer.url,
        aud: 'coffer',
        sub: 'repo:acme/shop',
        iat: Math.floor(Date.now() / 1000),
        exp: Math.floor(Date.now() / 1000) + 3600,
      }),
      author,
      admin,
      setupToken: server.app.context.rootKeys.latest.setupToken.expose(),
    }),
    known: [
      root.uid,
      admin.uid,
      viewer.uid,
      author.uid,
      token.id,
      project,
      hidden,
      'staging',
      'DATABASE_URL',
      'API_KEY',
      '/p1',
    ],
  };
}

async function cookieOf({ url, username }: Client): Promise<string> {
  const { headers } = await new Client(url).call('user_login', { auth_data: username, password: PASSWORD });
  return headers.getSetCookie()[0]?.split(';')[0] ?? '';
}

/** Those who may write the audit entry of a success name their request. */
export async function isOnRecord({ server }: World, requestId: string): Promise<boolean> {
  const { rows } = await sql<{
    body: string;
  }>`select body from audit_entry order by idx desc limit 200`.execute(server.app.context.store.db);
  return rows.some(({ body }) => body.includes(`"${requestId}"`));
}

function validInputs(given: {
  project: string;
  /** Of ROOT, and another than their requests are sent in. */
  session: string;
  /** A service token of the project. */
  token: string;
  /** Of the project. */
  trust: string;
  /** That it accepts. */
  identityToken: string;
  author: Client;
  admin: Client;
  setupToken: string;
}): Record<EndpointId, Record<string, unknown>> {
  const { project, session, token, trust, identityToken, author, admin, setupToken } = given;
  const names = { username: 'new-user', email: 'new@example.org', first_name: 'New', last_name: 'User' };
  const place = { project_id: project, environment: 'default' };
  const entry = { ...place, key: 'DATABASE_URL' };
  const page = { limit: '10', offset: '0', filter: '' };
  const route = { project_id: project, id: 'old' };
  return {
    health: {},
    ready: {},
    setup: { setup_token: setupToken, ...names, password: PASSWORD },
    user_login: { auth_data: admin.username, password: PASSWORD },
    user_refresh: {},
    user_logout: {},
    user_me: {},
    user_create: { ...names, password: PASSWORD, role: 'VIEWER' },
    user_fetch: page,
    user_fetch_one: { uid: author.uid },
    user_update: { uid: author.uid, email: 'a@example.org', first_name: 'A', last_name: 'B', role: 'VIEWER' },
    user_password: { current_password: PASSWORD, new_password: 'another-violet-pebble-14' },
    user_password_reset: { uid: author.uid, new_password: 'another-violet-pebble-14' },
    user_session_fetch: { limit: '10', offset: '0' },
    user_session_delete: { id: session },
    user_delete: { uid: author.uid },
    project_create: { id: 'new_project', name: 'New', description: 'A new one.', api_path: '/new/one' },
    project_fetch: { ...page, member: 'true' },
    project_fetch_one: { project_id: project },
    project_update: { project_id: project, name: 'Renamed', description: '', api_path: '/renamed' },
    project_delete: { project_id: project },
    project_member_fetch: { project_id: project, ...page },
    project_member_candidate_fetch: { project_id: project, ...page },
    project_member_add: { project_id: project, uid: author.uid },
    project_member_remove: { project_id: project, uid: admin.uid, force: true },
    environment_create: { project_id: project, id: 'review', name: 'Review' },
    environment_fetch: { project_id: project },
    environment_delete: { project_id: project, id: 'staging' },
    vault_create: { ...place, key: 'NEW_KEY', value: 'a value', comment: 'a comment' },
    vault_fetch: { ...place, ...page, values: 'true' },
    vault_fetch_one: { ...entry, version: '1' },
    vault_watch: { ...place, after: '1' },
    vault_update: { ...entry, value: 'another value', comment: 'another comment', if_version: 2 },
    vault_import: {
      ...place,
      entries: [
        { key: 'DATABASE_URL', value: 'another value', comment: 'another comment', if_version: 2 },
        { key: 'NEW_KEY', value: 'a value', if_version: 0 },
      ],
    },
    vault_delete: entry,
    vault_version_fetch: { ...entry, limit: '10', offset: '0' },
    vault_version_restore: { ...entry, version: 1 },
    vault_allow_origins: {
      ...entry,
      allowed_origins: ['https://api.example.org', 'https://[2606:4700::1111]:8443'],
      allowed_in_path: true,
    },
    route_create: { project_id: project, id: 'charge', ...ROUTE, confirm_public: true },
    route_fetch: { ...entry, ...page },
    route_fetch_one: route,
    route_update: { ...route, ...ROUTE, path: '/changed/:id', confirm_public: true, if_version: 1 },
    route_delete: route,
    route_preview: { project_id: project, ...ROUTE, example: { id: 'a', amount: 5 } },
    route_version_fetch: { ...route, limit: '10', offset: '0' },
    route_call_fetch: { ...route, limit: '10', offset: '0' },
    token_create: {
      kind: 'service',
      name: 'CI',
      project_id: project,
      permissions: ['vault.view', 'vault.list'],
      environments: ['default'],
      keys: ['DATABASE_*'],
      addresses: ['10.0.0.0/8', '::1'],
      valid_from: '2026-01-01T00:00:00Z',
      valid_to: '2100-01-01T00:00:00+01:00',
    },
    token_fetch: { project_id: project, ...page },
    token_me: {},
    token_update: {
      id: token,
      name: 'CD',
      permissions: ['vault.view'],
      environments: ['default', 'staging'],
      keys: null,
      addresses: ['10.0.0.1'],
      valid_from: '2026-01-01T00:00:00Z',
      valid_to: null,
    },
    token_revoke: { id: token },
    token_trust_create: {
      project_id: project,
      name: 'Deploy',
      issuer: 'https://issuer.example.org',
      audience: 'coffer',
      subject: 'repo:acme/shop',
      claims: { ref: 'main', run: 7, final: true },
      single_use: false,
      ttl_seconds: 600,
      permissions: ['vault.view', 'vault.list'],
      environments: ['default'],
      keys: ['DATABASE_*'],
      addresses: ['10.0.0.0/8'],
    },
    token_trust_fetch: { project_id: project, ...page },
    token_trust_delete: { id: trust },
    token_exchange: { trust_id: trust, identity_token: identityToken },
    event_offline: { ...place, used_at: ['2026-11-23T09:30:00Z', '2026-11-23T09:31:00+01:00'] },
    event_fetch: {
      project_id: project,
      type: 'vault_view',
      uid: admin.uid,
      from: '2020-01-01T00:00:00Z',
      to: '2100-01-01T00:00:00+01:00',
      limit: '10',
      offset: '0',
    },
  };
}
