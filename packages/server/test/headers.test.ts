import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { ENDPOINTS, problem, type EndpointId } from '@coffer/contract';
import { describe, expect, test } from 'vitest';
import { ENGINES } from '../src/testing/engines.ts';
import { startTestServer, type TestServer } from '../src/testing/server.ts';
import { callEveryEndpoint, startWithIssuer } from './every-endpoint.ts';

const ENDPOINT_IDS = Object.keys(ENDPOINTS) as EndpointId[];

/** Bytes as they are, for what no HTTP client would send. */
async function sendRaw(
  server: TestServer,
  request: string,
): Promise<{ statusLine: string; headers: Headers; body: string }> {
  const { hostname, port } = new URL(server.app.url);
  const socket = connect(Number(port), hostname);
  socket.write(request);
  const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n', 2);
  const [statusLine = '', ...lines] = head.split('\r\n');
  const headers = new Headers(
    lines.map((line): [string, string] => [line.split(':')[0] ?? '', line.replace(/^[^:]*: /, '')]),
  );
  return { statusLine, headers, body };
}

const HEADERS = {
  'cache-control': /^no-store$/,
  'content-security-policy': /default-src 'none'.*frame-ancestors 'none'/,
  'x-content-type-options': /^nosniff$/,
  'x-frame-options': /^DENY$/,
  'referrer-policy': /^no-referrer$/,
  'cross-origin-resource-policy': /^same-origin$/,
  'cross-origin-opener-policy': /^same-origin$/,
  'permissions-policy': /camera=\(\)/,
  'x-request-id': /^req_[0-9a-f]{24}$/,
};

/** The names of the headers that are missing or not as they should be. */
function wrongHeaders(headers: Headers): string[] {
  const wrong = Object.entries(HEADERS).filter(([name, expected]) => !expected.test(headers.get(name) ?? ''));
  const telltale = ['server', 'x-powered-by', 'access-control-allow-origin'].filter((name) =>
    headers.has(name),
  );
  return [...wrong.map(([name]) => name), ...telltale];
}

describe.each(ENGINES)('every answer on %s', () => {
  test('has a request id, is not stored, and has the security headers: each success', async () => {
    await using world = await startWithIssuer();
    const answers = await callEveryEndpoint(world);
    const wrong = [...answers].map(([id, { headers }]) => [id, wrongHeaders(headers)] as const);
    expect(wrong.filter(([, names]) => names.length > 0)).toEqual([]);
  });

  test('has them also when it is a refusal, of whatever kind', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const anonymous = server.anonymous();
    const answers = [
      ...(await Promise.all(ENDPOINT_IDS.map(async (id) => await anonymous.call(id, { nonsense: 1 })))),
      await anonymous.send('GET', '/nowhere'),
      await anonymous.send('GET', '/%zz'),
      await anonymous.send('DELETE', '/health'),
      await anonymous.send('OPTIONS', '/vault/create'),
      await anonymous.send('POST', '/user/login', { body: 'x', headers: { 'content-type': 'text/plain' } }),
      await anonymous.send('POST', '/user/login', { body: '{' }),
      await anonymous.send('POST', '/user/login', { body: 'x'.repeat(600 * 1024) }),
      await root.call('vault_fetch', { project_id: 'missing' }),
      await root.call('project_create', { id: 'x' }),
    ];
    const wrong = answers.map(({ text, headers }) => [text, wrongHeaders(headers)] as const);
    expect(wrong.filter(([, names]) => names.length > 0)).toEqual([]);
    const ids = answers.map(({ headers }) => headers.get('x-request-id'));
    expect(new Set(ids).size).toBe(answers.length);
  });

  test('has them also when it is a page; a page may load its own scripts and nothing else', async () => {
    await using server = await startTestServer();
    for (const path of ['/', '/openapi.json', '/scalar', '/scalar/start.js']) {
      const { headers } = await server.anonymous().send('GET', path);
      const isScalar = path === '/scalar';
      expect(wrongHeaders(headers)).toEqual([]);
      if (!isScalar) continue;
      const policy = headers.get('content-security-policy') ?? '';
      expect(/script-src [^;]*/.exec(policy)?.[0]).toBe("script-src 'self'");
      expect(/connect-src [^;]*/.exec(policy)?.[0]).toBe("connect-src 'self'");
    }
  });

  test('has them also when the request was not HTTP', async () => {
    await using server = await startTestServer();
    for (const [request, status, code] of [
      ['nonsense\r\n\r\n', 400, 'malformed_request'],
      ['GET / HTTP/1.1\r\nhost: x\r\ncontent-length: nan\r\n\r\n', 400, 'malformed_request'],
      [
        'GET / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
        400,
        'malformed_request',
      ],
      [`GET / HTTP/1.1\r\nhost: x\r\nx: ${'x'.repeat(64 * 1024)}\r\n\r\n`, 431, 'headers_too_large'],
    ] as const) {
      const { statusLine, headers, body } = await sendRaw(server, request);
      expect(statusLine).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
      const answer = problem.parse(JSON.parse(body));
      expect(answer).toMatchObject({ status, code });
      expect(wrongHeaders(headers)).toEqual([]);
      expect(headers.get('x-request-id')).toBe(answer.request_id);
    }
  });

  test('has an id that the server chose: one that a client sends is not taken over', async () => {
    await using server = await startTestServer();
    const forged = 'req_000000000000000000000000';
    const answer = await server
      .anonymous()
      .call('user_me', {}, { 'x-request-id': forged, 'request-id': forged });
    expect(answer.headers.get('x-request-id')).not.toBe(forged);
    expect(answer.body.request_id).not.toBe(forged);
  });
});
