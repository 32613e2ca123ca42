import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  answerSchema,
  ENDPOINTS,
  openApiDocument,
  problem,
  type Endpoint,
  type EndpointId,
} from '@coffer/contract';
import { ERRORS, type ErrorCode } from '@coffer/core';
import { describe, expect, test } from 'vitest';
import { registerEndpoints } from '../src/http/router.ts';
import { handlers } from '../src/http/routes/handlers.ts';
import { createServer } from '../src/http/server.ts';
import { createLogger } from '../src/logger.ts';
import { ENGINES } from '../src/testing/engines.ts';
import { startTestServer } from '../src/testing/server.ts';
import { callEveryEndpoint, startWithIssuer } from './every-endpoint.ts';

/**
 * The endpoints as they were promised, copied by hand: call, what it takes, what it gives beside `status` and
 * `message`. `?` marks what may be left out. Outside programs are written against this; lines are added, not changed.
 */
const ROUTE_FIELDS =
  'method path environment? description? access? rate_per_minute? inputs? request response?';

const PROMISED: readonly (readonly [call: string, takes: string, gives: string])[] = [
  ['GET /health', '', 'version'],
  ['GET /ready', '', 'warnings'],
  ['POST /setup', 'setup_token username email first_name last_name password', 'token expires_at user'],
  ['POST /user/login', 'auth_data password', 'token expires_at user'],
  ['POST /user/refresh', '', 'token expires_at user'],
  ['POST /user/logout', '', ''],
  ['GET /user/me', '', 'user abilities'],
  ['POST /user/create', 'username email first_name last_name password role', 'user'],
  ['GET /user/fetch', 'limit? offset? filter?', 'users amount'],
  ['GET /user/fetch/one', 'uid', 'user'],
  ['PATCH /user/update', 'uid email? first_name? last_name? role?', 'user'],
  ['PATCH /user/password', 'current_password new_password', ''],
  ['PATCH /user/password/reset', 'uid new_password', ''],
  ['GET /user/session/fetch', 'limit? offset?', 'sessions amount'],
  ['DELETE /user/session/delete', 'id', ''],
  ['DELETE /user/delete', 'uid', ''],
  ['POST /project/create', 'id name description? api_path', 'project'],
  ['GET /project/fetch', 'limit? offset? filter? member?', 'projects amount'],
  ['GET /project/fetch/one', 'project_id', 'project'],
  ['PATCH /project/update', 'project_id name? description? api_path?', 'project'],
  ['DELETE /project/delete', 'project_id', ''],
  ['GET /project/member/fetch', 'project_id limit? offset? filter?', 'members amount'],
  ['GET /project/member/candidate/fetch', 'project_id limit? offset? filter?', 'candidates amount'],
  ['PATCH /project/member/add', 'project_id uid', 'project'],
  ['PATCH /project/member/remove', 'project_id uid force?', 'project'],
  ['POST /environment/create', 'project_id id name', 'environment'],
  ['GET /environment/fetch', 'project_id', 'environments amount'],
  ['DELETE /environment/delete', 'project_id id', ''],
  ['POST /vault/create', 'project_id environment? key value comment?', 'vault'],
  ['GET /vault/fetch', 'project_id environment? limit? offset? filter? values?', 'vaults amount'],
  ['GET /vault/watch', 'project_id environment? after?', 'changes last more'],
  ['GET /vault/fetch/one', 'project_id environment? key version?', 'vault'],
  ['PATCH /vault/update', 'project_id environment? key value comment? if_version?', 'vault'],
  ['POST /vault/import', 'project_id environment? entries dry_run?', 'created updated unchanged'],
  ['DELETE /vault/delete', 'project_id environment? key', 'routes'],
  ['PATCH /vault/allow/origins', 'project_id environment? key allowed_origins allowed_in_path?', 'vault'],
  ['POST /route/create', `project_id id ${ROUTE_FIELDS} confirm_public?`, 'route'],
  ['GET /route/fetch', 'project_id environment? key? limit? offset? filter?', 'routes amount'],
  ['GET /route/fetch/one', 'project_id id', 'route'],
  ['PATCH /route/update', `project_id id ${ROUTE_FIELDS} confirm_public? if_version?`, 'route'],
  ['DELETE /route/delete', 'project_id id', ''],
  ['POST /route/preview', `project_id ${ROUTE_FIELDS} example?`, 'preview keys problems errors'],
  ['GET /route/version/fetch', 'project_id id limit? offset?', 'versions amount'],
  ['GET /route/call/fetch', 'project_id id limit? offset?', 'calls amount'],
  ['GET /vault/version/fetch', 'project_id environment? key limit? offset?', 'versions amount'],
  ['PATCH /vault/version/restore', 'project_id environment? key version', 'vault'],
  [
    'POST /token/create',
    'kind name project_id? permissions environments? keys? addresses? valid_from? valid_to?',
    'token access_token',
  ],
  ['GET /token/fetch', 'project_id? limit? offset? filter?', 'access_tokens amount'],
  ['GET /token/me', '', 'access_token'],
  [
    'PATCH /token/update',
    'id name? permissions? environments? keys? addresses? valid_from? valid_to?',
    'access_token',
  ],
  ['DELETE /token/revoke', 'id', ''],
  [
    'POST /token/trust/create',
    'project_id name issuer audience subject claims? single_use? ttl_seconds? permissions environments? keys? addresses?',
    'trust',
  ],
  ['GET /token/trust/fetch', 'project_id limit? offset? filter?', 'trusts amount'],
  ['DELETE /token/trust/delete', 'id', ''],
  ['POST /token/exchange', 'trust_id identity_token', 'token access_token'],
  ['POST /event/offline', 'project_id environment? used_at', ''],
  ['GET /event/fetch', 'project_id? type? uid? from? to? limit? offset?', 'events amount'],
];

