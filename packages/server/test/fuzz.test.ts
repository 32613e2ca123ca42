import { answerSchema, ENDPOINTS, problem, type Endpoint, type EndpointId } from '@coffer/contract';
import { AUDIT_EVENTS, PERMISSIONS, type PermissionRule, type Role } from '@coffer/core';
import { describe, expect, test } from 'vitest';
import { ENGINE, ENGINES } from '../src/testing/engines.ts';
import { describeState, readState, restoreState, unwatchedTables, type State } from './database-state.ts';
import { BROKEN_REQUESTS } from './fuzz/broken-http.ts';
import { CANARY } from './fuzz/hostile-input.ts';
import {
  INPUT_MUTATION_NAMES,
  INPUT_MUTATIONS,
  toWire,
  WIRE_MUTATION_NAMES,
  WIRE_MUTATIONS,
  type Mutation,
} from './fuzz/mutations.ts';
import { Random } from './fuzz/random.ts';
import { Wire, type WireAnswer, type WireRequest } from './fuzz/wire.ts';
import { CALLERS, isOnRecord, makeWorld, type CallerName, type World } from './fuzz/world.ts';

// FUZZ_SEED and FUZZ_REQUESTS look elsewhere, and for longer, than every run of the tests does.
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_123);
const REQUESTS = Number(process.env['FUZZ_REQUESTS'] ?? 2500);
const PATIENCE_MS = 60_000 + REQUESTS * 50;

/** Most of the others' are refused before the engine is asked: on the second one, a quarter of them is enough. */
function requestsOf(caller: CallerName): number {
  return ENGINE === 'sqlite' || caller === 'ROOT' ? REQUESTS : Math.ceil(REQUESTS / 4);
}

const DEFINITIONS = Object.entries<Endpoint>(ENDPOINTS) as [EndpointId, Endpoint][];

const COMMON_STATUSES = [200, 400, 401, 404, 405, 409, 415, 431];
const EXPECTED_STATUSES: Record<CallerName, readonly number[]> = {
  ROOT: [...COMMON_STATUSES, 201, 403, 413],
  ADMIN: [...COMMON_STATUSES, 201, 403, 413],
  VIEWER: [...COMMON_STATUSES, 403, 413],
  nobody: COMMON_STATUSES,
};

/** What the server is made of must not show: stack frames, files, SQL, and what libraries say. */
const INSIDES =
  /\n\s+at |\bat \S+:\d+:\d+|node_modules|node:internal|file:\/\/|\.ts\b|SQLITE|SqliteError|\bselect .+ from\b|ZodError|FST_ERR|ERR_[A-Z]/;

type Sent = { id: EndpointId; definition: Endpoint; mutations: Mutation[]; request: WireRequest };

describe.each(ENGINES)(`mutated requests on %s (seed ${SEED})`, () => {
  test.each(CALLERS.map((callerName) => ({ callerName, times: requestsOf(callerName) })))(
    'as $callerName, $times times: each is served or refused with a reason, and nothing is half done',
    { timeout: PATIENCE_MS },
    async ({ callerName, times }) => {
      const world = await makeWorld();
      await using server = world.server;
      await using _issuer = world.issuer;
      using wire = new Wire(server.app.url);
      const random = new Random(SEED + CALLERS.indexOf(callerName));
      const tally = new Tally();
      const pristine = await readState(world.server);
      for (let index = 0; index < times; index += 1) {
        const sent = mutate(world, callerName, random, index);
        const complaint = await judge({ world, wire, callerName, pristine, sent, tally });
        if (complaint !== undefined) throw new Error(explain(complaint, index, sent));
      }
      expect(tally.missing(callerName)).toEqual([]);
      expectCleanLog(server.logLines);
    },
  );

  test('every table is watched; a change is seen and taken back', async () => {
    const world = await makeWorld();
    await using _ = world.server;
    await using _issuer = world.issuer;
    expect(await unwatchedTables(world.server)).toEqual([]);
    const pristine = await readState(world.server);
    await world.callers.ADMIN.ok('vault_update', { ...world.inputs.vault_update, value: 'another value' });
    expect(describeState(await readState(world.server))).not.toBe(describeState(pristine));
    await restoreState(world.server, pristine);
    expect(describeState(await readState(world.server))).toBe(describeState(pristine));
  });
});

