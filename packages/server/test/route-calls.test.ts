import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { Client } from '../src/testing/client.ts';
import { refuseRows } from '../src/testing/database-faults.ts';
import { ENGINES } from '../src/testing/engines.ts';
import { startTestServer } from '../src/testing/server.ts';
import { ScriptedServer, type Reply } from '../src/testing/scripted-server.ts';
import { KEY, RouteWorld, SECRET, type Called, type Input } from './route-world.ts';

const bytes = Buffer.from(SECRET);
const base64 = (before: string): string => Buffer.from(`${before}${SECRET}`).toString('base64');

/** How an upstream may say what it was sent. */
const ECHOES: Readonly<Record<string, string>> = {
  raw: SECRET,
  'percent-encoded': encodeURIComponent(SECRET),
  'as in a form': new URLSearchParams({ k: SECRET }).toString(),
  'as JSON': JSON.stringify({ k: SECRET }),
  hexadecimal: bytes.toString('hex'),
  'base 64': base64(''),
  'base 64, one byte behind': base64(':'),
  'base 64, two bytes behind': base64('a:'),
  'base 64 for URLs': Buffer.from(SECRET).toString('base64url'),
};

/** Every byte that a caller receives, headers too. */
async function receive(world: RouteWorld, path: string): Promise<string> {
  const url = new URL(world.server.app.url);
  const socket = connect(Number(url.port), url.hostname);
  socket.write(
    `POST /x/p1${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${world.owner.token}\r\n\r\n`,
  );
  const chunks: Buffer[] = [];
  for await (const chunk of socket as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('latin1');
}

function expectNoTrace(received: string): void {
  for (const echo of Object.values(ECHOES)) expect(received).not.toContain(echo);
  // Nor the inner part of base 64, whatever stands around it.
  for (const before of ['', ':', 'a:']) expect(received).not.toContain(base64(before).slice(4, 20));
}

function answering(status: number, body: string, headers: Record<string, string> = {}): Reply {
  return (response) => {
    response.writeHead(status, { 'content-type': 'text/plain', ...headers });
    response.end(body);
  };
}

describe.each(ENGINES)('a call on %s', () => {
  test('sends the value, and no byte of it comes back, whatever the upstream says', async () => {
    const scripts = Object.values(ECHOES).flatMap((echo): Reply[] => [
      answering(200, `before ${echo} behind`, {
        'x-echo': echo.replaceAll('\n', ''),
        'set-cookie': `a=${echo}`,
      }),
      (response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        const send = (at: number): void => {
          if (at === echo.length) response.end('\n\n');
          else response.write(echo[at] ?? '', () => send(at + 1));
        };
        send(0);
      },
    ]);
    await using world = await RouteWorld.start(scripts);
    await world.route({ response: { headers: ['content-type', 'x-echo'] } });
    for (let index = 0; index < scripts.length; index += 1) {
      const received = await receive(world, '/call');
      expect(received).toContain('HTTP/1.1 200');
      expect(received).toContain('[redacted]');
      expect(received.toLowerCase()).not.toContain('set-cookie');
      expectNoTrace(received);
    }
    expect(world.upstream.requests).toHaveLength(scripts.length);
    for (const { headers } of world.upstream.requests) expect(headers.authorization).toBe(`Bearer ${SECRET}`);
  });

  test('carries what was declared and nothing else of the caller', async () => {
    await using world = await RouteWorld.start();
    await world.route({ request: { headers: [{ name: 'X-Fixed', value: 'a' }] } });
    await world.invoke(world.owner, {
      headers: { 'x-mine': '1', 'user-agent': 'me', cookie: 'a=b', 'accept-language': 'de' },
    });
    expect(Object.keys(world.upstream.requests[0]?.headers ?? {}).toSorted()).toEqual([
      'accept-encoding',
      'authorization',
      'connection',
      'content-length',
      'host',
      'x-fixed',
    ]);
    expect(world.upstream.requests[0]?.headers.host).toBe(new URL(world.upstream.url).host);
  });

  test('an expression in any input stays text', async () => {
    await using world = await RouteWorld.start();
    const text = '${{ vault.API_KEY }} ${{ input.b }}';
    await world.route({
      path: '/call/:a',
      inputs: [
        { name: 'a', in: 'path' },
        { name: 'b', in: 'query' },
        { name: 'x_c', in: 'header' },
        { name: 'd', in: 'body' },
        { name: 'e', in: 'body', type: 'json' },
      ],
      request: {
        path: '/${{ input.a }}',
        query: [{ name: 'b', value: '${{ input.b }}' }],
        headers: [{ name: 'X-C', value: '${{ input.x_c }}' }],
        body: { type: 'json', value: { d: '${{ input.d }}', e: '${{ input.e }}', f: ['x${{ input.d }}'] } },
      },
    });
    const { status } = await world.invoke(world.owner, {
      path: `/call/${encodeURIComponent(text)}?b=${encodeURIComponent(text)}`,
      headers: { 'x-c': text },
      body: { d: text, e: { [text]: [text] } },
    });
    expect(status).toBe(200);
    const [request] = world.upstream.requests;
    const url = new URL(request?.url ?? '', world.upstream.url);
    expect(decodeURIComponent(url.pathname)).toBe(`/${text}`);
    expect(url.searchParams.get('b')).toBe(text);
    expect(request?.headers['x-c']).toBe(text);
    expect(JSON.parse(request?.body ?? '')).toEqual({ d: text, e: { [text]: [text] }, f: [`x${text}`] });
  });

  test.each([
    '..',
    '.',
    'a/b',
    'a\\b',
    'a%2fb',
    'a%2Fb',
    '%2e%2e',
    '..%2f',
    'a;b',
    'a?b',
    'a#b',
    'a\nb',
    'a\0b',
  ])('a path cannot be led elsewhere by %j', async (given) => {
    await using world = await RouteWorld.start();
    await world.route({
      inputs: [{ name: 'a', in: 'query' }],
      request: { path: '/v1/${{ input.a }}/end' },
    });
    const { code, status } = await world.invoke(world.owner, {
      path: `/call?a=${encodeURIComponent(given)}`,
    });
    expect([status, code]).toEqual([400, 'invalid_input']);
    expect(world.upstream.requests).toEqual([]);
  });

  test.each(['\r\nX-Injected: 1', 'a\nb', 'a\0'])('a header cannot be left by %j', async (given) => {
    await using world = await RouteWorld.start();
    await world.route({
      inputs: [{ name: 'a', in: 'body' }],
      request: { headers: [{ name: 'X-A', value: '${{ input.a }}' }] },
    });
    expect((await world.invoke(world.owner, { body: { a: given } })).code).toBe('invalid_input');
    await world.entry('BROKEN', `a-long-value${given}`);
    await world.route({
      id: 'other',
      path: '/other',
      request: { headers: [{ name: 'X-A', value: '${{ vault.BROKEN }}' }] },
    });
    expect((await world.invoke(world.owner, { path: '/other' })).code).toBe('route_value_unusable');
    expect(world.upstream.requests).toEqual([]);
  });

  test('takes what is declared, and refuses the rest by name', async () => {
    await using world = await RouteWorld.start();
    await world.route({
      inputs: [
        { name: 'amount', in: 'body', type: 'integer', minimum: 1, maximum: 10 },
        { name: 'note', in: 'body', required: false, max_length: 3 },
        { name: 'kind', in: 'query', values: ['a', 'b'] },
        { name: 'final', in: 'query', type: 'boolean', required: false },
      ],
      request: {
        body: { type: 'json', value: { amount: '${{ input.amount }}', note: '${{ input.note }}' } },
      },
    });
    const fieldsOf = async (query: string, body: Input): Promise<string[]> => {
      const answer = await world.invoke(world.owner, { path: `/call?${query}`, body });
      expect([answer.status, answer.code]).toEqual([400, 'invalid_input']);
      return JSON.parse(answer.body).errors.map(({ path }: { path: string }) => path);
    };
    expect(await fieldsOf('kind=a&extra=1', { amount: 1, more: 2, __proto__: 3 })).toEqual(['extra', 'more']);
    expect(await fieldsOf('kind=c', { amount: 11 })).toEqual(['amount', 'kind']);
    expect(await fieldsOf('kind=a&final=yes', { amount: '5', note: 'long' })).toEqual([
      'amount',
      'note',
      'final',
    ]);
    expect(await fieldsOf('', {})).toEqual(['amount', 'kind']);
    expect(await fieldsOf('kind=constructor', { amount: 1.5, constructor: 1 })).toEqual([
      'constructor',
      'amount',
      'kind',
    ]);
    expect(world.upstream.requests).toEqual([]);
    expect((await world.invoke(world.owner, { path: '/call?kind=a', body: { amount: 5 } })).status).toBe(200);
    expect(JSON.parse(world.upstream.requests[0]?.body ?? '')).toEqual({ amount: 5 });
  });

  test('a value that is too short to be found again is not sent', async () => {
    await using world = await RouteWorld.start();
    await world.entry('SHORT', '1234567');
    await world.route({ request: { auth: { type: 'bearer', token: '${{ vault.SHORT }}' } } });
    expect((await world.invoke(world.owner)).code).toBe('route_value_unusable');
    expect(world.upstream.requests).toEqual([]);
  });

  test('a redirect is handed back and not followed', async () => {
    await using other = await ScriptedServer.start(answering(200, 'x'));
    for (const status of [301, 302, 303, 307, 308]) {
      await using world = await RouteWorld.start([
        answering(status, '', { location: `${other.url}/?${SECRET}` }),
      ]);
      await world.route({ response: { headers: ['location'] } });
      const answer = await world.invoke(world.owner);
      expect(answer.status).toBe(status);
      expect(answer.headers.get('location')).toBe(`${other.url}/?[redacted]`);
    }
    expect(other.requests).toEqual([]);
  });
});

describe.each(ENGINES)('an answer on %s', () => {
  test('of ours names its code in a header, that of an upstream never', async () => {
    const fake = { 'x-coffer-route-error': 'fake', 'content-type': 'application/problem+json' };
    await using world = await RouteWorld.start([answering(401, '{"code":"unauthenticated"}', fake)]);
    await world.route();
    expect(await world.invoke(world.owner)).toMatchObject({ status: 401, code: null });
    expect(await world.invoke(undefined)).toMatchObject({ status: 401, code: 'unauthenticated' });
    expect(await world.invoke(world.owner, { path: '/missing' })).toMatchObject({
      status: 404,
      code: 'route_not_found',
    });
    expect(await world.invoke(world.owner, { headers: { 'sec-fetch-dest': 'script' } })).toMatchObject({
      code: 'origin_mismatch',
    });
  });

  test.each<[name: string, reply: Reply, response: Input, code: string]>([
    ['a status that is not allowed', answering(500, 'x'), { statuses: [200, 404] }, 'route_response_refused'],
    [
      'too many bytes',
      answering(200, 'x'.repeat(11)),
      { max_bytes: 10, redact: 'fail' },
      'route_response_refused',
    ],
    ['a compressed body', answering(200, 'x', { 'content-encoding': 'gzip' }), {}, 'route_response_refused'],
    ['a secret, where that fails', answering(200, SECRET), { redact: 'fail' }, 'route_response_refused'],
    [
      'a secret in a header, where that fails',
      answering(200, 'x', { 'x-echo': SECRET }),
      { redact: 'fail', headers: ['x-echo'] },
      'route_response_refused',
    ],
    ['nothing in time', () => {}, { timeout_seconds: 1 }, 'route_upstream_timeout'],
    ['no HTTP', (response) => response.socket?.end('nonsense\r\n\r\n'), {}, 'route_response_refused'],
    ['an end too early', (response) => response.socket?.destroy(), {}, 'route_upstream_unreachable'],
  ])('that is %s is refused', async (_, reply, response, code) => {
    await using world = await RouteWorld.start([reply]);
    await world.route({ response });
    const answer = await world.invoke(world.owner);
    expect(answer.code).toBe(code);
    expect(answer.body).not.toContain(SECRET);
    await world.settled();
    expect(await world.calls()).toMatchObject([{ state: 'failed', code }]);
  });

  test('that is too long in the middle does not look whole', async () => {
    await using world = await RouteWorld.start([
      (response) => {
        response.write('x'.repeat(100));
        setTimeout(() => response.end('x'.repeat(2000)), 50);
      },
    ]);
    await world.route({ response: { max_bytes: 1000 } });
    const answer = await world.open(world.owner);
    expect(answer.status).toBe(200);
    await expect(answer.text()).rejects.toThrow('terminated');
    await expect
      .poll(async () => await world.calls())
      .toMatchObject([{ state: 'failed', code: 'route_response_refused' }]);
  });

  test('is no page of ours: it may do nothing in a browser', async () => {
    await using world = await RouteWorld.start([
      answering(200, '<script>alert(1)</script>', {
        'content-type': 'text/html',
        'content-security-policy': "script-src 'unsafe-inline'",
        'service-worker-allowed': '/',
      }),
    ]);
    await world.route({ response: { headers: ['content-type'] } });
    const { headers } = await world.invoke(world.owner);
    expect(headers.get('content-security-policy')).toContain('sandbox;');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('service-worker-allowed')).toBeNull();
    for (const header of [
      'content-security-policy',
      'set-cookie',
      'cache-control',
      'x-coffer-route-error',
      'access-control-allow-origin',
    ]) {
      expect(
        await world.owner.refused(
          'route_create',
          world.definition({ id: 'other', path: '/o', response: { headers: [header] } }),
        ),
      ).toBe('invalid_input');
    }
  });

  test('events flow: the first is there before the upstream writes the second', async () => {
    const release = Promise.withResolvers<void>();
    await using world = await RouteWorld.start([
      (response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write('data: one\n\n');
        void release.promise.then(() => response.end(`data: ${SECRET}\n\n`));
      },
    ]);
    await world.route();
    const { headers, body } = await world.open(world.owner);
    expect(headers.get('x-accel-buffering')).toBe('no');
    const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toBe('data: one\n\n');
    release.resolve();
    expect((await reader?.read())?.value).toBe('data: [redacted]\n\n');
  });

  test('the head of a stream is there before its first event', async () => {
    await using world = await RouteWorld.start([
      (response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.flushHeaders();
      },
    ]);
    await world.route();
    const gone = new AbortController();
    expect((await world.open(world.owner, { signal: gone.signal })).status).toBe(200);
    gone.abort();
  });

  test('who goes away ends the call of the upstream as well', async () => {
    const closed = Promise.withResolvers<void>();
    await using world = await RouteWorld.start([
      (response) => {
        response.once('close', () => closed.resolve());
        response.write('data: one\n\n');
      },
    ]);
    await world.route();
    const gone = new AbortController();
    await world.open(world.owner, { signal: gone.signal });
    gone.abort();
    await closed.promise;
    await expect
      .poll(async () => await world.calls())
      .toMatchObject([{ state: 'failed', code: 'caller_gone' }]);
  });

  test('a server that stops ends streams, and their calls are on record as ended', async () => {
    await using world = await RouteWorld.start([(response) => void response.write('data: one\n\n')]);
    await world.route();
    const answer = await world.open(world.owner);
    const ended = answer.text().catch(() => 'broken off');
    const { dataDir } = world.server;
    await world.server.stop();
    expect(await ended).toBe('broken off');
    await using again = await startTestServer({ dataDir });
    const bodies = await again.app.context.store.db
      .selectFrom('audit_entry')
      .select('body')
      .orderBy('idx')
      .execute();
    const newest: unknown = JSON.parse(bodies.at(-1)?.body ?? '');
    expect(newest).toMatchObject({ type: 'route_invoke_end', outcome: 'error' });
  }, 20_000);
});