const SHAPES = {
  user: 'uid username email first_name last_name role created_at',
  project: 'id name description api_path members is_member abilities created_at',
  member: 'uid username email first_name last_name role',
  candidate: 'uid username first_name last_name',
  session: 'id created_at expires_at ip user_agent current',
  environment: 'id name created_at',
  vault:
    'project_id environment key comment version allowed_origins allowed_in_path created_at created_by updated_at updated_by',
  vaultWithValue:
    'project_id environment key comment version allowed_origins allowed_in_path created_at created_by updated_at updated_by value',
  version: 'version created_at created_by current',
  by: 'uid username',
  accessToken:
    'id kind name project_id permissions environments keys addresses valid_from valid_to created_at created_by last_used_at last_used_ip',
  trust:
    'id project_id name issuer audience subject claims single_use ttl_seconds permissions environments keys addresses created_at created_by',
  route: 'project_id id version digest saved_at saved_by url definition keys',
  routeSummary:
    'project_id id version digest saved_at saved_by url method path environment description access inputs origin',
  routeDefinition: 'method path environment description access rate_per_minute inputs request response',
  routeVersion: 'version digest saved_at saved_by current definition',
  call: 'index at uid username ip version state code reason status bytes duration_ms redactions',
  change: 'index type key at',
  event: 'index type at outcome uid username project_id environment object ip request_id details',
};

const DEFINITIONS = Object.entries<Endpoint>(ENDPOINTS);

type Schema = { properties?: Record<string, unknown>; required?: string[] };
type Operation = {
  parameters?: { name: string; required: boolean }[];
  requestBody?: { content: { 'application/json': { schema: Schema } } };
  responses: Record<string, { content: { 'application/json': { schema: Schema } } }>;
};

/** What is said of a call, such as `GET /health`, in the document that outside programs read. */
function operationOf(call: string): Operation {
  const { paths } = openApiDocument({ version: '0' }) as { paths: Record<string, Record<string, Operation>> };
  const [method = '', path = ''] = call.split(' ');
  const operation = paths[path]?.[method.toLowerCase()];
  if (operation === undefined) throw new Error(`the document lacks ${call}`);
  return operation;
}

function takes({ parameters = [], requestBody }: Operation): string[] {
  const { properties = {}, required = [] } = requestBody?.content['application/json'].schema ?? {};
  const fields = Object.keys(properties).map((name) => ({ name, required: required.includes(name) }));
  return [...parameters, ...fields].map(
    ({ name, required: isRequired }) => `${name}${isRequired ? '' : '?'}`,
  );
}

function gives({ responses }: Operation): string[] {
  const schema = Object.entries(responses).find(([status]) => status.startsWith('2'))?.[1].content[
    'application/json'
  ].schema;
  expect(schema?.required?.toSorted()).toEqual(Object.keys(schema?.properties ?? {}).toSorted());
  return Object.keys(schema?.properties ?? {}).filter((name) => name !== 'status' && name !== 'message');
}

