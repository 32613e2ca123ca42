import type { EndpointId } from '@coffer/contract';
import { Client, type Answer } from '../src/testing/client.ts';
import { Issuer } from '../src/testing/issuer.ts';
import { PASSWORD, startTestServer, type TestServer } from '../src/testing/server.ts';

/** A server that may ask an issuer of identity tokens. */
export async function startWithIssuer() {
  const issuer = await Issuer.start();
  const server = await startTestServer({ config: { egressAllow: [issuer.url] } });
  return {
    server,
    issuer,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await issuer[Symbol.asyncDispose]();
    },
  };
}

/**
 * Calls every endpoint of an empty instance once, with success, in one story from setting up to signing out. Answers
 * with what each said; lists are not empty, and optional fields are given.
 */
export async function callEveryEndpoint({
  server,
  issuer,
}: {
  server: TestServer;
  issuer: Issuer;
}): Promise<Map<EndpointId, Answer>> {
  const answers = new Map<EndpointId, Answer>();
  const root = server.anonymous();
  const call = callerOf(root, answers);
  await call('health');
  await call('ready');
  await signInAndManageUsers(server, root, call);
  const friend = await server.user(root, 'ADMIN');
  await manageProject(friend, call);
  await useVault(server, call, issuer);
  await call('event_fetch', {
    type: 'vault_view',
    uid: root.uid,
    from: '2026-01-01T00:00:00Z',
    limit: 5,
    offset: 0,
  });
  await call('project_delete', { project_id: 'shop' });
  await call('user_delete', { uid: friend.uid });
  await call('user_password', { current_password: PASSWORD, new_password: 'harbour-quilt-ember-19' });
  await call('user_logout');
  return answers;
}

/** With another token than that of the story, where one is given. */
type Call = (id: EndpointId, input?: Record<string, unknown>, token?: string) => Promise<Answer>;

/** `call` fails when it was refused, and when the answer does not have the form that the contract gives it. */
function callerOf(client: Client, answers: Map<EndpointId, Answer>): Call {
  return async (id, input, token) => {
    const caller = token === undefined ? client : new Client(client.url, token);
    const answer = await caller.call(id, input);
    if (answer.status >= 400) throw new Error(`${id} was refused: ${answer.text}`);
    answers.set(id, answer);
    return answer;
  };
}

async function signInAndManageUsers(server: TestServer, root: Client, call: Call): Promise<void> {
  const names = { first_name: 'Rosa', last_name: 'Root', password: PASSWORD };
  const setup = await call('setup', {
    setup_token: server.app.setupToken?.expose(),
    username: 'root',
    email: 'root@example.org',
    ...names,
  });
  root.uid = setup.body.user.uid;
  const login = await call('user_login', { auth_data: 'root@example.org', password: PASSWORD });
  root.token = login.body.token;
  const refresh = await call('user_refresh');
  root.token = refresh.body.token;
  await call('user_me');
  const sessions = await call('user_session_fetch', { limit: 10, offset: 0 });
  await call('user_session_delete', {
    id: sessions.body.sessions.find(({ current }: { current: boolean }) => !current).id,
  });
  const created = await call('user_create', {
    username: 'ada',
    email: 'ada@example.org',
    ...names,
    role: 'AUTHOR',
  });
  const { uid } = created.body.user;
  await call('user_fetch', { limit: 2, offset: 0, filter: 'A' });
  await call('user_fetch_one', { uid });
  await call('user_update', {
    uid,
    email: 'a@example.org',
    first_name: 'Ada',
    last_name: '',
    role: 'VIEWER',
  });
  await call('user_password_reset', { uid, new_password: 'harbour-quilt-ember-19' });
}

async function manageProject(friend: Client, call: Call): Promise<void> {
  const project = { project_id: 'shop' };
  await call('project_create', { id: 'shop', name: 'Shop', description: 'What is sold', api_path: '/shop' });
  await call('project_fetch', { limit: 1, offset: 0, filter: 'SHO', member: true });
  await call('project_fetch_one', project);
  await call('project_update', { ...project, name: 'Store', description: '', api_path: '/store' });
  await call('project_member_candidate_fetch', { ...project, limit: 10, offset: 0, filter: 'adm' });
  await call('project_member_add', { ...project, uid: friend.uid });
  await call('project_member_fetch', { ...project, limit: 10, offset: 0, filter: 'r' });
  await call('project_member_remove', { ...project, uid: friend.uid, force: true });
}

async function useTokens(call: Call): Promise<void> {
  const grant = {
    permissions: ['vault.view'],
    environments: ['staging'],
    keys: ['K*'],
    addresses: ['127.0.0.0/8', '::1'],
    valid_from: '2026-01-01T00:00:00Z',
    valid_to: '2100-01-01T00:00:00Z',
  };
  const request = { kind: 'service', name: 'CI', project_id: 'shop', ...grant };
  const created = await call('token_create', request);
  await call('token_fetch', { project_id: 'shop', limit: 10, offset: 0, filter: 'c' });
  await call('token_me', {}, created.body.token);
  const { id } = created.body.access_token;
  await call('token_update', { id, name: 'CD', ...grant, addresses: null, valid_to: null });
  await call('token_revoke', { id });
}