describe.each(ENGINES)(`broken HTTP on %s (seed ${SEED})`, () => {
  test('is refused or cut off, and nothing is changed', async () => {
    const world = await makeWorld();
    await using server = world.server;
    await using _issuer = world.issuer;
    using wire = new Wire(server.app.url);
    const token = world.callers.ADMIN.token ?? '';
    const before = describeState(await readState(world.server));
    const complaints = await Promise.all(
      Object.entries(BROKEN_REQUESTS).map(async ([name, make]) => [
        name,
        complainOfBroken(await wire.exchange(make(token))),
      ]),
    );
    expect(complaints.filter(([, complaint]) => complaint !== undefined)).toEqual([]);
    expect(describeState(await readState(world.server))).toBe(before);
    await server.anonymous().ok('health');
    expectCleanLog(server.logLines);
  });

  test('with bytes changed, lost and doubled, 500 times, is refused, served or cut off, and the server lives', async () => {
    const world = await makeWorld();
    await using server = world.server;
    await using _issuer = world.issuer;
    using wire = new Wire(server.app.url);
    const random = new Random(SEED);
    const before = describeState(await readState(world.server));
    for (let batch = 0; batch < 25; batch += 1) {
      const requests = Array.from({ length: 20 }, () => corrupt(intactRequest(world, random), random));
      const answers = await Promise.all(requests.map(async (bytes) => await wire.exchange(bytes)));
      for (const received of answers) expect(received).not.toMatch(/^HTTP\/1\.1 5/m);
      for (const received of answers) expect(received).not.toMatch(INSIDES);
    }
    expect(describeState(await readState(world.server))).toBe(before);
    await server.anonymous().ok('health');
    expectCleanLog(server.logLines);
  }, 60_000);
});

/** Endpoints take turns, so that each gets its share. */
function mutate(
  { server, callers, cookies, inputs, known }: World,
  callerName: CallerName,
  random: Random,
  index: number,
): Sent {
  const [id, definition] = DEFINITIONS[index % DEFINITIONS.length] ?? random.pick(DEFINITIONS);
  const material = { random, definition, known, cookie: cookies[callerName], origin: server.app.publicUrl };
  const mutations: Mutation[] = [];
  let input = inputs[id];
  for (let rounds = random.below(3); rounds > 0; rounds -= 1) {
    const name = random.pick(INPUT_MUTATION_NAMES);
    mutations.push(name);
    input = INPUT_MUTATIONS[name](input, material);
  }
  let request = toWire(definition, input, callers[callerName].token);
  // At least one of the two kinds.
  for (let rounds = mutations.length === 0 ? 1 : random.below(2); rounds > 0; rounds -= 1) {
    const name = random.pick(WIRE_MUTATION_NAMES);
    mutations.push(name);
    request = WIRE_MUTATIONS[name](request, material);
  }
  return { id, definition, mutations, request };
}

type Trial = {
  world: World;
  wire: Wire;
  callerName: CallerName;
  pristine: State;
  sent: Sent;
  tally: Tally;
};