function words(text: string): string[] {
  return text.split(' ').filter((word) => word !== '');
}

describe('the table of endpoints', () => {
  test('is the one that was promised, call by call', () => {
    const calls = DEFINITIONS.map(([, { method, path }]) => `${method} ${path}`);
    expect(calls.toSorted()).toEqual(PROMISED.map(([call]) => call).toSorted());
  });

  test.each(PROMISED)('%s takes and gives what was promised', (call, input, output) => {
    const operation = operationOf(call);
    expect(takes(operation).toSorted()).toEqual(words(input).toSorted());
    expect(gives(operation).toSorted()).toEqual(words(output).toSorted());
  });

  test.each(DEFINITIONS)(
    '%s is named after its path, and answers 201 only where it creates',
    (id, definition) => {
      expect(id).toBe(definition.path.slice(1).replaceAll('/', '_'));
      const creates = /(?:^|_)(?:create|setup)$/.test(id);
      expect(definition.status).toBe(creates ? 201 : 200);
      expect(definition.message).toMatch(/^[A-Z]/);
    },
  );
});

/** Every object in an answer, by the way there; but not the details of events, claims and JSON bodies of routes, which
 * may have any name. */
function* objectsIn(value: unknown, path: readonly string[] = []): Generator<readonly string[]> {
  if (
    typeof value !== 'object' ||
    value === null ||
    ['details', 'claims', 'value'].includes(path.at(-1) ?? '')
  )
    return;
  if (!Array.isArray(value)) yield path;
  for (const [name, inner] of Object.entries(value)) yield* objectsIn(inner, [...path, name]);
}

function objectAt(body: unknown, path: readonly string[]): Record<string, unknown> {
  return path.reduce(
    (value, name) => (value as Record<string, Record<string, unknown>>)[name] ?? {},
    body,
  ) as Record<string, unknown>;
}

