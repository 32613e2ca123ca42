import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { ENDPOINTS, takesBody, type Endpoint, type EndpointId } from '@coffer/contract';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import type { Answer, Client } from '../src/testing/client.ts';
import {
  findForms,
  findRemains,
  formsOf,
  readDataDir,
  temporaryDirectory,
  type DataFile,
} from '../src/testing/data-dir.ts';
import { ServerProcess } from '../src/testing/process.ts';
import { PASSWORD, startTestServer, type TestServer } from '../src/testing/server.ts';

/** Letters and digits only: escaped or not, they stay as they are. Nothing contains them by chance. */
function makeCanary(name: string): string {
  return `${name}${randomBytes(24).toString('base64').replace(/[+/]/g, '').slice(0, 20)}`;
}

type Canaries = {
  /** Where secrets belong, and where they do not: nowhere in the clear but in the answer that was asked for them. */
  secret: string;
  /** Sealed as well, and shown with each entry. */
  comment: string;
  /** Looks like the name of a field, and is sent as one: its sender is told that there is none of this name. */
  nameLike: string;
  /** By design in plain: names for people. It shows that the search finds what is there. */
  plain: string;
};

/** Fields that show what they are given: names for people, stored in plain by design, and the comment, which is sealed. */
const SHOWN_FIELDS = new Set(['name', 'description', 'first_name', 'last_name', 'comment']);

/** Answers that hold a value because they were asked for it. */
const VALUE_ENDPOINTS = new Set<EndpointId>(['vault_fetch_one', 'vault_fetch']);

type Recorded = { call: string; answer: Pick<Answer, 'status' | 'text'> & { head: string } };

/** A client that keeps what it was answered. */
class Recorder {
  readonly answers: Recorded[] = [];
  readonly client: Client;

  constructor(client: Client) {
    this.client = client;
  }

  async call(
    id: EndpointId,
    input: Record<string, unknown> = {},
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const { method, path } = ENDPOINTS[id];
    return await this.send(id, method, path, { input, headers });
  }

  async send(
    id: string,
    method: string,
    path: string,
    { input = {}, headers = {} }: { input?: Record<string, unknown>; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    const answer = await this.client.send(method, path, { input, headers });
    const head = [...answer.headers].map(([name, value]) => `${name}: ${value}`).join('\n');
    const asked = VALUE_ENDPOINTS.has(id as EndpointId) && answer.status === 200;
    if (!asked)
      this.answers.push({
        call: `${method} ${id}`,
        answer: { status: answer.status, text: answer.text, head },
      });
    return answer;
  }

  /** Bytes on a socket, for what no client would send. */
  async raw(what: string, bytes: string | Buffer): Promise<void> {
    const { hostname, port } = new URL(this.client.url);
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    socket.on('error', () => undefined);
    socket.end(bytes);
    const answer = await text(socket).catch(() => '');
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0);
    this.answers.push({ call: what, answer: { status, text: answer, head: '' } });
  }

  /** Every answer that holds one of the canaries, though nobody asked for it. */
  leaks(...canaries: readonly string[]): string[] {
    return this.answers.flatMap(({ call, answer }) => {
      const files = [
        { name: `${call} (${answer.status})`, bytes: Buffer.from(`${answer.head}\n\n${answer.text}`) },
      ];
      return canaries.flatMap((canary) => findForms(files, formsOf(Buffer.from(canary))));
    });
  }
}