/** Sends it and says what is wrong with the answer, or with what it left behind. */
async function judge({ world, wire, callerName, pristine, sent, tally }: Trial): Promise<string | undefined> {
  const answer = await wire.send(sent.request);
  tally.count(sent, answer);
  const served = answer.status < 400 ? servedEndpoint(sent) : undefined;
  const complaint =
    answer.status < 400 ? complainOfSuccess(callerName, served, answer) : complainOfRefusal(sent, answer);
  if (complaint !== undefined) return complaint;
  const isChange = served !== undefined && served.method !== 'GET';
  if (!isChange) {
    return describeState(await readState(world.server)) === describeState(pristine)
      ? undefined
      : 'it changed something';
  }
  const isRecorded = served.event !== undefined && AUDIT_EVENTS[served.event].records === 'always';
  if (isRecorded && !(await isOnRecord(world, String(answer.headers['x-request-id']))))
    return 'it is not on record';
  await restoreState(world.server, pristine);
  return undefined;
}

function complainOfRefusal({ request }: Sent, { status, headers, text }: WireAnswer): string | undefined {
  if (status >= 500) return `it was answered with ${status}`;
  if (request.method === 'HEAD') return text === '' ? undefined : 'HEAD has a body';
  if (!String(headers['content-type']).startsWith('application/problem+json'))
    return 'it is no problem document';
  const body = problem.parse(JSON.parse(text));
  if (body.status !== status) return 'the statuses differ';
  if (body.request_id !== headers['x-request-id']) return 'the request ids differ';
  if (body.message !== body.detail) return 'message and detail differ';
  if (status === 401 && headers['www-authenticate'] !== 'Bearer') return 'WWW-Authenticate is missing';
  if (status === 405 && headers['allow'] === undefined) return 'Allow is missing';
  if (body.code === 'invalid_input' && (body.errors ?? []).length === 0) return 'it names no field';
  if (text.includes(CANARY)) return 'it repeats what was sent';
  if (INSIDES.test(text)) return 'it shows the insides';
  return undefined;
}

function complainOfSuccess(
  callerName: CallerName,
  served: Endpoint | undefined,
  { status, headers, text }: WireAnswer,
): string | undefined {
  if (status === 302 && headers['location'] === '/web/') return undefined;
  if (served === undefined) return 'something was served that is no endpoint';
  answerSchema(served).parse(JSON.parse(text));
  if (!mayEver(callerName, served)) return `${callerName} must not do this`;
  if (headers['x-request-id'] === undefined) return 'it has no request id';
  return undefined;
}

/** The path and method may be mutated to those of another endpoint. */
function servedEndpoint({ request }: Sent): Endpoint | undefined {
  const path = request.target.replace(/^http:\/\/evil\.example/, '').split('?')[0] ?? '';
  const decoded = decodeURIComponent(path);
  return DEFINITIONS.map(([, definition]) => definition).find(
    (definition) => definition.method === request.method && definition.path === decoded,
  );
}

/** Whether there are circumstances in which the role allows it. */
function mayEver(callerName: CallerName, { action }: Endpoint): boolean {
  if (action === undefined) return true;
  if (callerName === 'nobody') return false;
  const rule: PermissionRule = PERMISSIONS[action];
  const roles: readonly Role[] = rule.on === 'project' ? [...rule.member, ...rule.nonMember] : rule.roles;
  return roles.includes(callerName) || (rule.on === 'instance' && rule.self === true);
}

/** What was sent and what came back: a fuzzer that only ever hears 401 tests nothing. */
class Tally {
  readonly #statuses = new Set<number>();
  readonly #used = new Set<Mutation>();
  readonly #served = new Set<EndpointId>();
  readonly #refused = new Set<EndpointId>();

