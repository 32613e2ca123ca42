import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { ENDPOINTS, type EndpointId } from '@coffer/contract';
import { describe, expect, test } from 'vitest';
import { startApp } from '../src/app.ts';
import { createLogger } from '../src/logger.ts';
import type { Client } from '../src/testing/client.ts';
import { databaseFor } from '../src/testing/databases.ts';
import { ENGINES } from '../src/testing/engines.ts';
import { PASSWORD, startTestServer } from '../src/testing/server.ts';

/** A request whose last byte is held back. */
class StalledRequest {
  readonly #socket: Socket;
  readonly #rest: string;

  private constructor(socket: Socket, rest: string) {
    this.#socket = socket;
    this.#rest = rest;
  }

  static async start(
    client: Client,
    id: EndpointId,
    input: Record<string, unknown>,
  ): Promise<StalledRequest> {
    const { method, path } = ENDPOINTS[id];
    const { hostname, port, host } = new URL(client.url);
    const body = JSON.stringify(input);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    const head = [
      `${method} ${path} HTTP/1.1`,
      `Host: ${host}`,
      `Authorization: Bearer ${client.token}`,
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Connection: close',
    ].join('\r\n');
    socket.write(`${head}\r\n\r\n${body.slice(0, -1)}`);
    // Another request on another connection is answered after this one was authenticated.
    await client.ok('user_me');
    return new StalledRequest(socket, body.slice(-1));
  }

  /** Sends the rest, and answers with the status and the code. */
  async finish(): Promise<[number, string | undefined]> {
    const chunks: Buffer[] = [];
    this.#socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    this.#socket.write(this.#rest);
    await once(this.#socket, 'close');
    const [head = '', body = ''] = Buffer.concat(chunks).toString().split('\r\n\r\n');
    return [Number(/^HTTP\/1.1 (\d+)/.exec(head)?.[1]), (JSON.parse(body) as { code?: string }).code];
  }
}

const NEW_ROOT = {
  username: 'backdoor',
  email: 'backdoor@example.org',
  first_name: 'B',
  last_name: '',
  password: PASSWORD,
  role: 'ROOT',
};

describe.each(ENGINES)('a request whose body was held back on %s', () => {
  test('finds its user demoted: it cannot take the role back', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const mallory = await server.user(root, 'ROOT');
    const promotion = await StalledRequest.start(mallory, 'user_update', { uid: mallory.uid, role: 'ROOT' });
    await root.ok('user_update', { uid: mallory.uid, role: 'VIEWER' });
    expect(await promotion.finish()).toEqual([403, 'forbidden']);
    expect((await mallory.ok('user_me')).user.role).toBe('VIEWER');
  });

  test('finds its user deleted, its session ended or its membership gone: it changes nothing', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const project_id = await server.project(root);
    const deleted = await server.user(root, 'ROOT');
    const signedOut = await server.user(root, 'ROOT');
    const removed = await server.user(root, 'ADMIN');
    await root.ok('project_member_add', { project_id, uid: removed.uid });
    const requests = [
      await StalledRequest.start(deleted, 'user_create', NEW_ROOT),
      await StalledRequest.start(signedOut, 'user_create', NEW_ROOT),
      await StalledRequest.start(removed, 'vault_create', { project_id, key: 'A', value: 'x' }),
    ];
    await root.ok('user_delete', { uid: deleted.uid });
    await signedOut.ok('user_logout');
    await root.ok('project_member_remove', { project_id, uid: removed.uid });
    const outcomes = [];
    for (const request of requests) outcomes.push(await request.finish());
    expect(outcomes).toEqual([
      [401, 'session_ended'],
      [401, 'session_ended'],
      [404, 'project_not_found'],
    ]);
    expect((await root.ok('user_fetch', { filter: 'backdoor' })).amount).toBe(0);
    expect((await root.ok('vault_fetch', { project_id })).amount).toBe(0);
  });

  test('is not made by a user who is deleted while the password is hashed', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const mallory = await server.user(root, 'ROOT');
    const { passwords } = server.app.context;
    const hash = passwords.hash.bind(passwords);
    passwords.hash = async (password) => {
      await root.ok('user_delete', { uid: mallory.uid });
      return await hash(password);
    };
    expect(await mallory.refused('user_create', NEW_ROOT)).toBe('session_ended');
    passwords.hash = hash;
    expect((await root.ok('user_fetch', { filter: 'backdoor' })).amount).toBe(0);
  });
});