/** Through the front door: secrets where they belong. Afterwards there are live, old and deleted ones. */
async function writeSecrets(recorder: Recorder, setupToken: string, canaries: Canaries): Promise<void> {
  const { client } = recorder;
  const { secret, comment, plain } = canaries;
  const person = { first_name: plain, last_name: plain };
  const password = `${secret}-password`;
  await recorder.call('setup', {
    setup_token: secret,
    username: 'root',
    email: 'r@example.org',
    ...person,
    password,
  });
  const root = { username: 'root', email: 'root@example.org', ...person, password };
  const { body } = await recorder.call('setup', { setup_token: setupToken, ...root });
  client.token = body.token;
  const user = {
    username: 'ada',
    email: 'ada@example.org',
    ...person,
    password: `${password}-2`,
    role: 'ADMIN',
  };
  const ada = (await recorder.call('user_create', user)).body.user;
  await recorder.call('user_create', { ...user, username: 'short', password: secret.slice(0, 11) });
  await recorder.call('user_login', { auth_data: 'ada', password: user.password });
  await recorder.call('user_login', { auth_data: 'ada', password: `${secret}-wrong` });
  await recorder.call('user_login', { auth_data: `${secret}-typed-into-the-wrong-field`, password });
  await recorder.call('user_password', {
    current_password: `${secret}-wrong`,
    new_password: `${password}-3`,
  });
  await recorder.call('user_password', { current_password: password, new_password: `${password}-3` });
  for (const id of ['shop', 'gone']) {
    await recorder.call('project_create', { id, name: plain, description: plain, api_path: `/${id}` });
    await recorder.call('environment_create', { project_id: id, id: 'staging', name: plain });
    for (const key of ['A', 'B', 'DELETED']) {
      const where = { project_id: id, key };
      await recorder.call('vault_create', {
        ...where,
        value: `${secret}\n"quoted" é ${key}`,
        comment: `${comment} ${key}`,
      });
      await recorder.call('vault_update', { ...where, value: secret.repeat(500) });
      await recorder.call('vault_update', {
        ...where,
        value: `${secret} again`,
        comment: `${comment} anew`,
        if_version: 1,
      });
      await recorder.call('vault_version_restore', { ...where, version: 1 });
      await recorder.call('vault_version_fetch', where);
      const read = await recorder.call('vault_fetch_one', where);
      // Else nothing of all this shows anything.
      expect(read.text).toContain(secret);
    }
    const listed = await recorder.call('vault_fetch', { project_id: id, values: true });
    expect(listed.body.vaults).toHaveLength(3);
    await recorder.call('vault_create', { project_id: id, key: 'A', value: secret, comment });
    await recorder.call('vault_create', {
      project_id: id,
      key: 'TOO_LARGE',
      value: secret.repeat(4000),
      comment,
    });
    await recorder.call('vault_create', {
      project_id: id,
      key: 'TOO_LONG',
      value: secret,
      comment: comment.repeat(100),
    });
    const imported = { value: `${secret} imported`, comment: `${comment} imported` };
    const [fresh, known] = [
      { ...imported, key: 'IMPORTED' },
      { ...imported, key: 'B' },
    ];
    for (const entries of [
      [fresh, known],
      [fresh, known],
      [fresh, fresh],
      [fresh, { ...known, if_version: 1 }],
      [fresh, { ...known, value: secret.repeat(4000) }],
      [fresh, { ...known, key: secret }],
      [fresh, { ...known, [`${secret} "`]: secret }],
    ])
      await recorder.call('vault_import', { project_id: id, entries });
    expect((await recorder.call('vault_fetch_one', { project_id: id, key: 'B' })).text).toContain('imported');
    await recorder.call('vault_delete', { project_id: id, key: 'DELETED' });
  }
  await recorder.call('project_member_add', { project_id: 'shop', uid: ada.uid });
  await recorder.call('user_password_reset', { uid: ada.uid, new_password: secret.slice(0, 11) });
  await recorder.call('user_password_reset', { uid: ada.uid, new_password: `${password}-4` });
  await recorder.call('user_session_fetch');
  await recorder.call('project_delete', { project_id: 'gone' });
}

/** Input that would be taken but for the field that is replaced. */
const VALID: Record<string, unknown> = {
  project_id: 'shop',
  environment: 'default',
  key: 'A',
  value: 'x',
  comment: 'x',
  uid: 'usr_00000000000000000000000000',
  id: 'new_project',
  api_path: '/new',
  username: 'new',
  email: 'new@example.org',
  role: 'VIEWER',
  name: 'N',
  first_name: 'N',
  last_name: 'N',
  auth_data: 'nobody',
  version: 1,
  setup_token: 'x',
  entries: [{ key: 'A', value: 'x' }],
};
const VALID_PASSWORDS = { password: PASSWORD, current_password: PASSWORD, new_password: `${PASSWORD}-2` };

