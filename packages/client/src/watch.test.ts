import { createServer, request as send, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { Client as TestClient } from '../../server/src/testing/client.ts';
import { temporaryDirectory } from '../../server/src/testing/data-dir.ts';
import { ENGINES } from '../../server/src/testing/engines.ts';
import { ScriptedServer } from '../../server/src/testing/scripted-server.ts';
import { PASSWORD, startTestServer, type TestServer } from '../../server/src/testing/server.ts';
import { createClient, type Change, type CofferError, type Vault, type WatchOptions } from './index.ts';

type Place = { project_id: string };

async function startVault(server: TestServer): Promise<{ root: TestClient; place: Place }> {
  const root = await server.setUp();
  return { root, place: { project_id: await server.project(root) } };
}

function vaultAt(url: string, root: TestClient, { project_id }: Place): Vault {
  return createClient({ url, token: () => root.token ?? '' }).vault(project_id);
}

/** A watch that is under way: from here on it misses nothing. */
class Watching implements AsyncDisposable {
  readonly errors: string[] = [];
  readonly #changes: AsyncIterator<Change>;
  readonly #controller = new AbortController();
  #next: Promise<IteratorResult<Change>>;

  private constructor(vault: Vault, options: WatchOptions) {
    const onError = ({ code }: CofferError): void => void this.errors.push(code);
    const changes = vault.watch({ signal: this.#controller.signal, onError, ...options });
    this.#changes = changes[Symbol.asyncIterator]();
    this.#next = this.#changes.next();
    // Whether it failed is looked at later.
    this.#next.catch(() => undefined);
  }

  static async start(vault: Vault, options: WatchOptions = {}): Promise<Watching> {
    const ready = Promise.withResolvers<void>();
    const watching = new Watching(vault, { onReady: ready.resolve, ...options });
    await Promise.race([ready.promise, watching.#next]);
    return watching;
  }

  async take(amount: number): Promise<string[]> {
    const seen: string[] = [];
    while (seen.length < amount) {
      const { done, value } = await this.#next;
      if (done === true) break;
      seen.push(`${value.type} ${value.key}`);
      this.#next = this.#changes.next();
      this.#next.catch(() => undefined);
    }
    return seen;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#controller.abort();
    await this.#next.catch(() => undefined);
  }
}

type Handling = (given: {
  request: IncomingMessage;
  response: ServerResponse;
  /** Passes the request on. */
  forward: (headers?: IncomingMessage['headers']) => Promise<IncomingMessage>;
}) => Promise<void>;

/** Something between the client and the server. */
async function startProxy(
  serverUrl: string,
  handling: Handling,
): Promise<AsyncDisposable & { url: string; requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = [];
  const proxy = createServer((request, response) => {
    requests.push(request);
    const forward = async (headers = request.headers): Promise<IncomingMessage> => {
      const onward = send(`${serverUrl}${request.url ?? ''}`, { method: request.method, headers });
      request.pipe(onward);
      const [answer] = (await once(onward, 'response')) as [IncomingMessage];
      response.once('close', () => onward.destroy());
      return answer;
    };
    handling({ request, response, forward }).catch(() => response.destroy());
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    requests,
    async [Symbol.asyncDispose]() {
      proxy.closeAllConnections();
      proxy.close();
      await once(proxy, 'close');
    },
  };
}

const passOn: Handling = async ({ response, forward }) => {
  const answer = await forward();
  response.writeHead(answer.statusCode ?? 502, answer.headers);
  answer.pipe(response);
};

function wantsStream({ headers }: IncomingMessage): boolean {
  return headers.accept?.includes('text/event-stream') === true;
}

describe.each(ENGINES)('a watch of a vault on %s', () => {
  test('yields each change once, in order', async () => {
    await using server = await startTestServer();
    const { root, place } = await startVault(server);
    const vault = vaultAt(server.app.url, root, place);
    await using watching = await Watching.start(vault);
    await vault.set('KEY', 'one');
    await vault.set('KEY', 'two');
    await vault.restore('KEY', 1);
    await vault.import({ A: 'a', B: 'b' });
    await vault.remove('KEY');
    expect(await watching.take(6)).toEqual([
      'vault_create KEY',
      'vault_update KEY',
      'vault_version_restore KEY',
      'vault_create A',
      'vault_create B',
      'vault_delete KEY',
    ]);
    expect(watching.errors).toEqual([]);
  });

  test('misses nothing and doubles nothing when it breaks again and again', async () => {
    await using server = await startTestServer();
    const { root, place } = await startVault(server);
    let streams = 0;
    await using proxy = await startProxy(server.app.url, async (given) => {
      const answer = await given.forward();
      given.response.writeHead(answer.statusCode ?? 502, answer.headers);
      // Each breaks a little later than the one before, wherever that is: in an event, too.
      let left = 150 + (streams += 1) * 17;
      answer.on('data', (chunk: Buffer) => {
        const isLast = left > 0 && left <= chunk.length;
        if (left > 0) given.response.write(chunk.subarray(0, left), () => isLast && given.response.destroy());
        left -= chunk.length;
      });
      answer.once('end', () => given.response.end());
    });
    await using watching = await Watching.start(vaultAt(proxy.url, root, place));
    const expected: string[] = [];
    const writing = (async () => {
      for (let index = 0; index < 40; index += 1) {
        await root.ok('vault_create', { ...place, key: `K${index}`, value: 'x' });
        expected.push(`vault_create K${index}`);
      }
    })();
    const seen = await watching.take(40);
    await writing;
    expect(seen).toEqual(expected);
    expect(streams).toBeGreaterThan(3);
  });

  test('goes on after the server was started again', async () => {
    using directory = temporaryDirectory();
    let server = await startTestServer({ dataDir: directory.path });
    const { root, place } = await startVault(server);
    const port = Number(new URL(server.app.url).port);
    await using watching = await Watching.start(vaultAt(server.app.url, root, place));
    await server.stop();
    server = await startTestServer({ dataDir: directory.path, config: { port } });
    await using _stopping = server;
    await vaultAt(server.app.url, root, place).list();
    await root.ok('vault_create', { ...place, key: 'LATER', value: 'x' });
    expect(await watching.take(1)).toEqual(['vault_create LATER']);
  });

  test('goes on with a new token when the old one expires', async () => {
    let now = Date.now();
    await using server = await startTestServer({ clock: () => now, watchLimits: { heartbeatMs: 20 } });
    const { root, place } = await startVault(server);
    let signedIn: Promise<unknown> = Promise.resolve();
    const token = async (): Promise<string> => {
      await signedIn;
      return root.token ?? '';
    };
    const vault = createClient({ url: server.app.url, token }).vault(place.project_id);
    await using watching = await Watching.start(vault);
    now += 16 * 60 * 1000;
    signedIn = root.signIn('user_login', { auth_data: 'root', password: PASSWORD });
    await signedIn;
    await expect
      .poll(async () => (await root.ok('event_fetch', { type: 'vault_watch' })).amount, { timeout: 5000 })
      .toBeGreaterThan(1);
    await root.ok('vault_create', { ...place, key: 'LATER', value: 'x' });
    expect(await watching.take(1)).toEqual(['vault_create LATER']);
  });

  test('ends with the reason when the rights are gone', async () => {
    await using server = await startTestServer({ watchLimits: { heartbeatMs: 20 } });
    const { root, place } = await startVault(server);
    const member = await server.user(root, 'ADMIN');
    await root.ok('project_member_add', { ...place, uid: member.uid });
    await using watching = await Watching.start(vaultAt(server.app.url, member, place));
    await root.ok('project_member_remove', { ...place, uid: member.uid });
    await expect(watching.take(1)).rejects.toMatchObject({ code: 'project_not_found', status: 404 });
  });

  test('ends with the reason when the session is gone, or there never was one', async () => {
    await using server = await startTestServer({ watchLimits: { heartbeatMs: 20 } });
    const { root, place } = await startVault(server);
    await using watching = await Watching.start(vaultAt(server.app.url, root, place));
    await root.ok('user_logout');
    await expect(watching.take(1)).rejects.toMatchObject({ code: 'session_ended', status: 401 });
    const nobody = createClient({ url: server.app.url }).vault(place.project_id);
    await expect(nobody.watch()[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'unauthenticated',
    });
  });

  test('ends without an error by its signal, and by leaving the loop; either frees its place', async () => {
    await using server = await startTestServer();
    const { root, place } = await startVault(server);
    const vault = vaultAt(server.app.url, root, place);
    for (let turn = 0; turn < 2; turn += 1) {
      const controller = new AbortController();
      for await (const _ of vault.watch({ signal: controller.signal, onReady: () => controller.abort() })) {
        throw new Error('nothing has changed');
      }
      const onReady = (): void => void vault.set('KEY', 'x');
      for await (const { key } of vault.watch({ onReady })) {
        expect(key).toBe('KEY');
        break;
      }
    }
    await expect.poll(() => server.logLines.filter((line) => line.includes('stream ended'))).toHaveLength(4);
  });

  test.each<[string, Handling, WatchOptions]>([
    [
      'holds the stream back',
      async (given) => {
        if (!wantsStream(given.request)) return await passOn(given);
        (await given.forward()).resume();
      },
      { silenceMs: 100, pollMs: 20 },
    ],
    [
      'holds all of it back but the headers',
      async (given) => {
        if (!wantsStream(given.request)) return await passOn(given);
        const answer = await given.forward();
        given.response.writeHead(200, answer.headers).flushHeaders();
        answer.resume();
      },
      { silenceMs: 100, pollMs: 20 },
    ],
    ...[404, 406, 501].map((status): [string, Handling, WatchOptions] => [
      `answers a stream with ${status}`,
      async (given) => {
        if (!wantsStream(given.request)) return await passOn(given);
        given.response.writeHead(status).end('<h1>no streams here</h1>');
      },
      { pollMs: 20 },
    ]),
    [
      'takes away what is accepted',
      async ({ request, response, forward }) => {
        const { accept: _accept, ...headers } = request.headers;
        await passOn({ request, response, forward: async () => await forward(headers) });
      },
      { pollMs: 20 },
    ],
  ])('asks where something between %s, and misses nothing', async (_, handling, options) => {
    await using server = await startTestServer();
    const { root, place } = await startVault(server);
    await using proxy = await startProxy(server.app.url, handling);
    await using watching = await Watching.start(vaultAt(proxy.url, root, place), options);
    const expected: string[] = [];
    for (let index = 0; index < 10; index += 1) {
      await root.ok('vault_create', { ...place, key: `K${index}`, value: 'x' });
      expected.push(`vault_create K${index}`);
    }
    expect(await watching.take(10)).toEqual(expected);
    expect(proxy.requests.filter(wantsStream)).toHaveLength(1);
  });

  test('asks on while more has changed than one answer takes', async () => {
    await using server = await startTestServer();
    const { root, place } = await startVault(server);
    await using proxy = await startProxy(server.app.url, async (given) => {
      if (!wantsStream(given.request)) return await passOn(given);
      given.response.writeHead(501).end();
    });
    await using watching = await Watching.start(vaultAt(proxy.url, root, place), { pollMs: 400 });
    for (let part = 0; part < 3; part += 1) {
      const entries = Array.from({ length: 400 }, (_, index) => ({ key: `K${part}_${index}`, value: 'x' }));
      await root.ok('vault_import', { ...place, entries });
    }
    expect(new Set(await watching.take(1200)).size).toBe(1200);
  });
});

describe('a watch', () => {
  test('does not ask without a pause when there is always more of nothing', async () => {
    let polls = 0;
    await using server = await ScriptedServer.start((response, request) => {
      if (wantsStream(request)) return void response.writeHead(501).end();
      if (request.url?.startsWith('/vault/watch') === true) polls += 1;
      response.end(JSON.stringify({ changes: [], last: 7, more: true }));
    });
    await using _watching = await Watching.start(createClient({ url: server.url }).vault('shop'), {
      pollMs: 1000,
    });
    for (let turn = 0; turn < 20; turn += 1) await createClient({ url: server.url }).api.health();
    expect(polls).toBeLessThan(3);
  });

  test('tells of what goes wrong in passing, and goes on', async () => {
    const here = ': here\nid: 7\n\n';
    await using server = await ScriptedServer.start(
      (response) => {
        response.writeHead(429, { 'content-type': 'application/problem+json', 'retry-after': '1' });
        response.end(JSON.stringify({ code: 'too_many_watchers', message: '', status: 429 }));
      },
      (response) => void response.socket?.destroy(),
      (response) => void response.writeHead(502).end('<h1>bad gateway</h1>'),
      (response) => void response.writeHead(200, { 'content-type': 'text/event-stream' }).write(here),
    );
    const vault = createClient({ url: server.url }).vault('shop');
    await using watching = await Watching.start(vault);
    expect(watching.errors).toEqual(['too_many_watchers', 'network_error', 'answer_invalid']);
    const [first, second] = server.requests.map(({ at }) => at);
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThan(980);
  });

  test('resumes from the last id that came with a whole block, whatever the line ends and however it is cut', async () => {
    const change = (key: string): string => JSON.stringify({ index: 9, type: 'vault_💚', key, at: 'now' });
    const stream = `\uFEFFretry: 1000\r\nid: 7\r\n\r\nevent: change\rid: 8\rdata: ${change('FIRST')}\r\rid: 9\n`;
    await using server = await ScriptedServer.start(
      (response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
        const bytes = Buffer.from(stream);
        const next = (at: number): void => {
          if (at >= bytes.length) response.destroy();
          else response.write(bytes.subarray(at, at + 1), () => setImmediate(next, at + 1));
        };
        next(0);
      },
      (response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write(`event: change\nid: 10\ndata: ${change('LAST')}\n\n`);
      },
    );
    await using watching = await Watching.start(createClient({ url: server.url }).vault('shop'));
    expect(await watching.take(2)).toEqual(['vault_💚 FIRST', 'vault_💚 LAST']);
    expect(server.requests.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, '8']);
  });

  test('gives a stream up that falls silent, and resumes it', async () => {
    await using server = await ScriptedServer.start(
      (response) => void response.writeHead(200, { 'content-type': 'text/event-stream' }).write('id: 3\n\n'),
    );
    const vault = createClient({ url: server.url }).vault('shop');
    await using watching = await Watching.start(vault, { silenceMs: 50 });
    await expect.poll(() => server.requests.length, { timeout: 5000 }).toBeGreaterThan(2);
    expect(server.requests[1]?.headers['last-event-id']).toBe('3');
    expect(watching.errors).toContain('timeout');
  });

  test.each([
    ['a key that is none', 'event: change\nid: 1\ndata: {"key":"A;B","type":"vault_create","at":"now"}\n\n'],
    ['an event that is none', 'event: change\nid: 1\ndata: {"key":1}\n\n'],
    ['a block without an end', `data: ${'x'.repeat(1_100_000)}`],
  ])('does not take %s', async (_, text) => {
    await using server = await ScriptedServer.start(
      (response) =>
        void response.writeHead(200, { 'content-type': 'text/event-stream' }).end(`id: 0\n\n${text}`),
    );
    await using watching = await Watching.start(createClient({ url: server.url }).vault('shop'));
    await expect.poll(() => watching.errors).toContain('answer_invalid');
  });
});
