import type { Client } from '../packages/server/src/testing/client.ts';
import type { ServerProcess } from '../packages/server/src/testing/process.ts';
import { ScriptedServer } from '../packages/server/src/testing/scripted-server.ts';

export const DEMO_PASSWORD = 'violet-anchor-pebble-41';
const DAY_MS = 24 * 60 * 60 * 1000;

const PEOPLE = [
  ['grace', 'Grace', 'Hopper', 'ADMIN'],
  ['linus', 'Linus', 'Park', 'AUTHOR'],
  ['vera', 'Vera', 'Molnár', 'VIEWER'],
  ['kwame', 'Kwame', 'Mensah', 'ADMIN'],
  ['yuki', 'Yuki', 'Tanaka', 'AUTHOR'],
  ['sofia', 'Sofia', 'Rossi', 'VIEWER'],
] as const;

const PROJECTS = [
  ['online_shop', 'Online shop', 'The shop front, its cart and its payments.', ['grace', 'linus', 'vera']],
  ['billing', 'Billing', 'Invoices, dunning and the ledger.', ['grace', 'kwame']],
  ['data_platform', 'Data platform', 'Warehouse, nightly loads and dashboards.', ['kwame', 'yuki', 'sofia']],
  ['mobile_app', 'Mobile app', 'iOS and Android, and their push messages.', ['grace', 'yuki']],
  ['intranet', 'Intranet', 'News, holidays and the lunch menu.', ['sofia']],
] as const;

const ENTRIES = [
  ['DATABASE_URL', 'postgres://shop:8kTq0-demo@db.internal/shop', 'primary; the replica has its own'],
  ['STRIPE_SECRET_KEY', 'sk_test_demo_51Hq8Z', 'payments; rotate with finance'],
  ['STRIPE_WEBHOOK_SECRET', 'whsec_demo_9f2c', ''],
  ['SMTP_PASSWORD', 'correct-demo-battery', 'mail.example.org'],
  ['JWT_SIGNING_KEY', 'demo-4f9a1c27e8b05d63', 'changing it signs everyone out'],
  ['SENTRY_DSN', 'https://demo@errors.example.org/7', ''],
  ['S3_ACCESS_KEY_ID', 'DEMOACCESSKEY', 'uploads'],
  ['S3_SECRET_ACCESS_KEY', 'demo/secret/wJalrXUt', 'uploads'],
  ['REDIS_URL', 'redis://:demo@cache.internal:6379/0', ''],
  ['MAPS_API_KEY', 'demo-maps-77', 'limited to our domains'],
  ['TLS_PRIVATE_KEY', '-----BEGIN DEMO KEY-----\nMIIEvQIBADANBg\n-----END DEMO KEY-----', 'expires in March'],
  ['FEATURE_FLAGS_TOKEN', 'ff_demo_2c', ''],
] as const;

/** An outside API for the routes of the demo: it answers with what it was sent. Its origin has to be allowed. */
export async function startDemoApi(): Promise<ScriptedServer> {
  return await ScriptedServer.start((response, { method, url, headers }) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ method, url, authorization: headers.authorization ?? null }, null, 2));
  });
}

/** Fills an empty instance as people would over some weeks, through the API. */
export async function fillDemo(server: ServerProcess, apiUrl: string): Promise<{ root: Client }> {
  const root = server.client();
  await root.signIn('setup', {
    setup_token: server.setupToken,
    username: 'ada',
    email: 'ada@example.org',
    first_name: 'Ada',
    last_name: 'Lovelace',
    password: DEMO_PASSWORD,
  });
  const uids = new Map<string, string>();
  for (const [username, first_name, last_name, role] of PEOPLE) {
    const names = { username, email: `${username}@example.org`, first_name, last_name };
    const { user } = await root.ok('user_create', { ...names, password: DEMO_PASSWORD, role });
    uids.set(username, user.uid);
  }
  for (const [id, name, description, members] of PROJECTS) {
    await root.ok('project_create', { id, name, description, api_path: `/${id.replaceAll('_', '-')}` });
    for (const member of members)
      await root.ok('project_member_add', { project_id: id, uid: uids.get(member) });
    await root.ok('environment_create', { project_id: id, id: 'staging', name: 'Staging' });
    for (const [key, value, comment] of ENTRIES)
      await root.ok('vault_create', { project_id: id, key, value, comment });
  }
  await livelyWeek(server, root);
  await addTokens(server, root);
  await addRoutes(server, root, apiUrl);
  return { root };
}

/** Versions by several people, a look at a value, someone who tries what they may not. */
async function livelyWeek(server: ServerProcess, root: Client): Promise<void> {
  const grace = server.client();
  await grace.signIn('user_login', { auth_data: 'grace', password: DEMO_PASSWORD });
  const linus = server.client();
  await linus.signIn('user_login', { auth_data: 'linus', password: DEMO_PASSWORD });
  const place = { project_id: 'online_shop' };
  for (const value of ['sk_test_demo_62Jr9A', 'sk_test_demo_73Ks0B']) {
    await grace.ok('vault_update', { ...place, key: 'STRIPE_SECRET_KEY', value });
  }
  await grace.ok('vault_fetch_one', { ...place, key: 'STRIPE_SECRET_KEY' });
  await root.ok('vault_update', { ...place, key: 'SMTP_PASSWORD', value: 'correct-demo-staple' });
  await root.ok('vault_version_restore', { ...place, key: 'SMTP_PASSWORD', version: 1 });
  await linus.refused('vault_fetch_one', { ...place, key: 'DATABASE_URL' });
  await grace.refused('vault_fetch_one', { project_id: 'intranet', key: 'DATABASE_URL' });
  await server.client().refused('user_login', { auth_data: 'ada', password: 'not the password' });
  await root.ok('vault_create', {
    ...place,
    environment: 'staging',
    key: 'DATABASE_URL',
    value: 'postgres://staging',
  });
}