function validInput(definition: Endpoint): Record<string, unknown> {
  const names = Object.keys(definition.input.shape);
  const valid: Record<string, unknown> = { ...VALID, ...VALID_PASSWORDS };
  return Object.fromEntries(names.flatMap((name) => (name in valid ? [[name, valid[name]]] : [])));
}

/** A list with the secret in each field of its first item, and in place of it. */
function alteredItems(list: unknown, hostile: string): unknown[] {
  if (!Array.isArray(list)) return [];
  const [first, ...others] = list as Record<string, unknown>[];
  const names = [...Object.keys(first ?? {}), 'if_version', 'unknown', hostile];
  // What is taken for a value is one: the key that is none has the list refused.
  const items = names.map((name) => ({ ...first, key: 'no key', [name]: hostile }));
  return [...items, [hostile], null].map((item) => [item, ...others]);
}

/** Every input of every endpoint gets the secret where it does not belong. */
async function misuse(recorder: Recorder, { secret, nameLike }: Canaries): Promise<void> {
  // Nothing that a name may be made of, so that it is refused, rather than kept as the name that it would be.
  const hostile = `${secret} "/+é`;
  for (const [id, definition] of Object.entries<Endpoint>(ENDPOINTS) as [EndpointId, Endpoint][]) {
    if (id === 'user_logout') continue;
    const input = validInput(definition);
    const inBody = takesBody(definition);
    for (const field of Object.keys(definition.input.shape)) {
      if (SHOWN_FIELDS.has(field)) continue;
      await recorder.call(id, { ...input, [field]: hostile });
      if (!inBody) continue;
      await recorder.call(id, { ...input, [field]: [hostile] });
      await recorder.call(id, { ...input, [field]: { [hostile]: hostile } });
      for (const altered of alteredItems(input[field], hostile))
        await recorder.call(id, { ...input, [field]: altered });
    }
    await recorder.call(id, { ...input, unknown: hostile, [hostile]: hostile });
    await recorder.call(id, { ...input, [nameLike]: hostile });
    const path = `${definition.path}?${new URLSearchParams({ unknown: hostile, [hostile]: hostile, twice: hostile }).toString()}&twice=${secret}`;
    await recorder.send(id, definition.method, path, { input: inBody ? input : {} });
    await recorder.send(id, definition.method, `${definition.path}?bad=%ZZ${secret}&${secret}%ZZ=1`, {
      input: inBody ? input : {},
    });
    await recorder.send(id, definition.method, `${definition.path}/${encodeURIComponent(hostile)}`);
    await recorder.send(
      id,
      inBody ? 'DELETE' : 'PATCH',
      definition.path,
      inBody ? {} : { input: { x: hostile } },
    );
    const headers = {
      authorization: `Bearer ${secret}`,
      cookie: `coffer_session=${secret}; __Host-coffer_session=${secret}`,
      origin: `https://${secret}.example.org`,
      referer: `https://example.org/${secret}`,
      'user-agent': secret,
      'x-request-id': secret,
      'x-forwarded-for': secret,
      'x-forwarded-host': secret,
      'x-canary': secret,
      accept: secret,
    };
    await recorder.call(id, input, headers);
    const { authorization: _, ...rest } = headers;
    await recorder.call(id, {}, rest);
    await recorder.call(
      id,
      {},
      { ...rest, authorization: `Basic ${Buffer.from(`root:${secret}`).toString('base64')}` },
    );
  }
}

