import { ENDPOINTS, problem, takesBody, type Endpoint, type EndpointId } from '@coffer/contract';
import { describe, expect, test } from 'vitest';
import type { Answer, Client } from '../src/testing/client.ts';
import { ENGINES } from '../src/testing/engines.ts';
import { PASSWORD, startTestServer, type TestServer } from '../src/testing/server.ts';

const DEFINITIONS = Object.entries<Endpoint>(ENDPOINTS) as [EndpointId, Endpoint][];
const PATHS = [...new Set(DEFINITIONS.map(([, { path }]) => path))];

async function signedIn(server: TestServer): Promise<{ root: Client; project_id: string }> {
  const root = await server.setUp();
  return { root, project_id: await server.project(root) };
}

function expectProblem(answer: Answer, status: number, code: string): void {
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json(?:; charset=utf-8)?$/);
  expect(answer.status).toBe(status);
  const { body } = answer;
  expect(problem.parse(body)).toMatchObject({ status, code, type: `urn:coffer:error:${code}` });
  expect(body.message).toBe(body.detail);
  expect(body.request_id).toBe(answer.headers.get('x-request-id'));
}

const WRONG_PATHS = [
  '/nowhere',
  '/vault',
  '/vault/',
  '/vault/create/',
  '//vault/create',
  '/Vault/create',
  '/vault/create/one',
  '/vault%2Fcreate',
  '/api/vault/create',
  '/vault/fetch/../create/x',
  '/openapi.yaml',
  '/scalar/../../package.json',
  '/.env',
];

describe.each(ENGINES)('a request to the wrong place on %s', () => {
  test('is told so whatever its body is, and pages are no exception', async () => {
    await using server = await startTestServer();
    const { root } = await signedIn(server);
    const headers = { 'content-type': 'text/plain' };
    for (const path of ['/vault/create', '/openapi.json', '/scalar', '/']) {
      const answer = await root.send('DELETE', path, { headers, body: '{"half' });
      expectProblem(answer, 405, 'method_not_allowed');
    }
    expectProblem(
      await root.send('POST', '/nowhere', { headers, body: '{"half' }),
      404,
      'endpoint_not_found',
    );
  });

  test('to change nothing is refused: an update names what is to change', async () => {
    await using server = await startTestServer();
    const { root, project_id } = await signedIn(server);
    for (const answer of [
      await root.call('project_update', { project_id }),
      await root.call('user_update', { uid: root.uid }),
    ]) {
      expectProblem(answer, 400, 'invalid_input');
      expect(answer.body.errors).toEqual([{ path: 'body', message: 'must name something to change' }]);
    }
  });

  test('with a verb that the path does not take is 405, and Allow names those that it does', async () => {
    await using server = await startTestServer();
    const { root } = await signedIn(server);
    for (const path of PATHS) {
      const allowed: string[] = DEFINITIONS.filter(([, found]) => found.path === path).flatMap(
        ([, { method, action }]) => (method === 'GET' && action === undefined ? [method, 'HEAD'] : method),
      );
      for (const method of ['GET', 'POST', 'PATCH', 'DELETE', 'PUT', 'HEAD', 'OPTIONS']) {
        if (allowed.includes(method)) continue;
        const { status, headers, body } = await root.send(method, path);
        // An answer to HEAD has no body.
        const code = method === 'HEAD' ? undefined : 'method_not_allowed';
        expect([method, path, status, headers.get('allow'), body?.code]).toEqual([
          method,
          path,
          405,
          allowed.join(', '),
          code,
        ]);
      }
    }
  });

  test('with HEAD answers as GET does, without the body, where anyone may ask', async () => {
    await using server = await startTestServer();
    for (const path of ['/health', '/ready', '/', '/web/', '/openapi.json', '/scalar']) {
      const [get, head] = await Promise.all(
        ['GET', 'HEAD'].map(async (method) => await server.anonymous().send(method, path)),
      );
      expect([path, head?.status, head?.text]).toEqual([path, get?.status, '']);
      expect(head?.headers.get('content-type')).toBe(get?.headers.get('content-type'));
    }
    await server.app.context.store.db.deleteFrom('instance').execute();
    expect(await server.anonymous().send('HEAD', '/ready')).toMatchObject({ status: 503, text: '' });
    for (const path of ['/vault/fetch', '/x/shop/charges'])
      expect([path, (await server.anonymous().send('HEAD', path)).status]).toEqual([
        path,
        path === '/vault/fetch' ? 405 : 404,
      ]);
  });

  test('is 404, signed in or not, whatever the verb', async () => {
    await using server = await startTestServer();
    const { root } = await signedIn(server);
    for (const path of WRONG_PATHS) {
      for (const client of [root, server.anonymous()]) {
        for (const method of ['GET', 'POST', 'DELETE']) {
          expectProblem(await client.send(method, path), 404, 'endpoint_not_found');
        }
      }
    }
  });
});

