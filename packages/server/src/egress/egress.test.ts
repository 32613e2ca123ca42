import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { TEST_CERT, TEST_KEY } from '../testing/tls.ts';
import { Egress, EgressError, type EgressAnswer, type EgressRequest } from './egress.ts';

/** For localhost and 127.0.0.1 and the same key; valid for a day of 2020. */
const EXPIRED_CERT = `-----BEGIN CERTIFICATE-----
MIIBejCCAR+gAwIBAgIBATAKBggqhkjOPQQDAjAeMRwwGgYDVQQDDBNjb2ZmZXIg
ZXhwaXJlZCB0ZXN0MB4XDTIwMDEwMTAwMDAwMFoXDTIwMDEwMjAwMDAwMFowHjEc
MBoGA1UEAwwTY29mZmVyIGV4cGlyZWQgdGVzdDBZMBMGByqGSM49AgEGCCqGSM49
AwEHA0IABJDBnA/YOb698aeonC7y6fCjIZABffKksRJT5xe23AuWJlol6WuuqQlO
h7j51hRNxwSrmKHBRp0SrC7Riy/ZJ5qjTjBMMBoGA1UdEQQTMBGCCWxvY2FsaG9z
dIcEfwAAATAPBgNVHRMBAf8EBTADAQH/MB0GA1UdDgQWBBTlV0/AmxryHYra/ddJ
A7IEsXHaFDAKBggqhkjOPQQDAgNJADBGAiEAvBle++96tmSkipk76xyjFoIwPS7P
c3YpUPxPsNd+1L8CIQCwZbT9787zboWZ6kZaH0HO7z5G5MInoaQw0w2rmDSY3w==
-----END CERTIFICATE-----
`;

const LIMITS = { timeoutMs: 2000, bytesMax: 1000 };
const toLoopback = async () => [{ address: '127.0.0.1', family: 4 }];

type Failure = { reason: string; sent: boolean } | 'none';

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return error instanceof EgressError ? { reason: error.reason, sent: error.sent } : 'none';
}

const open: Server[] = [];

afterEach(async () => {
  vi.useRealTimers();
  for (const server of open.splice(0)) {
    if ('closeAllConnections' in server) (server as ReturnType<typeof createServer>).closeAllConnections();
    server.close();
    await once(server, 'close');
  }
});

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push(server);
  return (server.address() as AddressInfo).port;
}

async function startHttp(listener: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listen(createServer(listener))}`;
}

/** Writes the same bytes to each connection as soon as a request comes. */
async function startRaw(answer: string | ((socket: Socket) => void)): Promise<string> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      if (typeof answer === 'string') socket.end(answer);
      else answer(socket);
    });
  });
  return `http://127.0.0.1:${await listen(server)}`;
}

async function send(
  egress: Egress,
  url: string,
  request: Partial<EgressRequest> = {},
): Promise<EgressAnswer> {
  return await egress.send({
    url: new URL(url),
    method: 'GET',
    headers: [],
    headTimeoutMs: 5000,
    idleTimeoutMs: 5000,
    ...request,
  });
}

async function closeOf(stream: Readable | undefined): Promise<void> {
  if (stream === undefined) throw new Error('there is nothing that could be closed');
  if (!stream.closed) await once(stream, 'close');
}

describe('what the server fetches', () => {
  test('is the body of a 200, from an origin that the operator allows and no other of the same host', async () => {
    const seen: string[] = [];
    const origin = await startHttp(({ url, headers }, response) => {
      seen.push(`${url} ${headers['user-agent']} ${headers.accept}`);
      response.end('body');
    });
    const other = await startHttp((_, response) => void response.end(seen.push('other')));
    const egress = new Egress([origin]);
    expect((await egress.get(new URL(`${origin}/a`), LIMITS)).toString()).toBe('body');
    expect(await failureOf(egress.get(new URL(other), LIMITS))).toEqual({ reason: 'blocked', sent: false });
    expect(seen).toEqual(['/a coffer application/json']);
  });

  test('is at most as large as was said, a 200, and here in time', async () => {
    const origin = await startHttp(({ url }, response) => {
      if (url === '/slow') return;
      response.writeHead(url === '/' ? 200 : 404).end('x'.repeat(1001));
    });
    const egress = new Egress([origin]);
    expect(await failureOf(egress.get(new URL(origin), LIMITS))).toEqual({ reason: 'too_large', sent: true });
    const missing = egress.get(new URL(`${origin}/missing`), LIMITS);
    expect(await failureOf(missing)).toEqual({ reason: 'status', sent: true });
    const slow = egress.get(new URL(`${origin}/slow`), { ...LIMITS, timeoutMs: 50 });
    expect(await failureOf(slow)).toEqual({ reason: 'timeout', sent: true });
  });
});

