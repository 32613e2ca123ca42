import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkResponseHeader } from '@coffer/core';
import { describe, expect, test } from 'vitest';
import { Redactor, redactHeader, Secrets } from '../src/outbound/redactor.ts';
import { ScriptedServer, type Reply } from '../src/testing/scripted-server.ts';
import { KEY, RouteWorld, SECRET, type Input } from './route-world.ts';

/** Attacks on routes. Each test says what should hold. */

function answering(status: number, body: string, headers: Record<string, string | string[]> = {}): Reply {
  return (response) => {
    response.writeHead(status, { 'content-type': 'text/plain', ...headers });
    response.end(body);
  };
}

async function raw(world: RouteWorld, text: string, waitMs = 5000): Promise<string> {
  const { hostname, port } = new URL(world.server.app.url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  socket.write(text);
  let received = '';
  socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')));
  await Promise.race([once(socket, 'close'), sleep(waitMs)]);
  socket.destroy();
  return received;
}

/** How long the event loop stood still at most. */
async function stillness(work: () => Promise<unknown>): Promise<number> {
  let most = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    most = Math.max(most, now - last);
    last = now;
  }, 5);
  await work();
  await sleep(20);
  clearInterval(timer);
  return most;
}

describe('what comes back', () => {
  test('when the end of an answer arrives does not tell how much of it a secret begins with', async () => {
    await using world = await RouteWorld.start([
      (response, request) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write(`data: ${new URL(request.url ?? '', 'http://x').searchParams.get('q')}`);
        setTimeout(() => response.end('.\n\n'), 250);
      },
    ]);
    await world.route({
      method: 'GET',
      inputs: [{ name: 'q', in: 'query' }],
      request: { method: 'GET', query: [{ name: 'q', value: '${{ input.q }}' }] },
    });
    /** All that a caller sees: how much of their own text is there before the upstream goes on. */
    const isHeld = async (guess: string): Promise<boolean> => {
      const { body } = await world.open(world.owner, {
        method: 'GET',
        path: `/call?q=${encodeURIComponent(`:${guess}`)}`,
      });
      const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
      const first = (await reader?.read())?.value ?? '';
      await reader?.cancel();
      return first === 'data: :';
    };
    const alphabet = Array.from('abcdefghijklmnopqrstuvwxyz/+"&%=0123456789');
    let known = [''];
    for (let length = 1; length <= 8 && known.length > 0; length += 1) {
      const guesses = known.flatMap((start) => alphabet.map((next) => start + next));
      known = [];
      for (let at = 0; at < guesses.length; at += 60) {
        const some = guesses.slice(at, at + 60);
        const held = await Promise.all(some.map(isHeld));
        known.push(...some.filter((_, index) => held[index]));
      }
    }

    expect(known).toEqual([]);
  }, 60_000);

  const percent = encodeURIComponent;
  test.each<[string, string]>([
    ['JSON as Go, Rails and Flask write it', JSON.stringify(SECRET).replaceAll('&', String.raw`\u0026`)],
    [
      'JSON as .NET writes it',
      SECRET.replace(/["&+]/g, (c) => `\\u00${c.charCodeAt(0).toString(16).toUpperCase()}`),
    ],
    ['JSON as Gson writes it', JSON.stringify(SECRET).replaceAll('&', '\\u0026').replaceAll('=', '\\u003d')],
    ['HTML', SECRET.replaceAll('&', '&amp;').replaceAll('"', '&quot;')],
    ['markup as our own text bodies have it', SECRET.replace(/[&"]/g, (c) => `&#${c.charCodeAt(0)};`)],
    ['percent-encoded twice (login?next=…)', percent(percent(SECRET))],
    ['JSON within JSON', JSON.stringify(JSON.stringify(SECRET))],
    ['percent-encoded in both cases', percent(SECRET).replace('%2F', '%2f')],
    ['base 64 of base 64', Buffer.from(Buffer.from(SECRET).toString('base64')).toString('base64')],
    ['base 64 of JSON', Buffer.from(JSON.stringify({ k: SECRET })).toString('base64')],
    ['UTF-16', Buffer.from(SECRET, 'utf16le').toString('latin1')],
  ])('holds no secret as %s', (_, echo) => {
    expect(redactHeader(echo, new Secrets([SECRET])).redactions).toBeGreaterThan(0);
  });

  test('a body of XML that is echoed holds no secret', async () => {
    await using world = await RouteWorld.start([
      (response, request) => {
        void request;
        response.end(world.upstream.requests.at(-1)?.body);
      },
    ]);
    await world.route({
      request: {
        auth: null,
        body: { type: 'text', content_type: 'application/xml', text: '<a>${{ vault.API_KEY }}</a>' },
      },
    });
    expect((await world.invoke(world.owner)).body).not.toContain('walnut/kestrel+52');
  });

  test('a secret that ends with a line break is found without it', async () => {
    await using world = await RouteWorld.start([answering(200, 'unknown key long-secret-value')]);
    await world.entry('LINE', 'long-secret-value\n');
    await world.route({ request: { auth: null, body: { type: 'json', value: { k: '${{ vault.LINE }}' } } } });
    expect((await world.invoke(world.owner)).body).not.toContain('long-secret-value');
  });

  test('a secret with blanks around it, in a header, is found as the upstream reads it', async () => {
    await using world = await RouteWorld.start([
      (response, request) => response.end(`unknown key ${String(request.headers['x-key'])}`),
    ]);
    await world.entry('BLANK', 'long-secret-value ');
    await world.route({
      request: { auth: null, headers: [{ name: 'X-Key', value: '${{ vault.BLANK }}' }] },
    });
    expect((await world.invoke(world.owner)).body).not.toContain('long-secret-value');
  });

  test('a secret that is not ASCII is found in a header', async () => {
    const secret = 'pässwörd-of-länge';
    await using world = await RouteWorld.start([
      (response) =>
        void response.socket?.end(`HTTP/1.1 200 OK\r\nX-Echo: ${secret}\r\nContent-Length: 1\r\n\r\nx`),
    ]);
    await world.entry('UMLAUT', secret);
    await world.route({
      request: { auth: null, body: { type: 'json', value: '${{ vault.UMLAUT }}' } },
      response: { headers: ['x-echo'] },
    });
    const received = await raw(
      world,
      `POST /x/p1/call HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\nAuthorization: Bearer ${world.owner.token}\r\n\r\n`,
    );
    expect(received).toContain('HTTP/1.1 200');
    // However often it was taken for Latin-1 on its way.
    expect(received).toContain('x-echo: [redacted]');
  });

  test('a second content-encoding does not pass for none', async () => {
    await using world = await RouteWorld.start([
      answering(200, 'x', { 'content-encoding': ['identity', 'gzip'] }),
    ]);
    await world.route();
    expect((await world.invoke(world.owner)).code).toBe('route_response_refused');
  });

  test('a transfer-encoding of gzip does not pass', async () => {
    const upstream = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () =>
        socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n'),
      );
    }).listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    const url = `http://127.0.0.1:${(upstream.address() as { port: number }).port}`;
    await using world = await RouteWorld.start([], { config: { egressAllow: [url] } });
    await world.owner.ok('vault_allow_origins', {
      project_id: world.project_id,
      key: KEY,
      allowed_origins: [url],
    });
    await world.route({ request: { origin: url } });
    expect((await world.invoke(world.owner)).code).toBe('route_response_refused');
    upstream.close();
  });

  test.each(['x-accel-redirect', 'x-sendfile', 'cdn-cache-control', 'surrogate-control'])(
    'the header %s, which proxies and caches before us obey, is never passed on',
    (name) => expect(checkResponseHeader(name)).toBeDefined(),
  );

  test.each(['constructor', '__proto__'])('a header named %s is passed on like any other', async (name) => {
    await using world = await RouteWorld.start([
      (response) => {
        response.socket?.end(`HTTP/1.1 200 OK\r\n${name}: 1\r\nContent-Length: 1\r\n\r\nx`);
      },
    ]);
    await world.route({ response: { headers: [name] } });
    expect((await world.invoke(world.owner)).body).toBe('x');
  });

  test.each(['000', '099', '999'])('a status of %s ends the call', async (status) => {
    await using world = await RouteWorld.start([
      (response) => void response.socket?.end(`HTTP/1.1 ${status} X\r\nContent-Length: 1\r\n\r\nx`),
    ]);
    await world.route();
    await world.invoke(world.owner).catch(() => {});
    await world.settled();
    expect(await world.calls()).not.toMatchObject([{ state: 'open' }]);
  });
});

describe('two keys', () => {
  test('a retry looks at the leave of the entry again', async () => {
    await using world = await RouteWorld.start([
      (response) => {
        void world.owner
          .ok('vault_allow_origins', { project_id: world.project_id, key: KEY, allowed_origins: [] })
          .then(() => response.writeHead(503).end());
      },
      answering(200, 'sent again'),
    ]);
    await world.route({ request: { method: 'PUT' }, response: { retries: 1 } });
    await world.invoke(world.owner);
    expect(world.upstream.requests).toHaveLength(1);
  });

  test('an entry that is deleted and made again may not be sent', async () => {
    await using world = await RouteWorld.start();
    await world.route();
    await world.owner.ok('vault_delete', { project_id: world.project_id, key: KEY });
    await world.owner.ok('vault_create', { project_id: world.project_id, key: KEY, value: SECRET });
    expect((await world.invoke(world.owner)).code).toBe('origin_not_allowed');
  });

  test('a token sees no versions of environments and keys that are not its own', async () => {
    await using world = await RouteWorld.start();
    await world.owner.ok('environment_create', {
      project_id: world.project_id,
      id: 'production',
      name: 'Production',
    });
    const entry = { project_id: world.project_id, environment: 'production', key: 'HIDDEN_KEY' };
    await world.owner.ok('vault_create', { ...entry, value: SECRET });
    await world.owner.ok('vault_allow_origins', { ...entry, allowed_origins: [world.upstream.url] });
    await world.route({
      environment: 'production',
      request: { auth: { type: 'bearer', token: '${{ vault.HIDDEN_KEY }}' } },
    });
    await world.owner.ok('route_update', world.definition({ environment: 'default' }));
    const program = await world.serviceToken(['route.view'], {
      environments: ['default'],
      keys: ['API_*'],
    });
    const { text } = await program.call('route_version_fetch', { project_id: world.project_id, id: 'route' });
    expect(text).not.toContain('HIDDEN_KEY');
  });

  test('a definition with its members in another order is another one', async () => {
    await using world = await RouteWorld.start();
    const request = (value: Input): Input => ({ body: { type: 'json', value } });
    await world.route({ request: request({ b: 1, a: 2 }) });
    await world.invoke(world.owner);
    await world.owner.ok('route_update', world.definition({ request: request({ a: 2, b: 1 }) }));
    await world.invoke(world.owner);
    expect(world.upstream.requests[1]?.body).toBe('{"a":2,"b":1}');
  });
});

describe('what is told', () => {
  test.each<[string, { headers?: Record<string, string>; path?: string; body?: unknown }]>([
    ['a body of another type', { body: {}, headers: { 'content-type': 'text/plain' } }],
    ['a query that is none', { path: '?a=%zz' }],
    ['a body that is too large', { body: { a: 'x'.repeat(600_000) } }],
  ])('to a stranger with %s: the same whether there is the route', async (_, { path = '', ...given }) => {
    await using world = await RouteWorld.start();
    await world.route();
    const outsider = await world.server.user(world.root, 'VIEWER');
    const [there, missing] = [
      await world.invoke(outsider, { ...given, path: `/call${path}` }),
      await world.invoke(outsider, { ...given, path: `/none${path}` }),
    ];
    expect([there.status, there.code]).toEqual([missing.status, missing.code]);
  });

  test.each<[string, string, string]>([
    ['a body of another type', 'text/plain', 'x'],
    ['a body that is no JSON', 'application/json', '{'],
  ])('%s is on record as refused', async (_, type, body) => {
    await using world = await RouteWorld.start();
    await world.route();
    await raw(
      world,
      `POST /x/p1/call HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${world.owner.token}\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    expect(await world.calls()).toMatchObject([{ state: 'refused' }]);
  });

  test('a body with GET is refused', async () => {
    await using world = await RouteWorld.start();
    await world.route({ method: 'GET', request: { method: 'GET' } });
    const body = '{"undeclared":1}';
    const answer = await raw(
      world,
      `GET /x/p1/call HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${world.owner.token}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    expect(answer).toContain('HTTP/1.1 4');
  });

  test('a call whose caller left while it wrote is not on record as done', async () => {
    await using world = await RouteWorld.start([
      (response) => {
        response.writeHead(200);
        response.end(Buffer.alloc(20_000_000, 'x'));
      },
    ]);
    await world.route({ response: { max_bytes: 50_000_000 } });
    const { hostname, port } = new URL(world.server.app.url);
    const socket = connect(Number(port), hostname);
    socket.on('error', () => {});
    socket.write(
      `POST /x/p1/call HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nAuthorization: Bearer ${world.owner.token}\r\n\r\n`,
    );
    await once(socket, 'readable');
    await sleep(500);
    socket.destroy();
    await expect.poll(async () => (await world.calls())[0]?.['state']).not.toBe('open');
    expect(await world.calls()).toMatchObject([{ state: 'failed', code: 'caller_gone' }]);
  });

  test('whenever the caller leaves the end is on record', async () => {
    await using world = await RouteWorld.start([
      (response) => {
        response.write('x');
        setTimeout(() => response.end('y'), 5);
      },
    ]);
    await world.route();
    const { hostname, port } = new URL(world.server.app.url);
    await Promise.all(
      Array.from({ length: 80 }, async (_, index) => {
        const socket = connect(Number(port), hostname);
        socket.on('error', () => {});
        socket.write(
          `POST /x/p1/call HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nAuthorization: Bearer ${world.owner.token}\r\n\r\n`,
        );
        await sleep(index);
        socket.destroy();
      }),
    );
    const states = async (): Promise<unknown[]> =>
      (
        await world.owner.ok('route_call_fetch', { project_id: world.project_id, id: 'route', limit: 100 })
      ).calls
        .map(({ state }: Input) => state)
        .filter((state: unknown) => state === 'open');
    await expect.poll(states, { timeout: 5000 }).toEqual([]);
    expect(world.server.logLines.join('')).not.toContain('walnut');
    expect(world.server.logLines.join('')).not.toContain('"code":"internal"');
  }, 20_000);
});

describe('a stranger to a public route', () => {
  test.each<[string, (world: RouteWorld) => Promise<unknown>]>([
    [
      'an origin was taken off',
      async (world) =>
        await world.owner.ok('vault_allow_origins', {
          project_id: world.project_id,
          key: KEY,
          allowed_origins: [],
        }),
    ],
    [
      'the entry is gone',
      async (world) => await world.owner.ok('vault_delete', { project_id: world.project_id, key: KEY }),
    ],
    [
      'the value is too short',
      async (world) =>
        await world.owner.ok('vault_update', { project_id: world.project_id, key: KEY, value: 'short' }),
    ],
  ])('is told neither keys nor origins when %s', async (_, change) => {
    await using world = await RouteWorld.start();
    await world.route({ access: 'public', confirm_public: true });
    await change(world);
    const { status, body } = await world.invoke(undefined);
    expect(status).toBeGreaterThan(399);
    expect(body).not.toContain(KEY);
    expect(body).not.toContain(world.upstream.url);
  });
});

test('the end of a call is on record when its project is deleted meanwhile', async () => {
  const release = Promise.withResolvers<void>();
  await using world = await RouteWorld.start([
    (response) => void release.promise.then(() => response.end('x')),
  ]);
  await world.route();
  const call = world.invoke(world.owner);
  await expect.poll(() => world.upstream.requests.length).toBe(1);
  await world.owner.ok('project_delete', { project_id: world.project_id });
  release.resolve();
  expect((await call).status).toBe(200);
  const rows = await world.server.app.context.store.db
    .selectFrom('audit_entry')
    .select(['type', 'closes'])
    .where('type', 'in', ['route_invoke', 'route_invoke_end'])
    .execute();
  expect(rows).toHaveLength(2);
});

describe('what is nobody’s fault but a caller’s is no internal error', () => {
  test.each<[string, (world: RouteWorld) => Promise<{ status: number }>]>([
    [
      'a definition that is nested very deep',
      async (world) => {
        const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
        const text = JSON.stringify(world.definition({ request: { body: { type: 'json', value: 'DEEP' } } }));
        return await fetch(`${world.server.app.url}/route/create`, {
          method: 'POST',
          headers: { authorization: `Bearer ${world.owner.token}`, 'content-type': 'application/json' },
          body: text.replace('"DEEP"', deep),
        });
      },
    ],
    [
      'a lone surrogate in a body of JSON',
      async (world) =>
        await world.owner.call(
          'route_create',
          world.definition({ request: { body: { type: 'json', value: '\ud800' } } }),
        ),
    ],
    [
      'a lone surrogate in an example',
      async (world) => {
        const { id: _, ...definition } = world.definition({
          inputs: [{ name: 'a', in: 'query' }],
          request: { query: [{ name: 'a', value: '${{ input.a }}' }] },
        });
        return await world.owner.call('route_preview', { ...definition, example: { a: '\ud800' } });
      },
    ],
  ])('%s', async (_, call) => {
    await using world = await RouteWorld.start();
    expect((await call(world)).status).toBeLessThan(5000);
  });

  test('a header input named constructor may be left out', async () => {
    await using world = await RouteWorld.start();
    await world.route({ inputs: [{ name: 'constructor', in: 'header', required: false }] });
    expect((await world.invoke(world.owner)).status).toBe(200);
  });
});

describe('one that takes all', () => {
  test('an answer of many headers does not stop the server', async () => {
    await using world = await RouteWorld.start([
      (response) => {
        response.socket?.end(`HTTP/1.1 200 OK\r\nContent-Length: 1\r\n${'x:1\r\n'.repeat(3000)}\r\nx`);
      },
    ]);
    const key = Array.from({ length: 3200 }, (_, at) => 'abcdefghijklm+/='[(at * 7 + at * at) % 16]).join('');
    await world.entry('PEM', key);
    await world.route({
      request: { auth: null, body: { type: 'json', value: '${{ vault.PEM }}' } },
      response: { headers: ['x'] },
    });
    expect(await stillness(async () => await world.invoke(world.owner))).toBeLessThan(5000);
  }, 60_000);

  test('a secret of one letter does not stop the server', () => {
    const redactor = new Redactor(new Secrets(['a'.repeat(65_536)]));
    const startedAt = performance.now();
    for (let at = 0; at < 3; at += 1) redactor.push(Buffer.alloc(65_536, 'a'));
    expect(performance.now() - startedAt).toBeLessThan(5000);
  }, 60_000);

  test('many things made of one value do not stop the server', async () => {
    await using world = await RouteWorld.start([
      (response) => {
        const send = (left: number): void => {
          if (left === 0) response.end();
          else response.write(Buffer.alloc(4000, 'x'), () => setTimeout(send, 5, left - 1));
        };
        send(20);
      },
    ]);
    const of = (length: number): Input => ({
      auth: null,
      body: {
        type: 'json',
        value: Array.from({ length }, (_, at) => `\${{ hmac_sha256(vault.API_KEY, '${at}') }}`),
      },
    });
    const tooMany = world.definition({ request: of(51) });
    expect(await world.owner.refused('route_create', tooMany)).toBe('invalid_input');
    await world.route({ request: of(50) });
    const startedAt = performance.now();
    await world.invoke(world.owner);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  }, 60_000);

  test('a small input does not become a huge request', async () => {
    await using world = await RouteWorld.start([answering(200, '')]);
    await world.route({
      inputs: [{ name: 'a', in: 'body', max_length: 60_000 }],
      request: { body: { type: 'json', value: Array.from({ length: 1900 }, () => '${{ input.a }}') } },
    });
    await world.invoke(world.owner, { body: { a: 'x'.repeat(60_000) } });
    expect(world.upstream.requests[0]?.body.length ?? 0).toBeLessThan(16_000_000);
  }, 60_000);

  test('an answer that is looked through as a whole is bounded when the route is saved', async () => {
    await using world = await RouteWorld.start();
    const response = { redact: 'fail', max_bytes: 8_388_609 };
    const { body } = await world.owner.call('route_create', world.definition({ response }));
    expect(body.errors).toMatchObject([{ path: 'response.max_bytes' }]);
  });

  test('a project does not take the calls of all others', async () => {
    const never: Reply = (response) => void response.write('data: 1\n\n');
    await using one = await ScriptedServer.start(never);
    await using two = await ScriptedServer.start(never);
    await using world = await RouteWorld.start([answering(200, 'done')]);
    void world;
    await using shared = await RouteWorld.start([answering(200, 'done')], {
      config: { egressAllow: [one.url, two.url] },
    });
    for (const [index, origin] of [one.url, one.url, two.url, two.url].entries())
      await shared.route({
        id: `route${index}`,
        path: `/call${index}`,
        access: 'public',
        confirm_public: true,
        rate_per_minute: 128,
        request: { origin, auth: null },
        response: { max_seconds: 3600 },
      });
    const other = await shared.server.user(shared.root, 'ADMIN');
    const project_id = await shared.server.project(other);
    await other.ok('route_create', {
      ...shared.definition({ request: { origin: one.url, auth: null }, response: { timeout_seconds: 1 } }),
      project_id,
    });
    const gone = new AbortController();
    const calls = Array.from({ length: 512 }, async (_, index) =>
      shared.open(undefined, { path: `/call${index % 4}`, signal: gone.signal }).catch(() => {}),
    );
    await Promise.all(calls);
    const answer = await fetch(`${shared.server.app.url}/x/p2/call`, {
      method: 'POST',
      headers: { authorization: `Bearer ${other.token}` },
    });
    const code = answer.headers.get('x-coffer-route-error');
    await answer.body?.cancel();
    gone.abort();
    expect([answer.status, code]).toEqual([200, null]);
  }, 60_000);

  test('a stranger over the rate of a public route is refused before their body is read', async () => {
    await using world = await RouteWorld.start([answering(200, '')]);
    await world.route({ access: 'public', confirm_public: true, rate_per_minute: 1 });
    await world.invoke(undefined);
    expect((await world.invoke(undefined)).code).toBe('too_many_calls');
    const answer = await raw(
      world,
      'POST /x/p1/call HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 500000\r\n\r\n{',
      1500,
    );
    expect(answer).toContain('HTTP/1.1 429');
  });
});

test('a token of a token endpoint that is too short to be found again is not sent', async () => {
  await using world = await RouteWorld.start([
    (response) => {
      response.setHeader('content-type', 'application/json');
      response.end('{"access_token":"tok-123","token_type":"bearer"}');
    },
    (response, request) => response.end(String(request.headers.authorization)),
  ]);
  await world.route({
    request: {
      auth: {
        type: 'oauth2_client_credentials',
        token_url: `${world.upstream.url}/token`,
        client_id: 'id',
        client_secret: '${{ vault.API_KEY }}',
      },
    },
  });
  expect((await world.invoke(world.owner)).body).not.toContain('tok-123');
});

test('what is made of a value inside another function is no less secret', async () => {
  await using world = await RouteWorld.start([
    (response, request) => response.end(Buffer.from(String(request.headers['x-sign']), 'base64').toString()),
  ]);
  await world.route({
    request: {
      auth: null,
      headers: [{ name: 'X-Sign', value: "${{ base64(hmac_sha256(vault.API_KEY, 'm')) }}" }],
    },
  });
  expect((await world.invoke(world.owner)).body).not.toMatch(/[0-9a-f]{64}/);
});