describe.each(ENGINES)('the body of a request on %s', () => {
  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/xml',
    'application/jsonp',
    'application/json-patch+json',
    'application/problem+json',
    'text/json',
    'application/json; charset=utf-16',
    'application/json; charset=iso-8859-1',
    'application/json;charset="latin1"',
    'application/json; CHARSET=UTF-16LE',
    'json',
    '',
  ])('must be JSON in UTF-8: %j is 415', async (type) => {
    await using server = await startTestServer();
    const { root, project_id } = await signedIn(server);
    const body = Buffer.from(JSON.stringify({ project_id, key: 'KEY', value: 'x' }));
    expectProblem(
      await root.send('POST', '/vault/create', { body, headers: { 'content-type': type } }),
      415,
      'unsupported_media_type',
    );
    expectProblem(
      await root.send('PATCH', '/vault/update', { body, headers: { 'content-type': type } }),
      415,
      'unsupported_media_type',
    );
    expect((await root.ok('vault_fetch', { project_id })).amount).toBe(0);
  });

  test.each(['gzip', 'br', 'deflate', 'gzip, identity', 'x'])(
    'must not be compressed: %s is 415',
    async (encoding) => {
      await using server = await startTestServer();
      const { root, project_id } = await signedIn(server);
      const input = { project_id, key: 'KEY', value: 'x' };
      const answer = await root.send('POST', '/vault/create', {
        input,
        headers: { 'content-encoding': encoding },
      });
      expectProblem(answer, 415, 'unsupported_media_type');
      expect((await root.ok('vault_fetch', { project_id })).amount).toBe(0);
    },
  );

  test.each([
    'application/json',
    'application/json; charset=utf-8',
    'application/json;charset=UTF-8',
    'application/json; charset="utf-8"',
    'Application/JSON',
  ])('may be announced as %s', async (type) => {
    await using server = await startTestServer();
    const { root, project_id } = await signedIn(server);
    const input = { project_id, key: 'KEY', value: 'ü€😀' };
    const { status } = await root.send('POST', '/vault/create', { input, headers: { 'content-type': type } });
    expect(status).toBe(201);
    expect((await root.ok('vault_fetch_one', { project_id, key: 'KEY' })).vault.value).toBe('ü€😀');
  });

  test.each([
    ['nothing at all after a brace', '{'],
    ['a comma too much', '{"project_id":"shop",}'],
    ['a comment', '{/* */}'],
    ['single quotes', "{'key':'KEY'}"],
    ['a byte order mark', '\ufeff{}'],
    ['two documents', '{}{}'],
    ['a control character in a text', '{"key":"\u0001"}'],
    ['a number that is none', '{"version":01}'],
    ['an escape that is none', String.raw`{"key":"\x41"}`],
  ])('must be valid JSON: %s is 400, and not repeated', async (_, body) => {
    await using server = await startTestServer();
    const { root } = await signedIn(server);
    const answer = await root.send('POST', '/vault/create', { body: `${body}canary` });
    expectProblem(answer, 400, 'malformed_json');
    expect(answer.text).not.toContain('canary');
    expectProblem(await root.send('POST', '/vault/create', { body }), 400, 'malformed_json');
  });

  test.each([
    '[]',
    '"x"',
    '7',
    'true',
    'null',
    '[{"key":"KEY"}]',
    `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
  ])('must be one JSON object: %.20s is 400', async (body) => {
    await using server = await startTestServer();
    const { root } = await signedIn(server);
    const answer = await root.send('POST', '/vault/create', { body });
    expectProblem(answer, 400, 'invalid_input');
    expect(answer.body.errors).toEqual([{ path: 'body', message: 'must be a JSON object' }]);
  });

  test('may be left out where a call takes nothing, and is missed where it takes something', async () => {
    await using server = await startTestServer();
    const { root } = await signedIn(server);
    const headers = { authorization: `Bearer ${root.token}` };
    const created = await fetch(`${root.url}/vault/create`, { method: 'POST', headers });
    expect(created.status).toBe(400);
    expect(await created.json()).toMatchObject({
      code: 'invalid_input',
      errors: [
        { path: 'project_id', message: 'is required' },
        { path: 'key', message: 'is required' },
        { path: 'value', message: 'is required' },
      ],
    });
    expect((await fetch(`${root.url}/user/logout`, { method: 'POST', headers })).status).toBe(200);
  });

  test('may have at most half a mebibyte', async () => {
    await using server = await startTestServer();
    const { root, project_id } = await signedIn(server);
    const body = JSON.stringify({ project_id, key: 'KEY', value: 'x' });
    const limit = 512 * 1024;
    expect((await root.send('POST', '/vault/create', { body: body.padEnd(limit) })).status).toBe(201);
    expectProblem(
      await root.send('PATCH', '/vault/update', { body: body.padEnd(limit + 1) }),
      413,
      'body_too_large',
    );
    expect((await root.ok('vault_version_fetch', { project_id, key: 'KEY' })).amount).toBe(1);
  });

  test('does not reach what objects inherit from', async () => {
    await using server = await startTestServer();
    const { root, project_id } = await signedIn(server);
    for (const name of ['__proto__', 'constructor', 'prototype', 'toString']) {
      const body = `{"project_id":"${project_id}","key":"KEY","value":"x","${name}":{"environment":"default"}}`;
      const answer = await root.send('POST', '/vault/create', { body });
      expectProblem(answer, 400, 'invalid_input');
      expect(answer.body.errors).toHaveLength(1);
    }
    expect((await root.ok('vault_fetch', { project_id })).amount).toBe(0);
  });
});

describe.each(ENGINES)('the input of a call on %s', () => {
  test('may not have a field or parameter that the call does not know, whichever call it is', async () => {
    await using server = await startTestServer();
    const { root } = await signedIn(server);
    const unknown = { path: 'unexpected', message: 'is not a known field' };
    for (const [id, { path }] of DEFINITIONS) {
      const answer = await root.call(id, { unexpected: 'canary' });
      expectProblem(answer, 400, 'invalid_input');
      expect([path, answer.body.errors]).toEqual([path, expect.arrayContaining([unknown])]);
      expect(answer.text).not.toContain('canary');
    }
    await root.ok('user_me');
  });

  test('may not have a field whose name is a value put in the wrong place: the refusal does not repeat it', async () => {
    await using server = await startTestServer();
    const { root, project_id } = await signedIn(server);
    const misplaced = { project_id, key: 'KEY', value: 'x', 'postgres://canary:hunter2@db': '' };
    const answer = await root.call('vault_create', misplaced);
    expectProblem(answer, 400, 'invalid_input');
    expect(answer.text).not.toContain('canary');
    expect(server.logLines.join('')).not.toContain('hunter2');
  });

  test('is refused with every mistake named, not only the first', async () => {
    await using server = await startTestServer();
    const { root } = await signedIn(server);
    const answer = await root.call('user_create', {
      username: '',
      email: 'x',
      first_name: 7,
      password: 'short',
      extra: 1,
    });
    expectProblem(answer, 400, 'invalid_input');
    const paths = answer.body.errors.map(({ path }: { path: string }) => path);
    expect(paths.toSorted()).toEqual([
      'email',
      'extra',
      'first_name',
      'last_name',
      'password',
      'role',
      'username',
    ]);
  });

  test('is not taken from the query where it belongs into the body, nor the other way round', async () => {
    await using server = await startTestServer();
    const { root, project_id } = await signedIn(server);
    for (const [, definition] of DEFINITIONS) {
      const { method, path } = definition;
      if (takesBody(definition)) {
        const answer = await root.send(method, `${path}?project_id=${project_id}`, { input: {} });
        expectProblem(answer, 400, 'invalid_input');
        expect([path, answer.body.errors]).toEqual([
          path,
          [{ path: 'project_id', message: 'is not a known parameter: this call takes a body' }],
        ]);
      } else if (method === 'DELETE') {
        const headers = { 'content-type': 'application/json' };
        const answer = await root.send(method, path, { body: JSON.stringify({ project_id }), headers });
        expectProblem(answer, 400, 'invalid_input');
        expect([path, answer.body.errors]).toEqual([
          path,
          [{ path: 'body', message: 'must be empty: this call takes query parameters' }],
        ]);
      }
    }
    await root.ok('project_fetch_one', { project_id });
  });

  test.each([
    ['a parameter twice', 'project_id=shop&project_id=shop', 'project_id', 'must be given once'],
    ['a parameter twice, once encoded', 'limit=5&%6cimit=5', 'limit', 'must be given once'],
    ['a broken escape', 'project_id=%zz', 'project_id', 'must be percent-encoded UTF-8'],
    ['an escape that is not UTF-8', 'project_id=%ff', 'project_id', 'must be percent-encoded UTF-8'],
    ['a broken name', '%zz=1', 'query', 'must be percent-encoded UTF-8'],
    ['an array', 'limit[]=5', '(unnamed)', 'is not a known field'],
    ['a prototype', '__proto__=5', '(unnamed)', 'is not a known field'],
  ])('may not have %s in the query', async (_, query, path, message) => {
    await using server = await startTestServer();
    const { root } = await signedIn(server);
    const answer = await root.send('GET', `/vault/fetch?${query}`);
    expectProblem(answer, 400, 'invalid_input');
    expect(answer.body.errors).toContainEqual({ path, message });
  });

  test('may have blanks and any character in the query, as + or percent-encoded', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    await root.ok('project_create', { id: 'shop', name: 'A+B & Ü', api_path: '/shop' });
    for (const filter of ['A%2BB+%26+%C3%9C', 'A%2bB%20%26%20%c3%9c', 'a%2Bb+']) {
      expect((await root.send('GET', `/project/fetch?filter=${filter}`)).body.amount).toBe(1);
    }
  });

  test('of a sign-in may be wrong in form without saying who exists', async () => {
    await using server = await startTestServer();
    await signedIn(server);
    const anonymous = server.anonymous();
    const known = await anonymous.call('user_login', { auth_data: 'root', password: 'wrong-password' });
    const unknown = await anonymous.call('user_login', { auth_data: 'nobody', password: PASSWORD });
    expectProblem(known, 401, 'credentials_invalid');
    expectProblem(unknown, 401, 'credentials_invalid');
    expect(known.text.replace(known.body.request_id, '')).toBe(
      unknown.text.replace(unknown.body.request_id, ''),
    );
  });
});