describe.each(ENGINES)('retries on %s', () => {
  const flaky: Reply[] = [
    (response) => response.socket?.destroy(),
    answering(503, 'x'),
    answering(200, 'done'),
  ];

  test('are none unless declared', async () => {
    await using world = await RouteWorld.start(flaky);
    await world.route({ request: { method: 'GET' } });
    expect((await world.invoke(world.owner)).code).toBe('route_upstream_unreachable');
    expect(world.upstream.requests).toHaveLength(1);
  });

  test('go on until an answer or their number', async () => {
    await using world = await RouteWorld.start(flaky);
    await world.route({ request: { method: 'PUT' }, response: { retries: 3 } });
    expect(await world.invoke(world.owner)).toMatchObject({ status: 200, body: 'done' });
    expect(world.upstream.requests).toHaveLength(3);
  });

  test.each(['POST', 'PATCH'])('are refused for %s', async (method) => {
    await using world = await RouteWorld.start();
    const definition = world.definition({ request: { method }, response: { retries: 1 } });
    expect((await world.owner.call('route_create', definition)).body.errors).toMatchObject([
      { path: 'response.retries' },
    ]);
  });
});

describe.each(ENGINES)('the record of a call on %s', () => {
  const recordsOf = async (world: RouteWorld): Promise<Input[]> => {
    await world.settled();
    const { events } = await world.owner.ok('event_fetch', { project_id: world.project_id, limit: 50 });
    return events.filter(({ type }: { type: string }) => type.startsWith('route_invoke'));
  };

  test('names who, version, digest, entries and origin, and is closed by a second one', async () => {
    await using world = await RouteWorld.start();
    await world.route();
    const { route } = await world.owner.ok('route_fetch_one', { project_id: world.project_id, id: 'route' });
    await world.invoke(await world.member('AUTHOR'));
    const [end, begin] = await recordsOf(world);
    expect(begin).toMatchObject({
      type: 'route_invoke',
      outcome: 'success',
      username: 'author-2',
      object: 'route',
      details: {
        version: 1,
        digest: route.digest,
        entries: `${KEY}@1`,
        origin: world.upstream.url,
        method: 'POST',
      },
    });
    expect(end).toMatchObject({
      type: 'route_invoke_end',
      outcome: 'success',
      details: { begin: begin?.['index'], status: 200, redactions: 1 },
    });
    expect(JSON.stringify([begin, end])).not.toContain('walnut');
  });

  test('without it the upstream receives nothing, and the caller is told why', async () => {
    await using world = await RouteWorld.start();
    await world.route();
    await refuse(world, `new.type = 'route_invoke'`);
    expect(await world.invoke(world.owner)).toMatchObject({ status: 503, code: 'audit_unavailable' });
    expect(world.upstream.requests).toEqual([]);
  });

  test('one whose end could not be written is shown as open', async () => {
    await using world = await RouteWorld.start();
    await world.route();
    await refuse(world, `new.type = 'route_invoke_end'`);
    expect((await world.invoke(world.owner)).status).toBe(200);
    expect(await world.calls()).toMatchObject([{ state: 'open', status: null, code: null }]);
  });

  test('refused calls are on record', async () => {
    await using world = await RouteWorld.start();
    await world.route({ inputs: [{ name: 'a', in: 'query' }] });
    const viewer = await world.member('VIEWER');
    expect((await world.invoke(viewer)).code).toBe('forbidden');
    expect((await world.invoke(world.owner)).code).toBe('invalid_input');
    expect(await world.calls()).toMatchObject([
      { state: 'refused', code: 'invalid_input', uid: world.owner.uid },
      { state: 'refused', code: 'forbidden', uid: viewer.uid },
    ]);
    expect(world.upstream.requests).toEqual([]);
  });

  async function refuse(world: RouteWorld, condition: string): Promise<void> {
    await refuseRows(world.server, 'audit_entry', { condition });
  }
});

