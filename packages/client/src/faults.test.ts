import { describe, expect, test, vi } from 'vitest';
import { ERRORS } from '../../core/src/error-table.ts';
import { ScriptedServer, type Reply } from '../../server/src/testing/scripted-server.ts';
import { createClient, type Client, type ClientOptions, type CofferError } from './index.ts';
import { PASSING_CODES } from './transport.ts';

function clientOf(server: ScriptedServer, options: Partial<ClientOptions> = {}): Client {
  return createClient({ url: server.url, token: 'secret-token', ...options });
}

const ok: Reply = (response) => {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ status: 200, message: 'ok', vault: { key: 'KEY', value: 'v', version: 1 } }));
};

function problem(status: number, code: string, headers: Record<string, string> = {}): Reply {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/problem+json', ...headers });
    response.end(JSON.stringify({ status, code, message: `it is ${code}`, request_id: 'req_1' }));
  };
}

function page(status: number): Reply {
  return (response) => {
    response.writeHead(status, { 'content-type': 'text/html', 'retry-after': '0' });
    response.end('<h1>gateway of secret-token</h1>');
  };
}

const reset: Reply = (response) => void response.socket?.destroy();
const truncated: Reply = (response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
  response.write('{"status":200,', () => response.socket?.destroy());
};
const never: Reply = () => undefined;
const neverWhole: Reply = (response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write('{"status":200,');
};
/** Until whoever reads has had enough. */
const endless: Reply = (response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  const chunk = Buffer.alloc(1_000_000, ' ');
  const next = (error?: Error | null): void => {
    if (!(error instanceof Error) && !response.destroyed) response.write(chunk, next);
  };
  next();
};
const unavailable = problem(503, 'store_unavailable', { 'retry-after': '0' });
const tooMany = problem(429, 'too_many_attempts', { 'retry-after': '0' });

async function outcomeOf(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => 'ok',
    (error: unknown) => (error as CofferError).code,
  );
}

const read = async (client: Client): Promise<unknown> => await client.vault('shop').get('KEY');
const write = async (client: Client): Promise<unknown> => await client.vault('shop').restore('KEY', 1);