/** Tokens of a person and of a project, one of them used, one of them for later, and a CI job that needs none. */
async function addTokens(server: ServerProcess, root: Client): Promise<void> {
  const read = ['vault.list', 'vault.view', 'environment.list'];
  const shop = { project_id: 'online_shop' };
  const { token } = await root.ok('token_create', {
    kind: 'personal',
    name: 'Laptop',
    permissions: [...read, 'project.list', 'project.view'],
  });
  const laptop = server.client();
  laptop.token = token;
  await laptop.ok('vault_fetch', shop);
  await root.ok('token_create', {
    kind: 'personal',
    name: 'Script that rotates the Stripe keys',
    permissions: [...read, 'vault.update'],
    ...shop,
    environments: ['default'],
    keys: ['STRIPE_*'],
    valid_to: null,
  });
  const deploy = { ...shop, kind: 'service', permissions: read, addresses: ['10.1.0.0/16'] };
  await root.ok('token_create', { ...deploy, name: 'Deploy to production', environments: ['default'] });
  await root.ok('token_create', {
    ...shop,
    kind: 'service',
    name: 'Nightly backup',
    permissions: ['vault.list', 'vault.history'],
    valid_from: new Date(Date.now() + 7 * DAY_MS).toISOString(),
    valid_to: new Date(Date.now() + 97 * DAY_MS).toISOString(),
  });
  await root.ok('token_trust_create', {
    ...shop,
    name: 'Deploy workflow',
    issuer: 'https://token.actions.githubusercontent.com',
    audience: 'https://coffer.example.org',
    subject: 'repo:acme/online-shop:ref:refs/heads/main',
    claims: { repository_id: '74810213' },
    permissions: read,
    environments: ['default', 'staging'],
  });
}

/** Routes to the API of the demo, one of them changed, one for anyone, and calls of them that went well or did not. */
async function addRoutes(server: ServerProcess, root: Client, apiUrl: string): Promise<void> {
  const shop = { project_id: 'online_shop', environment: 'default' };
  await root.ok('vault_allow_origins', {
    ...shop,
    key: 'STRIPE_SECRET_KEY',
    allowed_origins: [apiUrl, 'https://api.stripe.com'],
  });
  await root.ok('vault_allow_origins', {
    ...shop,
    key: 'MAPS_API_KEY',
    allowed_origins: ['https://maps.example.org'],
  });
  const charge = {
    ...shop,
    id: 'create_charge',
    method: 'POST',
    path: '/charges',
    description: 'Charges a customer. The amount is in cents.',
    inputs: [
      { name: 'amount', in: 'body', type: 'integer', minimum: 1, description: 'in cents' },
      { name: 'currency', in: 'body', values: ['eur', 'usd'] },
      { name: 'order', in: 'body', description: 'our number', required: false },
    ],
    request: {
      origin: apiUrl,
      method: 'POST',
      path: '/v1/charges',
      headers: [{ name: 'Idempotency-Key', value: '${{ input.order }}' }],
      auth: { type: 'bearer', token: '${{ vault.STRIPE_SECRET_KEY }}' },
      body: {
        type: 'form',
        fields: [
          { name: 'amount', value: '${{ input.amount }}' },
          { name: 'currency', value: '${{ input.currency }}' },
        ],
      },
    },
  };
  await root.ok('route_create', { ...charge, description: 'Charges a customer.', access: 'members' });
  await root.ok('route_update', { ...charge, if_version: 1 });
  await root.ok('route_create', {
    ...shop,
    id: 'find_address',
    method: 'GET',
    path: '/addresses/:postcode',
    description: 'The streets of a postcode, for the form of the checkout.',
    access: 'public',
    confirm_public: true,
    inputs: [{ name: 'postcode', in: 'path', max_length: 10 }],
    request: {
      origin: 'https://maps.example.org',
      method: 'GET',
      path: '/streets/${{ input.postcode }}',
      query: [{ name: 'key', value: '${{ vault.MAPS_API_KEY }}' }],
    },
  });
  await root.ok('route_create', {
    ...shop,
    id: 'list_charges',
    method: 'GET',
    path: '/charges',
    request: { ...charge.request, method: 'GET', headers: [], body: null },
  });
  await callRoutes(server);
}

async function callRoutes(server: ServerProcess): Promise<void> {
  const linus = server.client();
  await linus.signIn('user_login', { auth_data: 'linus', password: DEMO_PASSWORD });
  const headers = { authorization: `Bearer ${linus.token}`, 'content-type': 'application/json' };
  for (const body of [
    { amount: 4200, currency: 'eur' },
    { amount: 0, currency: 'eur' },
    { amount: 990, currency: 'usd', order: '7-1180' },
  ])
    await fetch(`${server.url}/x/online-shop/charges`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
}