/** What is not even a request. */
async function misuseRaw(recorder: Recorder, secret: string): Promise<void> {
  const head = (line: string, ...headers: string[]): string =>
    [
      line,
      'host: localhost',
      `authorization: Bearer ${recorder.client.token ?? ''}`,
      'connection: close',
      ...headers,
      '\r\n',
    ].join('\r\n');
  const post = (body: string | Buffer, type = 'application/json', ...headers: string[]): Buffer => {
    const bytes = Buffer.from(body);
    const length = `content-length: ${bytes.length}`;
    const start = head('POST /vault/create HTTP/1.1', `content-type: ${type}`, length, ...headers);
    return Buffer.concat([Buffer.from(start), bytes]);
  };
  const attempts: [string, string | Buffer][] = [
    ['JSON cut short', post(`{"project_id":"shop","key":"K","value":"${secret}`)],
    ['JSON with a word', post(`{"value": ${secret}}`)],
    ['JSON with more behind it', post(`{"value":"x"} ${secret}`)],
    ['a JSON text', post(JSON.stringify(secret))],
    ['a JSON array', post(JSON.stringify([secret, { [secret]: secret }]))],
    [
      'a forbidden member',
      post(`{"__proto__":{"value":"${secret}"},"constructor":{"prototype":{"x":"${secret}"}}}`),
    ],
    ['a deep body', post(`${'{"a":'.repeat(5000)}"${secret}"${'}'.repeat(5000)}`)],
    [
      'a body that is not UTF-8',
      post(Buffer.concat([Buffer.from(`{"value":"${secret}`), Buffer.from([0xff, 0xfe]), Buffer.from('"}')])),
    ],
    ['a body in UTF-16', post(Buffer.from(`{"value":"${secret}"}`, 'utf16le'))],
    ['a byte order mark', post(`\ufeff{"value":"${secret}"}`)],
    ['a body of another type', post(secret, `text/plain; canary=${secret}`)],
    ['a form', post(`value=${secret}`, 'application/x-www-form-urlencoded')],
    ['another character set', post(JSON.stringify({ value: secret }), 'application/json; charset=utf-16')],
    [
      'a compressed body',
      post(JSON.stringify({ value: secret }), 'application/json', 'content-encoding: gzip'),
    ],
    ['an oversized body', post(JSON.stringify({ value: secret.repeat(30_000) }))],
    [
      'a body that is longer than it says',
      Buffer.concat([post(JSON.stringify({ value: 'x' })), Buffer.from(secret)]),
    ],
    [
      'a body on GET',
      `${head('GET /vault/fetch?project_id=shop HTTP/1.1', 'content-type: application/json', `content-length: ${secret.length + 2}`)}"${secret}"`,
    ],
    [
      'a broken chunk',
      `${head('POST /vault/create HTTP/1.1', 'content-type: application/json', 'transfer-encoding: chunked')}${secret}\r\n`,
    ],
    ['an oversized header', head('GET /health HTTP/1.1', `x-canary: ${secret.repeat(2000)}`)],
    ['an oversized path', head(`GET /${secret.repeat(2000)} HTTP/1.1`)],
    ['a broken header', head('GET /health HTTP/1.1', `${secret} ${secret}`)],
    ['a method of its own', head(`${secret} /vault/fetch HTTP/1.1`)],
    ['no HTTP at all', `${secret}\r\n\r\n`],
    ['a path in absolute form', head(`GET http://${secret}/vault/${secret}?x=${secret} HTTP/1.1`)],
    ['dots in the path', head(`GET /vault/../${secret}/%2e%2e/${secret} HTTP/1.1`)],
    ['broken percent-encoding in the path', head(`GET /vault/%ZZ${secret} HTTP/1.1`)],
    ['two lengths', head('POST /vault/create HTTP/1.1', 'content-length: 5', `content-length: ${secret}`)],
    ['an upgrade', head('GET /vault/fetch HTTP/1.1', `upgrade: ${secret}`, 'connection: upgrade')],
  ];
  for (const [what, bytes] of attempts) await recorder.raw(what, bytes);
}

function filesWithOutput(server: ServerProcess): DataFile[] {
  return [
    ...readDataDir(server.dataDir),
    { name: 'standard output', bytes: Buffer.from(server.stdout) },
    { name: 'standard error', bytes: Buffer.from(server.stderr) },
  ];
}