describe.each(ENGINES)('who may call on %s', () => {
  test('by role, membership and token', async () => {
    await using world = await RouteWorld.start();
    await world.route();
    const outsider = await world.server.user(world.root, 'ADMIN');
    const callers = {
      ADMIN: world.owner,
      AUTHOR: await world.member('AUTHOR'),
      VIEWER: await world.member('VIEWER'),
      'ROOT outside': world.root,
      'ADMIN outside': outsider,
      nobody: undefined,
      'token with the right': await world.serviceToken(['route.invoke']),
      'token without': await world.serviceToken(['route.list']),
      'token of another environment': await world
        .serviceToken(['route.invoke'], { environments: ['other'] })
        .catch(() => undefined),
      'token of its key': await world.serviceToken(['route.invoke'], { keys: ['API_*'] }),
      'token of another key': await world.serviceToken(['route.invoke'], { keys: ['OTHER_*'] }),
    };
    const outcomes: Record<string, string | number> = {};
    for (const [name, caller] of Object.entries(callers)) {
      const { status, code } = await world.invoke(caller);
      outcomes[name] = code ?? status;
    }
    expect(outcomes).toEqual({
      ADMIN: 200,
      AUTHOR: 200,
      VIEWER: 'forbidden',
      'ROOT outside': 'membership_required',
      'ADMIN outside': 'route_not_found',
      nobody: 'unauthenticated',
      'token with the right': 200,
      'token without': 'token_not_permitted',
      'token of another environment': 'unauthenticated',
      'token of its key': 200,
      'token of another key': 'token_not_permitted',
    });
    expect(world.upstream.requests).toHaveLength(4);
  });

  test.each<
    [
      what: string,
      change: (world: RouteWorld, author: Client) => Promise<unknown>,
      code: string,
      recorded?: string,
    ]
  >([
    [
      'a member is removed',
      async (world, { uid }) =>
        await world.owner.ok('project_member_remove', { project_id: world.project_id, uid }),
      'route_not_found',
    ],
    [
      'a role is lowered',
      async (world, { uid }) => await world.root.ok('user_update', { uid, role: 'VIEWER' }),
      'forbidden',
    ],
    [
      'an origin is taken off the entry',
      async (world) =>
        await world.owner.ok('vault_allow_origins', {
          project_id: world.project_id,
          key: KEY,
          allowed_origins: [],
        }),
      'route_unusable',
      'origin_not_allowed',
    ],
    [
      'the entry is deleted',
      async (world) => await world.owner.ok('vault_delete', { project_id: world.project_id, key: KEY }),
      'route_unusable',
      'route_entry_missing',
    ],
    [
      'who saved the route leaves',
      async (world) => {
        await world.root.ok('project_member_add', { project_id: world.project_id, uid: world.root.uid });
        await world.root.ok('project_member_remove', { project_id: world.project_id, uid: world.owner.uid });
      },
      'route_unusable',
      'route_unauthorized',
    ],
    [
      'who saved the route may no longer view',
      async (world) => await world.root.ok('user_update', { uid: world.owner.uid, role: 'AUTHOR' }),
      'route_unusable',
      'route_unauthorized',
    ],
    [
      'the route is deleted',
      async (world) => await world.owner.ok('route_delete', { project_id: world.project_id, id: 'route' }),
      'route_not_found',
    ],
  ])('%s under load: the next call is refused', async (_, change, code, recorded) => {
    await using world = await RouteWorld.start();
    await world.route();
    const author = await world.member('AUTHOR');
    // So that roles and members can change without ending the project.
    await world.member('ADMIN');
    const state = { isChanged: false };
    const late: Called[] = [];
    const load = Array.from({ length: 8 }, async () => {
      while (!state.isChanged || late.length < 8) {
        const isLate = state.isChanged;
        const answer = await world.invoke(author);
        if (isLate) late.push(answer);
      }
    });
    await expect.poll(() => world.upstream.requests.length, { timeout: 20_000 }).toBeGreaterThan(20);
    await change(world, author);
    state.isChanged = true;
    await Promise.all(load);
    expect(late.map((answer) => answer.code)).toEqual(late.map(() => code));
    if (recorded === undefined) return;
    const { events } = await world.root.ok('event_fetch', { type: 'route_invoke', limit: 1 });
    expect(events).toMatchObject([{ details: { code: recorded } }]);
  });

  test('a token that is revoked under load: the next call is refused', async () => {
    await using world = await RouteWorld.start();
    await world.route();
    const program = await world.serviceToken(['route.invoke']);
    expect((await world.invoke(program)).status).toBe(200);
    const load = Array.from({ length: 20 }, async () => await world.invoke(program));
    await world.owner.ok('token_revoke', { id: program.uid });
    expect((await world.invoke(program)).code).toBe('token_invalid');
    await Promise.all(load);
  });

  test('a public route: anyone, as often as it says', async () => {
    let now = Date.parse('2026-11-23T09:30:10Z');
    await using world = await RouteWorld.start([], { clock: () => now });
    const definition = { access: 'public', rate_per_minute: 3 };
    expect((await world.owner.call('route_create', world.definition(definition))).body.errors).toMatchObject([
      { path: 'confirm_public' },
    ]);
    await world.route({ ...definition, confirm_public: true });
    const answers = [];
    for (let call = 0; call < 5; call += 1) answers.push(await world.invoke(undefined));
    expect(answers.map(({ code, status }) => code ?? status)).toEqual([
      200,
      200,
      200,
      'too_many_calls',
      'too_many_calls',
    ]);
    expect(answers[3]?.headers.get('retry-after')).toBe('50');
    now += 50_000;
    expect((await world.invoke(undefined)).status).toBe(200);
    await world.settled();
    expect(await world.calls()).toMatchObject([{ uid: null, state: 'done' }, {}, {}, {}]);
  });

  test('a page of another origin cannot use a cookie', async () => {
    await using world = await RouteWorld.start();
    await world.route();
    const { headers } = await world.owner.call('user_login', {
      auth_data: world.owner.username,
      password: 'violet-anchor-pebble-41',
    });
    const cookie = headers.getSetCookie()[0]?.split(';')[0] ?? '';
    expect((await world.invoke(undefined, { headers: { cookie } })).code).toBe('origin_mismatch');
    expect(
      (await world.invoke(undefined, { headers: { cookie, origin: 'https://evil.example' } })).code,
    ).toBe('origin_mismatch');
    expect(
      (await world.invoke(undefined, { headers: { cookie, origin: world.server.app.url } })).status,
    ).toBe(200);
    expect(world.upstream.requests).toHaveLength(1);
  });
});

test('a body that comes slowly does not outlive the right to call', async () => {
  await using world = await RouteWorld.start();
  await world.route({ inputs: [{ name: 'a', in: 'body' }] });
  const author = await world.member('AUTHOR');
  const { hostname, port } = new URL(world.server.app.url);
  const socket = connect(Number(port), hostname);
  const body = '{"a":"b"}';
  socket.write(
    `POST /x/p1/call HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${author.token}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n{`,
  );
  await once(socket, 'connect');
  await world.owner.ok('project_member_remove', { project_id: world.project_id, uid: author.uid });
  socket.write(body.slice(1));
  const chunks: Buffer[] = [];
  for await (const chunk of socket as AsyncIterable<Buffer>) chunks.push(chunk);
  expect(Buffer.concat(chunks).toString()).toContain('route_not_found');
  expect(world.upstream.requests).toEqual([]);
});