describe.each(ENGINES)('a password reset on %s', () => {
  test('is not made by a ROOT who is deleted while the password is hashed', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const mallory = await server.user(root, 'ROOT');
    const victim = await server.user(root, 'ADMIN');
    const { passwords } = server.app.context;
    const hash = passwords.hash.bind(passwords);
    passwords.hash = async (password) => {
      await root.ok('user_delete', { uid: mallory.uid });
      return await hash(password);
    };
    const takeOver = { uid: victim.uid, new_password: 'lantern-meadow-quartz-7' };
    expect(await mallory.refused('user_password_reset', takeOver)).toBe('session_ended');
    passwords.hash = hash;
    await victim.ok('user_me');
  });
});

describe.each(ENGINES)('the audit log on %s', () => {
  test('of a project that had the id before is not for the members of the new one, but for ROOT', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const alice = await server.user(root, 'ADMIN');
    const bob = await server.user(root, 'ADMIN');
    const alpha = { id: 'alpha', name: 'Alpha', api_path: '/alpha' };
    const project_id = alpha.id;
    await alice.ok('project_create', alpha);
    await alice.ok('vault_create', { project_id, key: 'ACQUISITION', value: 'x' });
    await alice.ok('project_delete', { project_id });
    expect(await bob.refused('vault_fetch', { project_id })).toBe('project_not_found');

    const afterwards = await root.ok('event_fetch', { project_id, limit: 100 });
    expect(afterwards.events.map(({ type }: { type: string }) => type)).toEqual([
      'vault_list',
      'project_delete',
      'vault_create',
      'project_create',
    ]);

    await bob.ok('project_create', alpha);
    for (const query of [{ project_id }, {}]) {
      const { events } = await bob.ok('event_fetch', { ...query, limit: 100 });
      const seen = events.filter((event: { project_id: string }) => event.project_id === project_id);
      expect(seen.map(({ username }: { username: string }) => username)).not.toContain(alice.username);
      expect(seen.at(-1)).toMatchObject({ type: 'project_create', username: bob.username });
      expect(JSON.stringify(events)).not.toContain('ACQUISITION');
    }
  });

  test('has every question that tells something of the keys, also one that asks for a page beyond the last', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const project_id = await server.project(root);
    await root.ok('vault_create', { project_id, key: 'DB_PASSWORD', value: 'x' });
    const probe = { project_id, values: true, offset: 1000, filter: 'DB_P' };
    expect((await root.ok('vault_fetch', probe)).amount).toBe(1);
    const { events } = await root.ok('event_fetch', { limit: 1 });
    expect(events[0]).toMatchObject({ type: 'vault_list', outcome: 'success', project_id });
  });

  test('does not go back in time when the clock does, and finds a time range all the same', async () => {
    let now = Date.now();
    await using server = await startTestServer({ clock: () => now });
    const root = await server.setUp();
    const project_id = await server.project(root);
    await root.ok('vault_create', { project_id, key: 'A', value: 'x' });
    const before = now;
    now -= 30_000;
    await root.ok('vault_create', { project_id, key: 'B', value: 'x' });
    now = before + 60_000;
    await root.ok('vault_create', { project_id, key: 'C', value: 'x' });
    const { events } = await root.ok('event_fetch', { limit: 100 });
    const times = events.map(({ at }: { at: string }) => Date.parse(at));
    expect(times).toEqual(times.toSorted((a: number, b: number) => b - a));
    const objectsOf = async (query: Record<string, string>): Promise<unknown> =>
      (await root.ok('event_fetch', { ...query, type: 'vault_create' })).events.map(
        ({ object }: { object: string }) => object,
      );
    const middle = new Date(before + 1000).toISOString();
    expect(await objectsOf({ to: middle })).toEqual(['B', 'A']);
    expect(await objectsOf({ from: middle })).toEqual(['C']);
    expect(await objectsOf({ from: new Date(now + 1000).toISOString() })).toEqual([]);
  });
});

test('a log that cannot be written changes no answer', async () => {
  await using server = await startTestServer();
  const root = await server.setUp();
  await server.stop();
  const broken = createLogger('trace', {
    write() {
      throw new Error('ENOSPC: no space left on device');
    },
  });
  const app = await startApp({
    log: broken,
    config: {
      host: '127.0.0.1',
      port: 0,
      dataDir: server.dataDir,
      database: await databaseFor(server.dataDir),
      rootKeys: undefined,
      firstUser: undefined,
      publicUrl: undefined,
      tls: undefined,
      trustedProxies: [],
      egressAllow: [],
      backup: { recipients: undefined, passphrase: undefined, schedule: undefined },
      logLevel: 'trace',
    },
  });
  try {
    const answer = await fetch(`${app.url}/user/me`, { headers: { authorization: `Bearer ${root.token}` } });
    expect(answer.status).toBe(200);
  } finally {
    await app.stop();
  }
});
