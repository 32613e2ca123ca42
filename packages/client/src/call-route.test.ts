import { describe, expect, test } from 'vitest';
import { ScriptedServer, type Reply } from '../../server/src/testing/scripted-server.ts';
import { createClient, type CofferError } from './index.ts';

function clientOf(server: ScriptedServer) {
  return createClient({ url: server.url, token: 'secret-token', retries: 3 });
}

function answer(status: number, headers: Record<string, string> = {}): Reply {
  return (response) => {
    response.writeHead(status, headers).end(JSON.stringify({ status, code: 'busy', message: 'it is' }));
  };
}

const ours: Reply = (response) => {
  const code = 'origin_not_allowed';
  response.writeHead(403, { 'x-coffer-route-error': code, 'content-type': 'application/problem+json' });
  response.end(JSON.stringify({ status: 403, code, message: 'no', request_id: 'req_1' }));
};
const reset: Reply = (response) => void response.socket?.destroy();

async function codeOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => 'ok',
    (error: unknown) => (error as CofferError).code,
  );
}

describe('a call of a route', () => {
  test('takes inputs to where they stand, and the token with them', async () => {
    await using server = await ScriptedServer.start(answer(200));
    const response = await clientOf(server).call('/x/shop/charges/a%20b', {
      method: 'POST',
      query: { dry: true, left: undefined },
      headers: { 'idempotency-key': 'k1' },
      body: { amount: 4200 },
    });
    expect(response.status).toBe(200);
    expect(server.requests).toMatchObject([
      {
        method: 'POST',
        url: '/x/shop/charges/a%20b?dry=true',
        headers: {
          authorization: 'Bearer secret-token',
          'content-type': 'application/json',
          'idempotency-key': 'k1',
        },
        body: '{"amount":4200}',
      },
    ]);
  });

  test.each([204, 302, 401, 404, 429, 500, 503])(
    'answers with what the outside API says, also %i, and sends it once',
    async (status) => {
      await using server = await ScriptedServer.start(answer(status, { 'retry-after': '0' }));
      expect((await clientOf(server).call('/x/shop/charges')).status).toBe(status);
      expect(server.requests).toHaveLength(1);
    },
  );

  test('fails with what Coffer says, once', async () => {
    await using server = await ScriptedServer.start(ours);
    expect(await codeOf(clientOf(server).call('/x/shop/charges'))).toBe('origin_not_allowed');
    expect(server.requests).toHaveLength(1);
  });

  test('is not repeated when the connection breaks: it may have been sent', async () => {
    await using server = await ScriptedServer.start(reset, answer(200));
    expect(await codeOf(clientOf(server).call('/x/shop/charges'))).toBe('network_error');
    expect(server.requests).toHaveLength(1);
  });

  test('has time for as long as it answers, and ends by its signal', async () => {
    await using server = await ScriptedServer.start((response) => {
      response.writeHead(200).write('first');
    });
    const controller = new AbortController();
    const response = await clientOf(server).call('/x/shop/events', {
      timeoutMs: 2000,
      signal: controller.signal,
    });
    const reader = response.body?.getReader();
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('first');
    controller.abort();
    await expect(reader?.read()).rejects.toThrow(/abort/i);
  });

  test('ends by its time where no answer begins', async () => {
    await using server = await ScriptedServer.start(() => undefined);
    expect(await codeOf(clientOf(server).call('/x/shop/charges', { timeoutMs: 50 }))).toBe('timeout');
  });

  test('has no header that would end early, and repeats none of it', async () => {
    await using server = await ScriptedServer.start(answer(200));
    for (const value of ['canary\r\nx: y', 'canary\u2028', 'canary\0'])
      await expect(clientOf(server).call('/x/a', { headers: { 'x-a': value } })).rejects.toThrow(
        /^(?!.*canary).*line break/,
      );
    expect(server.requests).toEqual([]);
  });

  test.each([
    '/vault/fetch',
    'x/shop',
    '@evil.example/x/',
    '/x/../user/me',
    '/x/a/%2E%2e/b',
    '/x/a/.',
    '/x/a?b=c',
    '/x/a#b',
    '/x/..\\user',
    '/x/a b',
    '/x/a%zz',
    '/x/a%',
  ])('goes to a route and nowhere else: %s', async (path) => {
    await using server = await ScriptedServer.start(answer(200));
    await expect(clientOf(server).call(path)).rejects.toThrow(TypeError);
    expect(server.requests).toEqual([]);
  });
});