async function useTrust(call: Call, issuer: Issuer): Promise<void> {
  const identity = { aud: 'coffer', sub: 'repo:acme/shop' };
  const trusted = await call('token_trust_create', {
    project_id: 'shop',
    name: 'Deploy',
    issuer: issuer.url,
    audience: identity.aud,
    subject: identity.sub,
    claims: { ref: 'main' },
    single_use: true,
    ttl_seconds: 60,
    permissions: ['vault.view'],
    environments: ['staging'],
    keys: ['K*'],
    addresses: ['127.0.0.0/8', '::1'],
  });
  await call('token_trust_fetch', { project_id: 'shop', limit: 10, offset: 0, filter: 'd' });
  const iat = Math.floor(Date.now() / 1000);
  const claims = { iss: issuer.url, ...identity, ref: 'main', iat, exp: iat + 60 };
  const { id } = trusted.body.trust;
  await call('token_exchange', { trust_id: id, identity_token: await issuer.token(claims) });
  await call('token_trust_delete', { id });
}

/** The upstream is what there is: the issuer. */
async function useRoutes(server: TestServer, call: Call, issuer: Issuer): Promise<void> {
  const place = { project_id: 'shop', id: 'keys' };
  const entry = { project_id: 'shop', environment: 'staging', key: 'KEY' };
  await call('vault_allow_origins', { ...entry, allowed_origins: [issuer.url], allowed_in_path: true });
  const definition = {
    method: 'POST',
    path: '/keys/:id',
    environment: 'staging',
    description: 'What the issuer signs with.',
    access: 'public',
    rate_per_minute: 5,
    inputs: [
      { name: 'id', in: 'path', type: 'string', max_length: 10, values: ['a', 'b'] },
      { name: 'count', in: 'body', type: 'integer', required: false, minimum: 0, maximum: 5 },
    ],
    request: {
      origin: issuer.url,
      method: 'POST',
      path: '/${{ input.id }}',
      query: [{ name: 'q', value: '${{ input.id }}' }],
      headers: [{ name: 'X-Key', value: '${{ vault.KEY }}' }],
      body: { type: 'json', value: { count: '${{ input.count }}' } },
      auth: { type: 'bearer', token: '${{ vault.KEY }}' },
    },
    response: { statuses: [200, 404], headers: ['content-type'], max_bytes: 1000, redact: 'fail' },
  };
  await call('route_create', { ...place, ...definition, confirm_public: true });
  await call('route_update', { ...place, ...definition, confirm_public: true, if_version: 1 });
  await call('route_preview', { project_id: 'shop', ...definition, example: { id: 'a', count: 1 } });
  await call('route_fetch', { ...entry, limit: 10, offset: 0, filter: 'KEY' });
  await call('route_fetch_one', place);
  await call('route_version_fetch', { ...place, limit: 10, offset: 0 });
  const url = `${server.app.url}/x/store/keys/a`;
  await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' });
  await call('route_call_fetch', { ...place, limit: 10, offset: 0 });
  await call('route_delete', place);
}

async function useVault(server: TestServer, call: Call, issuer: Issuer): Promise<void> {
  const project = { project_id: 'shop' };
  const place = { ...project, environment: 'staging' };
  const entry = { ...place, key: 'KEY' };
  await call('environment_create', { ...project, id: 'staging', name: 'Staging' });
  await call('environment_fetch', project);
  await call('vault_create', { ...entry, value: 'the first value', comment: 'first' });
  await call('vault_update', { ...entry, value: 'two', comment: 'second', if_version: 1 });
  await call('vault_fetch', { ...place, limit: 10, offset: 0, filter: 'k', values: false });
  await call('vault_fetch', { ...place, limit: 10, offset: 0, filter: 'k', values: true });
  await call('vault_watch', { ...place, after: 0 });
  await call('vault_fetch_one', { ...entry, version: 1 });
  await call('vault_version_fetch', { ...entry, limit: 10, offset: 0 });
  await call('vault_version_restore', { ...entry, version: 1 });
  const imported = { value: 'the third value', comment: 'third', if_version: 0 };
  await call('vault_import', {
    ...place,
    entries: [
      { ...imported, key: 'NEW' },
      { ...imported, key: 'KEY', if_version: 3 },
    ],
  });
  await useRoutes(server, call, issuer);
  await useTokens(call);
  await useTrust(call, issuer);
  await call('event_offline', { ...place, used_at: [new Date().toISOString()] });
  await call('vault_delete', { ...place, key: 'NEW' });
  await call('vault_delete', entry);
  await call('environment_delete', { ...project, id: 'staging' });
}