describe('what passes', () => {
  test.each([
    ['a read', 'is busy', unavailable, read],
    ['a read', 'wants a pause', tooMany, read],
    ['a read', 'resets the connection', reset, read],
    ['a read', 'breaks off its answer', truncated, read],
    ['a read', 'hides behind a proxy', page(503), read],
    ['a change', 'is busy', unavailable, write],
    ['a change', 'wants a pause', tooMany, write],
  ])('%s is repeated when the server %s', async (_, __, fault, call) => {
    await using server = await ScriptedServer.start(fault, fault, ok);
    expect(await outcomeOf(call(clientOf(server)))).toBe('ok');
    expect(server.requests).toHaveLength(3);
    expect(new Set(server.requests.map(({ url, body }) => url + body)).size).toBe(1);
  });

  test.each([
    ['resets the connection', reset, 'network_error'],
    ['breaks off its answer', truncated, 'network_error'],
    ['hides behind a proxy, which may have passed it on', page(503), 'answer_invalid'],
  ])('a change is not repeated when the server %s: it may have been made', async (_, fault, code) => {
    await using server = await ScriptedServer.start(fault, ok);
    expect(await outcomeOf(write(clientOf(server)))).toBe(code);
    expect(server.requests).toHaveLength(1);
  });

  test.each([
    [429, 'a_code_of_tomorrow'],
    [503, 'upstream_down'],
    [429, 'overloaded'],
  ])('a change is not repeated after %i %s, which Coffer does not answer so', async (status, code) => {
    await using server = await ScriptedServer.start(problem(status, code, { 'retry-after': '0' }), ok);
    expect(await outcomeOf(write(clientOf(server)))).toBe(code);
    expect(server.requests).toHaveLength(1);
  });

  test('is what the table of errors says', () => {
    const passing = Object.entries(ERRORS).filter(([, { status }]) => status === 429 || status === 503);
    expect(PASSING_CODES).toEqual(Object.fromEntries(passing.map(([code, { status }]) => [code, status])));
  });

  test.each([
    [400, 'invalid_input'],
    [401, 'token_expired'],
    [403, 'forbidden'],
    [404, 'project_not_found'],
    [409, 'version_conflict'],
    [500, 'internal'],
    [599, 'a_code_of_tomorrow'],
  ])('an answer %i %s is not', async (status, code) => {
    await using server = await ScriptedServer.start(problem(status, code), ok);
    expect(await outcomeOf(read(clientOf(server)))).toBe(code);
    expect(server.requests).toHaveLength(1);
  });

  test('is tried so often and no more', async () => {
    await using server = await ScriptedServer.start(unavailable);
    expect(await outcomeOf(read(clientOf(server, { retries: 1 })))).toBe('store_unavailable');
    expect(server.requests).toHaveLength(2);
    expect(await outcomeOf(read(clientOf(server, { retries: 0 })))).toBe('store_unavailable');
    expect(server.requests).toHaveLength(3);
  });

  test('is waited for as long as the server asks', async () => {
    await using server = await ScriptedServer.start(
      problem(429, 'too_many_attempts', { 'retry-after': '1' }),
      ok,
    );
    expect(await outcomeOf(read(clientOf(server)))).toBe('ok');
    const [first, second] = server.requests.map(({ at }) => at);
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThan(980);
  });

  test('is not waited for longer than the call may take: who called learns how long it would be', async () => {
    await using server = await ScriptedServer.start(
      problem(429, 'too_many_attempts', { 'retry-after': '120' }),
      ok,
    );
    const startedAt = performance.now();
    await expect(read(clientOf(server))).rejects.toMatchObject({
      code: 'too_many_attempts',
      retryAfterSeconds: 120,
    });
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });

  test('is not waited for without an end, even by who set no time', async () => {
    await using server = await ScriptedServer.start(
      problem(503, 'overloaded', { 'retry-after': '9999999' }),
      ok,
    );
    const client = clientOf(server, { timeoutMs: Number.POSITIVE_INFINITY });
    expect(await outcomeOf(read(client))).toBe('overloaded');
    expect(server.requests).toHaveLength(1);
  });

  test('may be put off until a date', async () => {
    const date = new Date(Date.now() + 100_000).toUTCString();
    await using server = await ScriptedServer.start(problem(503, 'overloaded', { 'retry-after': date }));
    const error = (await read(clientOf(server)).catch((error: unknown) => error)) as CofferError;
    expect(error.retryAfterSeconds).toBeGreaterThan(97);
    expect(error.retryAfterSeconds).toBeLessThan(102);
  });
});

describe('a call ends', () => {
  test.each([
    ['no answer', never],
    ['no whole answer', neverWhole],
  ])('with timeout when there is %s in time, and is not repeated', async (_, fault) => {
    await using server = await ScriptedServer.start(fault);
    expect(await outcomeOf(read(clientOf(server, { timeoutMs: 50 })))).toBe('timeout');
    expect(await outcomeOf(clientOf(server).api.health({}, { timeoutMs: 50 }))).toBe('timeout');
    expect(server.requests).toHaveLength(2);
  });

  test('with timeout when the token does not come in time', async () => {
    await using server = await ScriptedServer.start(ok);
    const token = async (): Promise<string> => await new Promise<string>(() => undefined);
    expect(await outcomeOf(read(clientOf(server, { timeoutMs: 50, token })))).toBe('timeout');
    expect(server.requests).toEqual([]);
  });

  test.each([
    ['while the answer is awaited', never],
    ['while the answer comes in', neverWhole],
    ['while it waits to try again', problem(503, 'overloaded', { 'retry-after': '5' })],
  ])('with aborted when the caller no longer wants it, %s', async (_, fault) => {
    await using server = await ScriptedServer.start((response, request) => {
      fault(response, request);
      setImmediate(() => controller.abort());
    });
    const controller = new AbortController();
    const call = clientOf(server).vault('shop').get('KEY', { signal: controller.signal });
    expect(await outcomeOf(call)).toBe('aborted');
  });

  test('before it begins when it was not wanted any more then', async () => {
    await using server = await ScriptedServer.start(ok);
    const signal = AbortSignal.abort();
    expect(await outcomeOf(clientOf(server).vault('shop').get('KEY', { signal }))).toBe('aborted');
    expect(server.requests).toEqual([]);
  });
});