  count({ id, mutations }: Sent, { status }: WireAnswer): void {
    this.#statuses.add(status);
    for (const mutation of mutations) this.#used.add(mutation);
    (status < 400 ? this.#served : this.#refused).add(id);
  }

  /** What should have come up in so many requests, and did not. */
  missing(callerName: CallerName): unknown[] {
    const mutations = [...INPUT_MUTATION_NAMES, ...WIRE_MUTATION_NAMES];
    const ids = DEFINITIONS.map(([id]) => id);
    // Set-up is done, and who signed in uses no access token; all else can succeed for ROOT.
    const never = new Set<EndpointId>(['setup', 'token_me']);
    const servable = callerName === 'ROOT' ? ids.filter((id) => !never.has(id)) : [];
    return [
      ...mutations.filter((name) => !this.#used.has(name)),
      ...ids.filter((id) => !this.#refused.has(id)),
      ...servable.filter((id) => !this.#served.has(id)),
      ...EXPECTED_STATUSES[callerName].filter((status) => !this.#statuses.has(status)),
    ];
  }
}

function explain(complaint: string, index: number, { id, mutations, request }: Sent): string {
  const body = request.body?.toString('latin1').slice(0, 500) ?? '';
  const { authorization: _, ...headers } = request.headers;
  const shown = JSON.stringify({ ...request, headers, target: request.target.slice(0, 500), body });
  return `${complaint}: request ${index}, ${id}, ${mutations.join(' + ')}: ${shown}`;
}

/** To what is no HTTP the answers are none, or refusals; where they have a body, it is a problem document. */
function complainOfBroken(received: string): string | undefined {
  if (INSIDES.test(received)) return `it shows the insides: ${received}`;
  for (const answer of received.split(/(?=HTTP\/1\.1 \d)/)) {
    const [head = '', body = ''] = answer.split('\r\n\r\n');
    if (head === '' || head.startsWith('HTTP/1.1 100 ')) continue;
    if (!/^HTTP\/1\.1 4\d\d /.test(head)) return `it was served: ${head}`;
    const isProblem = /^content-type: application\/problem\+json/m.test(head);
    if (isProblem && !problem.safeParse(JSON.parse(body)).success)
      return `it is no problem document: ${body}`;
    // Node itself refuses a request without Host, with nothing but a status.
    if (!isProblem && body !== '0') return `it has another body: ${answer}`;
  }
  return undefined;
}

/** Nothing that the administrator has to look at, and nothing of what was sent. */
function expectCleanLog(lines: readonly string[]): void {
  const alarming = lines.filter((line) => (JSON.parse(line) as { level: number }).level >= 40);
  expect(alarming).toEqual([]);
  expect(lines.filter((line) => line.includes(CANARY))).toEqual([]);
}

/** None of these changes anything. */
function intactRequest({ callers }: World, random: Random): string {
  const authorization = `Authorization: Bearer ${callers.VIEWER.token}`;
  const body = JSON.stringify({ id: 'new_project', name: 'New', api_path: '/new' });
  const get = [
    'GET /user/fetch?limit=10&filter=a HTTP/1.1',
    'Host: localhost',
    authorization,
    'Connection: close',
    '',
    '',
  ];
  const post = [
    'POST /project/create HTTP/1.1',
    'Host: localhost',
    authorization,
    'Content-Type: application/json',
    ...(random.chance(0.5) ? [`Content-Length: ${body.length}`] : ['Transfer-Encoding: chunked']),
    'Connection: close',
    '',
  ];
  if (random.chance(0.5)) return get.join('\r\n');
  const isChunked = post.includes('Transfer-Encoding: chunked');
  return [...post, isChunked ? `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n` : body].join('\r\n');
}

function corrupt(text: string, random: Random): Buffer {
  let bytes = Buffer.from(text);
  for (let rounds = 1 + random.below(4); rounds > 0; rounds -= 1) {
    const at = random.below(bytes.length);
    const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
    bytes = random.pick([
      () => Buffer.concat([before, Buffer.of(random.below(256)), after.subarray(1)]),
      () => Buffer.concat([before, Buffer.of(random.below(256)), after]),
      () => Buffer.concat([before, after.subarray(1 + random.below(20))]),
      () => Buffer.concat([before, after.subarray(0, 20), after]),
      () => Buffer.concat([before, Buffer.from('\r\n'), after]),
      () => before,
    ])();
    if (bytes.length === 0) return Buffer.from('\r\n');
  }
  return bytes;
}