describe('a request', () => {
  test('is sent as it is: method, path, headers in their order, body; and nothing besides', async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const origin = await startRaw((socket) => {
      socket.end('HTTP/1.1 204 x\r\n\r\n');
    });
    (open.at(-1) as Server).on('connection', (socket: Socket) =>
      socket.once('data', (data: Buffer) => resolve(data.toString('latin1'))),
    );
    const egress = new Egress([origin]);
    await send(egress, `${origin}//evil.test/%2e%2E/..%2fa?b=%0d%0a#fragment`, {
      method: 'POST',
      headers: [
        ['X-B', 'secret \u00ff'],
        ['x-a', ''],
        ['X-B', '2'],
      ],
      body: Buffer.from('body'),
    });
    const host = new URL(origin).host;
    expect(await promise).toBe(
      `POST //..%2fa?b=%0d%0a HTTP/1.1\r\nHost: ${host}\r\nX-B: secret \u00ff\r\nx-a: \r\nX-B: 2\r\nContent-Length: 4\r\nConnection: keep-alive\r\n\r\nbody`,
    );
  });

  test('has the length of its body, also of none where one is usual', async () => {
    const origin = await startHttp(({ method, headers }, response) => {
      response.end(`${method} ${headers['content-length']} ${headers['transfer-encoding']}`);
    });
    const egress = new Egress([origin]);
    for (const [method, body, seen] of [
      ['GET', undefined, 'GET undefined undefined'],
      ['POST', undefined, 'POST 0 undefined'],
      ['DELETE', undefined, 'DELETE undefined undefined'],
      ['PUT', Buffer.alloc(0), 'PUT 0 undefined'],
      ['DELETE', Buffer.from('ab'), 'DELETE 2 undefined'],
    ] as const)
      expect(await text((await send(egress, origin, { method, body })).body)).toBe(seen);
  });

  test.each([
    ['Host', 'public.test'],
    ['host', '127.0.0.1'],
    ['HOST', ''],
    ['Content-Length', '0'],
    ['transfer-encoding', 'chunked'],
    ['Connection', 'close'],
    ['Keep-Alive', 'timeout=9'],
    ['proxy-connection', 'x'],
    ['Proxy-Authorization', 'x'],
    ['TE', 'trailers'],
    ['Trailer', 'x'],
    ['Upgrade', 'h2c'],
    ['Expect', '100-continue'],
    ['http2-settings', 'x'],
    ['', 'x'],
    ['x y', 'x'],
    ['x:', 'x'],
    ['Host ', 'x'],
    ['x\r\nhost', 'x'],
    ['ｈost', 'x'],
    ['x', 'a\r\nhost: b'],
    ['x', 'a\nb'],
    ['x', 'a\rb'],
    ['x', 'a\0b'],
    ['x', 'a\u010db'],
  ])('with the header %j: %j is refused before anything is dialled', async (name, value) => {
    let connections = 0;
    const origin = await startHttp((_, response) => void response.end());
    (open.at(-1) as Server).on('connection', () => (connections += 1));
    const refusal = send(new Egress([origin]), origin, { headers: [[name, value]] });
    expect(await failureOf(refusal)).toEqual({ reason: 'invalid', sent: false });
    expect(connections).toBe(0);
  });

  test.each(['CONNECT', 'TRACE', 'get', '', 'GET /', 'G\r\nET'])(
    'with the method %j is refused',
    async (method) => {
      const refusal = send(new Egress(['http://127.0.0.1:1']), 'http://127.0.0.1:1', { method });
      expect(await failureOf(refusal)).toEqual({ reason: 'invalid', sent: false });
    },
  );

  test('of which too many to one origin are under way is refused; when one ends there is room', async () => {
    const origin = await startHttp((_, response) => void response.write('x'));
    const egress = new Egress([origin]);
    const answers = await Promise.all(Array.from({ length: 256 }, async () => await send(egress, origin)));
    expect(await failureOf(send(egress, origin))).toEqual({ reason: 'busy', sent: false });
    const closed = closeOf(answers[0]?.body);
    for (const { body } of answers) body.destroy();
    await closed;
    (await send(egress, origin)).body.destroy();
  });
});