describe('what is no answer of Coffer', () => {
  test.each<[string, Reply]>([
    ['a page', page(200)],
    ['the page of a gateway', page(502)],
    ['text', (response) => void response.end('secret-token')],
    ['a list', (response) => void response.end('[]')],
    ['nothing', (response) => void response.end()],
    [
      'an answer of gigabytes',
      (response) => void response.writeHead(200, { 'content-length': 1e10 }).write('{'),
    ],
    [
      'a refusal of gigabytes',
      (response) => void response.writeHead(400, { 'content-length': 1e10 }).write('{'),
    ],
    ['an answer without an end', endless],
    ['a value that is no text', (response) => void response.end('{"vault":{"key":"KEY","value":1}}')],
    ['an entry of another key', (response) => void response.end('{"vault":{"key":"OTHER","value":"v"}}')],
    ['JSON without what was asked for', (response) => void response.end('{"vault":{"key":"KEY"}}')],
    [
      'a problem without a code',
      (response) => void response.writeHead(400).end('{"message":"secret-token"}'),
    ],
    [
      'a redirection, which the token does not follow',
      (response) => void response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end(),
    ],
  ])('is refused: %s', async (_, reply) => {
    await using server = await ScriptedServer.start(reply);
    const error = (await read(clientOf(server)).catch((error: unknown) => error)) as CofferError;
    expect(error.code).toBe('answer_invalid');
    expect(error.message).not.toContain('secret-token');
    expect(server.requests).toHaveLength(1);
  });

  test('does not repeat the token in what it says', async () => {
    await using server = await ScriptedServer.start((response) => {
      const said = 'secret-token';
      response.writeHead(400, { 'content-type': 'application/problem+json' });
      response.end(
        JSON.stringify({
          code: 'invalid_input',
          message: said,
          request_id: said,
          errors: [{ path: said, message: said }],
        }),
      );
    });
    const error = await read(clientOf(server)).catch((error: unknown) => error);
    expect(JSON.stringify({ error, message: (error as Error).message })).not.toContain('secret-token');
  });
});

describe('a token', () => {
  test('is asked for anew for each call, and goes only where one is needed', async () => {
    await using server = await ScriptedServer.start(ok);
    let tokens = 0;
    const client = clientOf(server, { token: () => `token-${(tokens += 1)}` });
    await read(client);
    await client.api.health();
    await write(client);
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer token-1',
      undefined,
      'Bearer token-2',
    ]);
  });

  test('is asked for again before a call is repeated', async () => {
    await using server = await ScriptedServer.start(unavailable, ok);
    let tokens = 0;
    await read(clientOf(server, { token: async () => await Promise.resolve(`token-${(tokens += 1)}`) }));
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer token-1',
      'Bearer token-2',
    ]);
  });
});

test('a server that never comes to the end of a list does not hold a program for ever', async () => {
  const vaults = Array.from({ length: 100 }, (_, index) => ({ key: `K${index}`, value: 'x' }));
  const body = JSON.stringify({ status: 200, message: 'ok', vaults, amount: 100 });
  let calls = 0;
  const fetch = async (): Promise<Response> => {
    calls += 1;
    return await Promise.resolve(new Response(body, { headers: { 'content-type': 'application/json' } }));
  };
  const client = createClient({ url: 'http://127.0.0.1', fetch });
  expect(await outcomeOf(client.vault('shop').all())).toBe('answer_invalid');
  expect(calls).toBeLessThan(20_000);
});