test('the search finds a secret in each form in which it could lie about', () => {
  const secret = makeCanary('s');
  const around = (middle: string | Buffer): DataFile[] => [
    // The byte before is none of the secret.
    {
      name: 'f',
      bytes: Buffer.concat([randomBytes(98), Buffer.of(0), Buffer.from(middle), randomBytes(99)]),
    },
  ];
  const forms = formsOf(Buffer.from(secret));
  const hidden = [
    secret,
    JSON.stringify({ [secret]: 1 }),
    encodeURIComponent(`a b ${secret}`),
    Buffer.from(secret).toString('hex'),
    Buffer.from(secret).toString('hex').toUpperCase(),
    ...['', 'a', 'bc', 'def'].map((before) => Buffer.from(`${before}${secret} behind`).toString('base64')),
    ...['', 'a', 'bc', 'def'].map((before) => Buffer.from(`${before}${secret} behind`).toString('base64url')),
    Buffer.from(secret, 'utf16le'),
    Buffer.from(secret, 'utf16le').swap16(),
    secret.replace(/./g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`),
  ];
  for (const middle of hidden) expect(findForms(around(middle), forms)).not.toEqual([]);
  expect(findForms(around('nothing'), forms)).toEqual([]);
  expect(findForms(around(secret.slice(1)), forms)).toEqual([]);
});

describe('a secret is in no file, no log line and no answer but the one that was asked for it', () => {
  test.each(['SIGTERM', 'SIGKILL'] as const)('while the server runs, and after %s', async (signal) => {
    using directory = temporaryDirectory();
    const canaries: Canaries = {
      secret: makeCanary('s'),
      comment: makeCanary('c'),
      nameLike: makeCanary('n'),
      plain: makeCanary('p'),
    };
    const hidden = [canaries.secret, canaries.comment, canaries.nameLike].map((canary) =>
      formsOf(Buffer.from(canary)),
    );
    const plain = new Map([['raw', Buffer.from(canaries.plain)]]);
    await using server = await ServerProcess.start({
      dataDir: directory.path,
      env: { COFFER_LOG_LEVEL: 'trace' },
    });
    const recorder = new Recorder(server.client());
    await writeSecrets(recorder, server.setupToken, canaries);
    await misuse(recorder, canaries);
    await misuseRaw(recorder, canaries.secret);

    expect(recorder.answers.length).toBeGreaterThan(400);
    // Each kind of refusal was among them.
    expect([...new Set(recorder.answers.map(({ answer }) => answer.status))]).toEqual(
      expect.arrayContaining([200, 201, 400, 401, 403, 404, 405, 409, 413, 415, 431]),
    );
    expect(recorder.leaks(canaries.secret)).toEqual([]);
    const refusals = recorder.answers.filter(({ answer }) => answer.status >= 400);
    expect(refusals.filter(({ answer }) => answer.text.includes(canaries.comment))).toEqual([]);

    const expectHidden = (): void => {
      for (const forms of hidden) expect(findForms(filesWithOutput(server), forms)).toEqual([]);
      expect(findForms(readDataDir(directory.path), plain)).not.toEqual([]);
    };
    expectHidden();
    await server.kill(signal);
    expectHidden();
    // One line for each request, so there was something to search.
    expect(server.stdout.split('\n').length).toBeGreaterThan(400);
  });

  test('when the database fails in the middle of a call that carries it', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const project_id = await server.project(root);
    const [secret, comment] = [makeCanary('s'), makeCanary('c')];
    await root.ok('vault_create', { project_id, key: 'A', value: secret, comment });
    const { db } = server.app.context.store;
    for (const table of ['entry_version', 'user', 'audit_entry']) {
      const trigger = sql.raw(
        `create trigger fault_${table} before insert on "${table}" begin select raise(abort, 'a fault'); end`,
      );
      await trigger.execute(db);
      const recorder = new Recorder(root);
      const where = { project_id, value: secret, comment };
      await recorder.call('vault_create', { ...where, key: 'NEW' });
      await recorder.call('vault_update', { ...where, key: 'A' });
      await recorder.call('vault_import', { project_id, entries: [{ key: 'A', value: secret, comment }] });
      await recorder.call('vault_import', {
        project_id,
        entries: [{ key: 'A', value: `${secret} 2`, comment }],
      });
      await recorder.call('vault_version_restore', { project_id, key: 'A', version: 1 });
      await recorder.call('vault_fetch_one', { project_id, key: 'A' });
      const user = { username: 'u', email: 'u@example.org', first_name: 'U', last_name: '', role: 'VIEWER' };
      await recorder.call('user_create', { ...user, password: `${secret}-1` });
      await sql.raw(`drop trigger fault_${table}`).execute(db);
      const failed = recorder.answers.filter(({ answer }) => answer.status >= 500);
      expect(failed.length).toBeGreaterThan(0);
      expect(recorder.leaks(secret)).toEqual([]);
      expect(failed.filter(({ answer }) => answer.text.includes(comment))).toEqual([]);
    }
    const lines = server.logLines.filter((line) => line.includes('a fault'));
    expect(lines.length).toBeGreaterThan(0);
    const log = [{ name: 'log', bytes: Buffer.from(server.logLines.join('')) }];
    for (const canary of [secret, comment]) expect(findForms(log, formsOf(Buffer.from(canary)))).toEqual([]);
  });
});

describe('what is deleted is gone from the disk (R5), with all its versions,', () => {
  /** Numbers from 0 to 1, the same for the same seed: the pages of the database are laid out the same each time. */
  function seeded(seed: number): () => number {
    let state = seed;
    return () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state / 2 ** 32;
    };
  }

  /** What is stored of some entries: nonce, ciphertext and tag of each version, by name. */
  async function sealedOf(server: TestServer, keys?: readonly string[]): Promise<Map<string, Buffer>> {
    const query = server.app.context.store.db
      .selectFrom('entry_version')
      .innerJoin('entry', 'entry.id', 'entry_version.entry_id')
      .innerJoin('ciphertext', 'ciphertext.id', 'entry_version.ciphertext_id')
      .select(['entry.key', 'entry_version.version', 'value_sealed', 'comment_sealed']);
    const rows = await (keys === undefined ? query : query.where('entry.key', 'in', keys)).execute();
    // Without format and key id: other envelopes have the same.
    return new Map(
      rows.flatMap(({ key, version, value_sealed: value, comment_sealed: comment }) => [
        [`value ${version} of ${key}`, Buffer.from(value).subarray(17)],
        [`comment ${version} of ${key}`, Buffer.from(comment).subarray(17)],
      ]),
    );
  }

  /** From one byte to the largest, around the sizes at which SQLite begins another page. */
  const SIZES = [
    1, 7, 30, 100, 300, 700, 1000, 1500, 2000, 3000, 3900, 4000, 4050, 4096, 5000, 9000, 20_000, 65_536,
  ];
  const SMALL_SIZES = [0, 10, 50, 100, 200, 300, 400, 500, 600, 700, 800];

  /** Creates, updates and deletes in an order that the seed decides. Answers with what was deleted. */
  async function live(
    server: TestServer,
    root: Client,
    { steps, seed }: { steps: number; seed: number },
  ): Promise<Map<string, Buffer>> {
    const random = seeded(seed);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
    const keys: string[] = [];
    const deleted = new Map<string, Buffer>();
    for (let step = 0; step < steps; step += 1) {
      const kind = keys.length < 5 ? 0 : random();
      const key = kind < 0.5 ? `K${step}` : pick(keys);
      const where = { project_id: 'project_1', key };
      if (kind < 0.5) {
        await root.ok('vault_create', {
          ...where,
          value: 'v'.repeat(pick(SIZES)),
          comment: 'c'.repeat(pick(SMALL_SIZES)),
        });
        keys.push(key);
      } else if (kind < 0.75) {
        await root.ok('vault_update', { ...where, value: 'w'.repeat(pick(SIZES)) });
      } else {
        for (const [name, bytes] of await sealedOf(server, [key])) deleted.set(name, bytes);
        await root.ok('vault_delete', where);
        keys.splice(keys.indexOf(key), 1);
      }
    }
    return deleted;
  }

  test('among neighbours of all sizes, while the server runs and after it stopped', async () => {
    using directory = temporaryDirectory();
    let deleted: Map<string, Buffer>;
    let kept: Map<string, Buffer>;
    {
      await using server = await startTestServer({ dataDir: directory.path });
      const root = await server.setUp();
      await server.project(root);
      deleted = await live(server, root, { steps: 500, seed: 1 });
      kept = await sealedOf(server);
      expect(deleted.size).toBeGreaterThan(200);
      expect(findRemains(readDataDir(directory.path), deleted)).toEqual([]);
    }
    expect(findRemains(readDataDir(directory.path), deleted)).toEqual([]);
    // The search is a search: what was kept is found, every one.
    expect(findRemains(readDataDir(directory.path), kept)).toHaveLength(kept.size);
  });

  // Where a page of the database gets emptier, SQLite moves its neighbours together: a copy must not stay behind.
  test.each([1, 2, 3, 4, 5, 6])(
    'when most of many small entries go, in an order of its own (seed %i)',
    async (seed) => {
      await using server = await startTestServer();
      const root = await server.setUp();
      const project_id = await server.project(root);
      const random = seeded(seed);
      const keys = Array.from({ length: 150 }, (_, index) => `K${index}`);
      for (const key of keys)
        await root.ok('vault_create', {
          project_id,
          key,
          value: 'v'.repeat(Math.floor(random() ** 2 * 800)),
        });
      const all = await sealedOf(server);
      while (keys.length > 20) {
        const [key] = keys.splice(Math.floor(random() * keys.length), 1);
        await root.ok('vault_delete', { project_id, key });
      }
      const kept = await sealedOf(server);
      const deleted = new Map([...all].filter(([name]) => !kept.has(name)));
      expect(deleted.size).toBe(260);
      expect(findRemains(readDataDir(server.dataDir), deleted)).toEqual([]);
      expect(findRemains(readDataDir(server.dataDir), kept)).toHaveLength(kept.size);
    },
  );

  test('with its project, and the data keys of the project too', async () => {
    using directory = temporaryDirectory();
    let gone: Map<string, Buffer>;
    {
      await using server = await startTestServer({ dataDir: directory.path, dataKeySealsMax: 20 });
      const root = await server.setUp();
      const [doomed, neighbour] = [await server.project(root), await server.project(root)];
      for (const [index, size] of SIZES.entries()) {
        for (const project_id of [doomed, neighbour]) {
          await root.ok('vault_create', {
            project_id,
            key: `${project_id.toUpperCase()}_${index}`,
            value: 'v'.repeat(size),
            comment: 'c'.repeat(index * 50),
          });
          await root.ok('vault_update', {
            project_id,
            key: `${project_id.toUpperCase()}_${index}`,
            value: 'w'.repeat(size),
          });
        }
      }
      const { db } = server.app.context.store;
      const keys = await db
        .selectFrom('data_key')
        .select(['id', 'wrapped'])
        .where('project_id', '=', doomed)
        .execute();
      expect(keys.length).toBeGreaterThan(1);
      const sealed = await sealedOf(server);
      gone = new Map([...sealed].filter(([name]) => name.includes(doomed.toUpperCase())));
      for (const { id, wrapped } of keys) gone.set(id, Buffer.from(wrapped).subarray(17));
      expect(gone.size).toBe(SIZES.length * 4 + keys.length);
      await root.ok('project_delete', { project_id: doomed });
      expect(findRemains(readDataDir(directory.path), gone)).toEqual([]);
      await root.ok('vault_fetch', { project_id: neighbour, values: true, limit: 100 });
    }
    expect(findRemains(readDataDir(directory.path), gone)).toEqual([]);
  });

  test('at the next start, when the server was killed between the delete and its erasure', async () => {
    using directory = temporaryDirectory();
    let deleted: Map<string, Buffer>;
    {
      await using server = await startTestServer({ dataDir: directory.path });
      const root = await server.setUp();
      const project_id = await server.project(root);
      for (const size of SIZES)
        await root.ok('vault_create', { project_id, key: `K${size}`, value: 'v'.repeat(size) });
      deleted = await sealedOf(server);
      // As if the process ended here: the delete is committed, and nothing erases.
      server.app.context.store.purge = async () => await Promise.resolve(true);
      for (const size of SIZES) await root.ok('vault_delete', { project_id, key: `K${size}` });
      expect(findRemains(readDataDir(directory.path), deleted)).not.toEqual([]);
      const crashed = new Map(readDataDir(directory.path).map(({ name, bytes }) => [name, bytes]));
      expect([...crashed.keys()]).toContain('coffer.db-wal');
      await restart(crashed, deleted);
    }
  });
});

/** Starts on what lay on disk at that moment, and looks again. */
async function restart(
  files: ReadonlyMap<string, Buffer>,
  deleted: ReadonlyMap<string, Buffer>,
): Promise<void> {
  using directory = temporaryDirectory();
  for (const [name, bytes] of files) writeFileSync(join(directory.path, name), bytes, { mode: 0o600 });
  await using server = await startTestServer({ dataDir: directory.path });
  expect(findRemains(readDataDir(server.dataDir), deleted)).toEqual([]);
}