describe('an answer', () => {
  test.each([301, 302, 303, 307, 308])(
    'of %i is handed back: where it leads to gets no request',
    async (status) => {
      const seen: string[] = [];
      const other = await startHttp((_, response) => void response.end(seen.push('other')));
      const origin = await startHttp((_, response) => {
        response.writeHead(status, { location: `${other}/a` }).end('moved');
      });
      const answer = await send(new Egress([origin, other]), origin, {
        headers: [
          ['Authorization', 'Bearer secret'],
          ['X-Api-Key', 'secret'],
        ],
      });
      expect(answer.status).toBe(status);
      expect(answer.headers).toContainEqual(['location', `${other}/a`]);
      expect(await text(answer.body)).toBe('moved');
      expect(seen).toEqual([]);
    },
  );

  test('has its headers as they came, and its bytes without decoding or trailers', async () => {
    const origin = await startRaw(
      'HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nX-A: 1\r\nset-cookie: b=2\r\nContent-Encoding: gzip\r\n' +
        'Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n0\r\nX-Trailer: secret\r\n\r\n',
    );
    const { status, headers, body, address } = await send(new Egress([origin]), origin);
    expect({ status, address }).toEqual({ status: 200, address: '127.0.0.1' });
    expect(headers).toEqual([
      ['set-cookie', 'a=1'],
      ['x-a', '1'],
      ['set-cookie', 'b=2'],
      ['content-encoding', 'gzip'],
      ['transfer-encoding', 'chunked'],
      ['connection', 'close'],
    ]);
    expect((await buffer(body)).toString()).toBe('abc');
  });

  test('streams: each event is with the reader before the next one is written', async () => {
    let stream: ServerResponse | undefined;
    const origin = await startHttp((_, response) => {
      stream = response.writeHead(200, { 'content-type': 'text/event-stream' });
      stream.flushHeaders();
    });
    const { body } = await send(new Egress([origin]), origin);
    const chunks = body[Symbol.asyncIterator]();
    for (const event of ['data: 1\n\n', 'data: 2\n\n', 'data: 3\n\n']) {
      stream?.write(event);
      expect(String((await chunks.next()).value)).toBe(event);
    }
    stream?.end();
    expect((await chunks.next()).done).toBe(true);
  });

  test('waits for its reader: no more than a few buffers are taken in', async () => {
    let written = 0;
    const origin = await startHttp((_, response) => {
      const chunk = Buffer.alloc(65_536);
      const write = (): void => {
        while (written < 1024 && response.write(chunk)) written += 1;
        written += 1;
        if (written >= 1024) response.end();
      };
      response.on('drain', write);
      write();
    });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { body } = await send(new Egress([origin]), origin);
    body.read(0);
    while (body.readableLength < body.readableHighWaterMark) await setImmediate();
    // Longer than who answers may take: it is the reader who takes that long.
    vi.advanceTimersByTime(60_000);
    expect(written).toBeLessThan(1024);
    let bytes = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) bytes += chunk.length;
    expect(bytes).toBeGreaterThanOrEqual(1023 * 65_536);
  });

  test('that is given up, by signal or by its reader, closes the connection', async () => {
    const requests: IncomingMessage[] = [];
    const origin = await startHttp((request, response) => {
      requests.push(request);
      response.write('x');
    });
    const egress = new Egress([origin]);
    const controller = new AbortController();
    const aborted = await send(egress, origin, { signal: controller.signal });
    const closed = closeOf(requests[0]?.socket);
    controller.abort();
    expect(await failureOf(text(aborted.body))).toEqual({ reason: 'aborted', sent: true });
    await closed;

    const dropped = await send(egress, origin);
    const closedToo = closeOf(requests[1]?.socket);
    dropped.body.destroy();
    await closedToo;
  });

  test('that nobody waits for any more is given up before its head, and before anything is sent', async () => {
    const controller = new AbortController();
    const { promise, resolve } = Promise.withResolvers<Socket>();
    const origin = await startHttp(({ socket }) => resolve(socket));
    const waiting = send(new Egress([origin]), origin, { signal: controller.signal });
    const socket = await promise;
    const closed = once(socket, 'close');
    controller.abort();
    expect(await failureOf(waiting)).toEqual({ reason: 'aborted', sent: true });
    await closed;
    const late = send(new Egress([origin]), origin, { signal: AbortSignal.abort() });
    expect(await failureOf(late)).toEqual({ reason: 'aborted', sent: false });
  });

  test('whose head is late, or whose body stops, is a timeout', async () => {
    const origin = await startHttp(({ url }, response) => {
      if (url === '/body') response.write('x');
    });
    const egress = new Egress([origin]);
    const timeout = { reason: 'timeout', sent: true };
    expect(await failureOf(send(egress, `${origin}/head`, { headTimeoutMs: 50 }))).toEqual(timeout);
    const { body } = await send(egress, `${origin}/body`, { idleTimeoutMs: 50 });
    expect(await failureOf(text(body))).toEqual(timeout);
  });

  test('that does not come, because the resolver does not answer, is a timeout with nothing sent', async () => {
    const egress = new Egress([], { lookup: async () => await new Promise(() => undefined) });
    const late = send(egress, 'https://name.test/', { headTimeoutMs: 50 });
    expect(await failureOf(late)).toEqual({ reason: 'timeout', sent: false });
  });

  test('whose connection ends too early fails, and says that the request was sent', async () => {
    const egressTo = async (answer: Parameters<typeof startRaw>[0]) => {
      const origin = await startRaw(answer);
      return await send(new Egress([origin]), origin).then(async ({ body }) => await text(body));
    };
    const interrupted = { reason: 'interrupted', sent: true };
    const partial = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab';
    const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n';
    expect(await failureOf(egressTo(''))).toEqual(interrupted);
    expect(await failureOf(egressTo((socket) => socket.resetAndDestroy()))).toEqual(interrupted);
    expect(await failureOf(egressTo('HTTP/1.1 200 OK\r\nConte'))).toEqual(interrupted);
    expect(await failureOf(egressTo(partial))).toEqual(interrupted);
    expect(await failureOf(egressTo(chunked))).toEqual(interrupted);
    const reset = egressTo((socket) => socket.write(partial, () => socket.resetAndDestroy()));
    expect(await failureOf(reset)).toEqual(interrupted);
  });

  test.each([
    ['no HTTP', 'malformed', 'SSH-2.0-x\r\n'],
    ['another protocol', 'malformed', 'HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n'],
    ['no end of news', 'malformed', 'HTTP/1.1 103 x\r\nLink: a\r\n\r\n'.repeat(11)],
    ['two lengths', 'malformed', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
    ['chunks that are none', 'malformed', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'],
    ['a head without end', 'too_large', `HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(20_000)}\r\n`],
    ['a long header', 'too_large', `HTTP/1.1 200 OK\r\na: ${'b'.repeat(20_000)}\r\n\r\n`],
  ])('that is %s is refused: %s', async (_, reason, bytes) => {
    const origin = await startRaw(bytes);
    const answer = send(new Egress([origin]), origin).then(async ({ body }) => await text(body));
    expect(await failureOf(answer)).toEqual({ reason, sent: true });
  });

  test('that comes after a few informational ones is the answer', async () => {
    const origin = await startRaw(
      'HTTP/1.1 100 x\r\n\r\nHTTP/1.1 103 x\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na',
    );
    const { status, body } = await send(new Egress([origin]), origin);
    expect([status, await text(body)]).toEqual([200, 'a']);
  });

  test('has the parser say nothing of its bytes to the log', async () => {
    const origin = await startRaw('canary-secret\r\n\r\n');
    const error: unknown = await send(new Egress([origin]), origin).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(EgressError);
    expect(JSON.stringify([error, (error as Error).cause, String((error as Error).cause)])).not.toMatch(
      /canary|rawPacket/,
    );
  });
});

describe('a connection', () => {
  test('is used again by what follows to the same origin, until it is closed', async () => {
    const sockets = new Set<Socket>();
    const origin = await startHttp(({ socket }, response) => {
      sockets.add(socket);
      response.end('x');
    });
    const egress = new Egress([origin]);
    for (let index = 0; index < 5; index += 1) await text((await send(egress, origin)).body);
    expect(sockets.size).toBe(1);
    const [socket] = sockets;
    const closed = closeOf(socket);
    egress.close();
    await closed;
    await text((await send(egress, origin)).body);
    expect(sockets.size).toBe(2);
    egress.close();
  });

  test('that nobody listens for is unreachable', async () => {
    const server = createTcpServer();
    const origin = `http://127.0.0.1:${await listen(server)}`;
    server.close();
    open.pop();
    expect(await failureOf(send(new Egress([origin]), origin))).toEqual({
      reason: 'unreachable',
      sent: false,
    });
  });
});

describe('over TLS', () => {
  async function startTls(cert = TEST_CERT) {
    const seen: string[] = [];
    const server = createTlsServer({ cert, key: TEST_KEY }, ({ socket, headers }, response) => {
      seen.push(`${(socket as TLSSocket).servername} ${headers.host}`);
      response.end('x');
    });
    return { seen, port: await listen(server) };
  }

  test('the name that is dialled, that the certificate is for and that the request names are one', async () => {
    const { seen, port } = await startTls();
    const asked: string[] = [];
    const origin = `https://localhost:${port}`;
    const egress = new Egress([origin], {
      ca: TEST_CERT,
      lookup: async (hostname) => {
        asked.push(hostname);
        return await toLoopback();
      },
    });
    const { status, body, address } = await send(egress, origin);
    expect([status, address, await text(body)]).toEqual([200, '127.0.0.1', 'x']);
    expect({ asked, seen }).toEqual({ asked: ['localhost'], seen: [`localhost localhost:${port}`] });
    egress.close();
  });

  test('an address is checked against the certificate, too', async () => {
    const { seen, port } = await startTls();
    const origin = `https://127.0.0.1:${port}`;
    const egress = new Egress([origin], { ca: TEST_CERT });
    await text((await send(egress, origin)).body);
    expect(seen).toEqual([`false 127.0.0.1:${port}`]);
    egress.close();
  });

  test('a certificate that is unknown, of another name or expired gets no request, whatever the environment says', async () => {
    const valid = await startTls();
    const expired = await startTls(EXPIRED_CERT);
    const unknown = `https://localhost:${valid.port}`;
    const misnamed = `https://other.test:${valid.port}`;
    const old = `https://localhost:${expired.port}`;
    const tls = { reason: 'tls', sent: false };
    for (const rejects of [undefined, '0']) {
      if (rejects !== undefined) process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = rejects;
      try {
        expect(await failureOf(send(new Egress([unknown], { lookup: toLoopback }), unknown))).toEqual(tls);
        for (const [origin, ca] of [
          [misnamed, TEST_CERT],
          [old, EXPIRED_CERT],
        ] as const)
          expect(await failureOf(send(new Egress([origin], { ca, lookup: toLoopback }), origin))).toEqual(
            tls,
          );
      } finally {
        delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
      }
    }
    expect([...valid.seen, ...expired.seen]).toEqual([]);
  });

  test('what answers without TLS gets no request', async () => {
    let received = '';
    const origin = (
      await startRaw((socket) => {
        socket.end('HTTP/1.1 200 OK\r\n\r\n');
      })
    ).replace('http:', 'https:');
    (open.at(-1) as Server).on('connection', (socket: Socket) =>
      socket.on('data', (data: Buffer) => (received += data.toString('latin1'))),
    );
    const refused = send(new Egress([origin]), `${origin}/secret`);
    expect(await failureOf(refused)).toEqual({ reason: 'tls', sent: false });
    expect(received).not.toContain('secret');
  });
});

test('no proxy of the environment sees a request', async () => {
  const proxied: string[] = [];
  const proxy = createTcpServer((socket) => {
    socket.on('error', () => undefined).on('data', (data: Buffer) => proxied.push(data.toString('latin1')));
    socket.end();
  });
  const proxyUrl = `http://127.0.0.1:${await listen(proxy)}`;
  const seen: string[] = [];
  const origin = await startHttp(({ url }, response) => void response.end(String(seen.push(url ?? ''))));
  const script = `
    const { Egress } = await import(${JSON.stringify(new URL('egress.ts', import.meta.url).href)});
    const egress = new Egress([process.argv[1]]);
    const limits = { timeoutMs: 5000, bytesMax: 100 };
    process.stdout.write(await egress.get(new URL(process.argv[1]), limits));
    const refused = new Egress([], { lookup: async () => [{ address: '127.0.0.1', family: 4 }] });
    await refused.get(new URL('https://name.test/'), limits).catch((error) => process.stdout.write(error.reason));
  `;
  const variables = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy'];
  const child = spawn(
    process.execPath,
    ['--conditions=@coffer/source', '--input-type=module', '--eval', script, origin],
    {
      env: {
        ...Object.fromEntries(variables.map((name) => [name, proxyUrl])),
        NODE_USE_ENV_PROXY: '1',
        NO_PROXY: '',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  expect(await text(child.stdout)).toBe('1blocked');
  expect({ proxied, seen }).toEqual({ proxied: [], seen: ['/'] });
});