describe.each(ENGINES)('the answers on %s', () => {
  test('have each been given with success at least once, in the form of their strict schema', async () => {
    await using world = await startWithIssuer();
    const answers = await callEveryEndpoint(world);
    expect([...answers.keys()].toSorted()).toEqual(Object.keys(ENDPOINTS).toSorted());
    for (const [id, { status, body, headers }] of answers) {
      const definition: Endpoint = ENDPOINTS[id];
      expect(status).toBe(definition.status);
      expect(body).toMatchObject({ status, message: definition.message });
      expect(answerSchema(definition).parse(body)).toEqual(body);
      expect(headers.get('content-type')).toMatch(/^application\/json(?:; charset=utf-8)?$/);
    }
  });

  test('hold the shapes that were promised, field by field', async () => {
    await using world = await startWithIssuer();
    const answers = await callEveryEndpoint(world);
    const at = (id: EndpointId): Record<string, any> => answers.get(id)?.body;
    const { vaults } = at('vault_fetch');
    const shapes: Record<keyof typeof SHAPES, object> = {
      user: at('user_me')['user'],
      project: at('project_fetch')['projects'][0],
      member: at('project_member_fetch')['members'][0],
      candidate: at('project_member_candidate_fetch')['candidates'][0],
      session: at('user_session_fetch')['sessions'][0],
      environment: at('environment_fetch')['environments'][0],
      vault: at('vault_create')['vault'],
      vaultWithValue: at('vault_fetch_one')['vault'],
      version: at('vault_version_fetch')['versions'][0],
      by: at('vault_create')['vault'].created_by,
      trust: at('token_trust_create')['trust'],
      accessToken: at('token_me')['access_token'],
      route: at('route_create')['route'],
      routeSummary: at('route_fetch')['routes'][0],
      routeDefinition: at('route_fetch_one')['route'].definition,
      routeVersion: at('route_version_fetch')['versions'][0],
      call: at('route_call_fetch')['calls'][0],
      change: at('vault_watch')['changes'][0],
      event: at('event_fetch')['events'][0],
    };
    for (const [name, fields] of Object.entries(SHAPES)) {
      expect(Object.keys(shapes[name as keyof typeof SHAPES]).toSorted()).toEqual(words(fields).toSorted());
    }
    expect(Object.keys(vaults[0]).toSorted()).toEqual(words(SHAPES.vaultWithValue).toSorted());
  });

  test('fail closed: a field that is not in the schema is no answer, wherever it stands', async () => {
    await using world = await startWithIssuer();
    const answers = await callEveryEndpoint(world);
    const accepted: string[] = [];
    for (const [id, { body }] of answers) {
      for (const path of objectsIn(body)) {
        const altered: unknown = structuredClone(body);
        objectAt(altered, path)['password_hash'] = '$argon2id$';
        if (answerSchema(ENDPOINTS[id]).safeParse(altered).success) accepted.push(`${id} ${path.join('.')}`);
      }
    }
    expect(accepted).toEqual([]);
  });

  test('fail closed: a field that is missing is no answer either, nor is another status or message', async () => {
    await using world = await startWithIssuer();
    const answers = await callEveryEndpoint(world);
    const accepted: string[] = [];
    for (const [id, { body }] of answers) {
      const alterations = [
        ...Object.keys(body).map((name) =>
          Object.fromEntries(Object.entries(body).filter(([other]) => other !== name)),
        ),
        { ...body, status: 299 },
        { ...body, message: 'Something else' },
      ];
      for (const [index, altered] of alterations.entries()) {
        if (answerSchema(ENDPOINTS[id]).safeParse(altered).success)
          accepted.push(`${id}, alteration ${index}`);
      }
    }
    expect(accepted).toEqual([]);
  });

  test('that a handler makes with a field too much do not leave the server, nor does what was in it', async () => {
    await using server = await startTestServer();
    const logLines: string[] = [];
    const log = createLogger('trace', { write: (line) => void logLines.push(line) });
    const app = createServer({ log, secure: false, tls: undefined, trustedProxies: [] });
    const leaky = { ...handlers, health: async () => ({ version: '1', secret: 'canary-44' }) };
    registerEndpoints(app, server.app.context, { secure: false, publicUrl: undefined }, leaky);
    const answer = await app.inject({ url: '/health' });
    await app.close();
    expect(answer.statusCode).toBe(500);
    expect(problem.parse(answer.json()).code).toBe('internal');
    expect(`${answer.body}${logLines.join('')}`).not.toContain('canary-44');
  });

  test('have times of RFC 3339 in UTC', async () => {
    const started = Date.now();
    await using world = await startWithIssuer();
    const answers = await callEveryEndpoint(world);
    const times = [...answers.values()].flatMap(({ text }) => [
      ...text.matchAll(/"(\w+_at|at)":("[^"]*"|[^",}]*)/g),
    ]);
    expect([...new Set(times.map(([, name]) => String(name)))].toSorted()).toEqual([
      'at',
      'created_at',
      'expires_at',
      'last_used_at',
      'saved_at',
      'updated_at',
    ]);
    // A token that was never used was not used at any time.
    for (const [, name, time = ''] of times.filter(([, , text]) => text !== 'null')) {
      expect(time).toMatch(/^"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z"$/);
      const at = Date.parse(JSON.parse(time) as string);
      // A token's expiry is a whole second.
      expect(at).toBeGreaterThanOrEqual(started - 1000);
      expect(at).toBeLessThanOrEqual(Date.now() + (name === 'expires_at' ? 24 * 60 * 60 * 1000 : 0));
    }
  });
});

describe('the table of errors', () => {
  const FOLDER = fileURLToPath(new URL('../../../docs/reference/errors/', import.meta.url));

  test.each(Object.keys(ERRORS) as ErrorCode[])(
    'has a reference page for %s that names its status',
    (code) => {
      const path = `${FOLDER}${code}.md`;
      expect(existsSync(path)).toBe(true);
      const page = readFileSync(path, 'utf8');
      expect(page).toContain(code);
      expect(page).toMatch(new RegExp(`\\b${ERRORS[code].status}\\b`));
    },
  );

  test('has no page for a code that there is not', () => {
    const pages = readdirSync(FOLDER).filter((name) => name !== 'README.md');
    expect(pages.toSorted()).toEqual(
      Object.keys(ERRORS)
        .map((code) => `${code}.md`)
        .toSorted(),
    );
  });

  test.each(DEFINITIONS)('has every code that %s may answer with, none twice', (_, { errors }) => {
    expect(errors.filter((code) => !Object.hasOwn(ERRORS, code))).toEqual([]);
    expect(new Set(errors).size).toBe(errors.length);
  });
});