test('a list that goes on with new entries ends before it fills the memory', async () => {
  const value = 'x'.repeat(65_536);
  let calls = 0;
  const fetch = async (): Promise<Response> => {
    calls += 1;
    const vaults = Array.from({ length: 100 }, (_, index) => ({
      key: `K${(calls - 1) * 99 + index}`,
      value,
    }));
    return await Promise.resolve(new Response(JSON.stringify({ vaults, amount: 1e9 })));
  };
  const client = createClient({ url: 'http://127.0.0.1', fetch });
  expect(await outcomeOf(client.vault('shop').all())).toBe('answer_invalid');
  expect(calls).toBeLessThan(100);
}, 30_000);

describe('an answer is refused whole', () => {
  const entry = { key: 'FINE', value: 'v', version: 1 };
  const call = async (body: object, work: (client: Client) => Promise<unknown>): Promise<string> => {
    const fetch = async (): Promise<Response> => await Promise.resolve(new Response(JSON.stringify(body)));
    return await outcomeOf(work(createClient({ url: 'http://127.0.0.1', fetch })));
  };

  test.each([
    'A;touch X;B',
    'A\nB',
    'A\n',
    'lower',
    '',
    '1A',
    'A=B',
    '__proto__',
    'Ä',
    'A'.repeat(256),
    undefined,
    7,
  ])('when an entry has a key that is none: %j', async (key) => {
    const vaults = [entry, { ...entry, key }];
    expect(await call({ vaults }, async (client) => await client.vault('shop').all())).toBe('answer_invalid');
    expect(await call({ vaults }, async (client) => await client.vault('shop').list())).toBe(
      'answer_invalid',
    );
  });

  test.each<[string, object, (client: Client) => Promise<unknown>]>([
    ['has no list', { vaults: {} }, async (client) => await client.vault('shop').all()],
    ['lists nothing', { vaults: [null] }, async (client) => await client.vault('shop').all()],
    [
      'lists more than was asked for',
      { vaults: Array.from({ length: 101 }, (_, index) => ({ ...entry, key: `K${index}` })) },
      async (client) => await client.vault('shop').all(),
    ],
    [
      'has a value that is no text',
      { vaults: [{ ...entry, value: ['v'] }] },
      async (client) => await client.vault('shop').all(),
    ],
    [
      'has no versions',
      { versions: 'none', amount: 1 },
      async (client) => await client.vault('shop').history('FINE'),
    ],
    ['says nothing of a change', {}, async (client) => await client.vault('shop').set('FINE', 'v')],
    [
      'tells of another entry',
      { vault: { ...entry, key: 'OTHER' } },
      async (client) => await client.vault('shop').restore('FINE', 1),
    ],
    [
      'tells of no import',
      { created: ['FINE'], updated: [], unchanged: 'x' },
      async (client) => await client.vault('shop').import({ FINE: 'v' }),
    ],
  ])('when it %s', async (_, body, work) => {
    expect(await call(body, work)).toBe('answer_invalid');
  });
});

test('a watch waits for as long as the server asks, and at most some minutes', async () => {
  await using server = await ScriptedServer.start(
    problem(429, 'too_many_watchers', { 'retry-after': '9999999' }),
  );
  using timers = vi.spyOn(globalThis, 'setTimeout');
  const waits = (): number[] => timers.mock.calls.map(([, delay = 0]) => delay).filter((ms) => ms > 100_000);
  const controller = new AbortController();
  const { signal } = controller;
  const change = clientOf(server).vault('shop').watch({ signal })[Symbol.asyncIterator]().next();
  await expect.poll(waits).toHaveLength(1);
  expect(Math.max(...waits())).toBeLessThan(400_000);
  expect(server.requests).toHaveLength(1);
  controller.abort();
  await change;
});

test('a url may have a path before that of the API', async () => {
  await using server = await ScriptedServer.start(ok);
  await createClient({ url: `${server.url}/coffer/` }).api.health();
  expect(server.requests[0]?.url).toBe('/coffer/health');
});
