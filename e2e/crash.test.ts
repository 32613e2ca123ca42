import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { AuditEntry } from '@coffer/core';
import { describe, expect, test } from 'vitest';
import { verifyAuditLog } from '../packages/server/src/services/audit-log.ts';
import { openStore } from '../packages/server/src/store/database.ts';
import { openSqlite } from '../packages/server/src/store/sqlite.ts';
import type { Answer, Client } from '../packages/server/src/testing/client.ts';
import { temporaryDirectory } from '../packages/server/src/testing/data-dir.ts';
import { ServerProcess } from '../packages/server/src/testing/process.ts';
import { PASSWORD } from '../packages/server/src/testing/server.ts';

const ROUNDS = 20;
const WORKERS = 6;
const KEYS_PER_WORKER = 4;
const PROJECT = { project_id: 'shop' };

/** Set it to repeat a run. */
const SEED = Number(process.env['CRASH_SEED'] ?? Date.now() % 1_000_000_007);

/** Numbers from 0 to 1, the same for the same seed. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** What an entry is; undefined: there is none. */
type State = { value: string; version: number } | undefined;

/** What was answered, which is what must be there whatever happens then. */
type Ledger = {
  entries: Map<string, State>;
  /** Begun and not answered when the server died: done or not done, and nothing between. */
  open: Map<string, State>;
  /** The values that each answered read gave out, by request id. */
  reads: Map<string, number>;
  /** The event of each answered change, by request id. */
  writes: Map<string, string>;
  answered: number;
};

function newLedger(): Ledger {
  return { entries: new Map(), open: new Map(), reads: new Map(), writes: new Map(), answered: 0 };
}

function requestIdOf(answer: Answer): string {
  return answer.headers.get('x-request-id') ?? 'none';
}

/** Undefined: the server went away before it answered. */
async function attempt(
  client: Client,
  id: Parameters<Client['call']>[0],
  input: Record<string, unknown>,
): Promise<Answer | undefined> {
  let answer: Answer;
  try {
    answer = await client.call(id, input);
  } catch (error) {
    // What `fetch` and reading a body fail with when the connection breaks.
    if (error instanceof TypeError) return undefined;
    throw error;
  }
  if (answer.status >= 400) throw new Error(`${id} was refused: ${answer.text}`);
  return answer;
}

/** Creates, updates, reads and deletes entries of its own until the server is gone. */
async function work(client: Client, worker: number, random: () => number, ledger: Ledger): Promise<void> {
  for (let step = 0; ; step += 1) {
    const key = `W${worker}_K${Math.floor(random() * KEYS_PER_WORKER)}`;
    const kind = random();
    const known = ledger.entries.get(key);
    const value = `${key} ${step} ${'x'.repeat(Math.floor(random() ** 4 * 20_000))}`;
    const answered =
      known === undefined
        ? await change('vault_create', key, { value, version: 1 })
        : kind < 0.4
          ? await change('vault_update', key, { value, version: known.version + 1 })
          : kind < 0.5
            ? await change('vault_delete', key, undefined)
            : kind < 0.6
              ? await readAll()
              : await readOne(key, known);
    if (!answered) return;
    ledger.answered += 1;
  }

  async function change(
    id: 'vault_create' | 'vault_update' | 'vault_delete',
    key: string,
    after: State,
  ): Promise<boolean> {
    ledger.open.set(key, after);
    const content = after === undefined ? {} : { value: after.value };
    const answer = await attempt(client, id, { ...PROJECT, key, ...content });
    if (answer === undefined) return false;
    ledger.open.delete(key);
    ledger.entries.set(key, after);
    ledger.writes.set(requestIdOf(answer), id);
    return true;
  }

  async function readOne(key: string, known: State): Promise<boolean> {
    const answer = await attempt(client, 'vault_fetch_one', { ...PROJECT, key });
    if (answer === undefined) return false;
    expect(answer.body.vault).toMatchObject({ ...known });
    ledger.reads.set(requestIdOf(answer), 1);
    return true;
  }

  async function readAll(): Promise<boolean> {
    const answer = await attempt(client, 'vault_fetch', {
      ...PROJECT,
      values: true,
      limit: 100,
      filter: `W${worker}_`,
    });
    if (answer === undefined) return false;
    ledger.reads.set(requestIdOf(answer), answer.body.vaults.length);
    return true;
  }
}

/** What was answered is there; what was not is done or not done. From then on it is what it is. */
async function expectEntries(client: Client, ledger: Ledger): Promise<void> {
  for (const key of new Set([...ledger.entries.keys(), ...ledger.open.keys()])) {
    const before = ledger.entries.get(key);
    const possible = ledger.open.has(key) ? [before, ledger.open.get(key)] : [before];
    const { status, body } = await client.call('vault_fetch_one', { ...PROJECT, key });
    expect([200, 404]).toContain(status);
    const found: State =
      status === 404 ? undefined : { value: body.vault.value, version: body.vault.version };
    expect(possible, key).toContainEqual(found);
    if (found !== undefined) {
      const { amount } = await client.ok('vault_version_fetch', { ...PROJECT, key });
      expect(amount, `versions of ${key}`).toBe(found.version);
    }
    ledger.entries.set(key, found);
  }
  ledger.open.clear();
}

/** The log is whole, and it has a record for every value that was given out and every change that was answered. */
async function expectRecords(dataDir: string, ledger: Ledger): Promise<number> {
  const store = await openStore(openSqlite(dataDir));
  try {
    const { size } = await verifyAuditLog(store.db);
    const rows = await store.db.selectFrom('audit_entry').select('body').execute();
    const records = new Map<string, string[]>();
    for (const { body } of rows) {
      const { request_id: id, type, outcome } = JSON.parse(body) as AuditEntry;
      if (outcome === 'success') records.set(id ?? '', [...(records.get(id ?? '') ?? []), type]);
    }
    for (const [id, values] of ledger.reads) {
      expect(records.get(id) ?? [], `records of the read ${id}`).toEqual(
        Array.from({ length: values }, () => 'vault_view'),
      );
    }
    for (const [id, type] of ledger.writes)
      expect(records.get(id), `record of the change ${id}`).toEqual([type]);
    return size;
  } finally {
    await store.close();
  }
}

async function setUp(server: ServerProcess): Promise<Client> {
  const root = server.client();
  await root.signIn('setup', {
    setup_token: server.setupToken,
    username: 'root',
    email: 'root@example.org',
    first_name: 'Rosa',
    last_name: 'Root',
    password: PASSWORD,
  });
  await root.ok('project_create', { id: 'shop', name: 'Shop', api_path: '/shop' });
  return root;
}

function clientOf(server: ServerProcess, token: string | undefined): Client {
  const client = server.client();
  client.token = token;
  return client;
}

describe('kill -9 under load (R39)', () => {
  test(
    `${ROUNDS} times on one data directory: no answered change is lost, no answered read lacks its record`,
    { timeout: 150_000 },
    async () => {
      using directory = temporaryDirectory();
      const dataDir = directory.path;
      const random = seeded(SEED);
      const ledger = newLedger();
      let token: string | undefined;
      let logSize = 0;
      let unanswered = 0;
      for (let round = 0; round <= ROUNDS; round += 1) {
        try {
          await using server = await ServerProcess.start({ dataDir });
          token ??= (await setUp(server)).token;
          const client = clientOf(server, token);
          await expectEntries(client, ledger);
          const size = await expectRecords(dataDir, ledger);
          expect(size).toBeGreaterThan(logSize);
          logSize = size;
          if (round === ROUNDS) {
            expect(await server.kill('SIGTERM')).toBe(0);
            continue;
          }
          const working = { amount: WORKERS };
          const workers = Array.from({ length: WORKERS }, async (_, index) => {
            await work(client, index, seeded(random() * 2 ** 32), ledger).finally(
              () => (working.amount -= 1),
            );
          });
          const enough = ledger.answered + Math.floor(random() * 120);
          const load = Promise.all(workers);
          // A moment that has nothing to do with what the server is doing.
          while (ledger.answered < enough && working.amount === WORKERS) await delay(1 + random() * 10);
          expect(server.child.exitCode, server.stderr).toBeNull();
          expect(await server.kill('SIGKILL')).toBe('SIGKILL');
          await load;
          unanswered += ledger.open.size;
        } catch (error) {
          throw new Error(`in round ${round}; to repeat it set CRASH_SEED=${SEED}`, { cause: error });
        }
      }
      // Else it was no load, and nothing was cut off.
      expect(ledger.writes.size).toBeGreaterThan(ROUNDS * 5);
      expect(ledger.reads.size).toBeGreaterThan(ROUNDS * 5);
      expect(unanswered).toBeGreaterThan(ROUNDS / 2);
      expect(await expectRecords(dataDir, ledger)).toBe(logSize);
    },
  );
});

/** A change of which the server has the head and waits for the body: it is under way for as long as we like. */
async function begin(client: Client, key: string): Promise<{ socket: Socket; body: string }> {
  const { hostname, port } = new URL(client.url);
  const body = JSON.stringify({ ...PROJECT, key, value: `of ${key}` });
  const socket = connect({ host: hostname, port: Number(port) });
  socket.setEncoding('utf8');
  socket.on('error', () => undefined);
  socket.write(
    [
      'POST /vault/create HTTP/1.1',
      `host: ${hostname}`,
      `authorization: Bearer ${client.token ?? ''}`,
      'content-type: application/json',
      `content-length: ${Buffer.byteLength(body)}`,
      'expect: 100-continue',
      '\r\n',
    ].join('\r\n'),
  );
  const [first] = (await once(socket, 'data')) as [string];
  expect(first).toBe('HTTP/1.1 100 Continue\r\n\r\n');
  return { socket, body };
}

async function finish({ socket, body }: { socket: Socket; body: string }): Promise<string> {
  let answer = '';
  socket.on('data', (chunk: string) => (answer += chunk));
  const closed = once(socket, 'close');
  socket.write(body);
  await closed;
  return answer;
}

async function stopping(server: ServerProcess): Promise<void> {
  while (!server.stdout.includes('"msg":"stopping"') && server.child.stdout !== null)
    await once(server.child.stdout, 'data');
}

describe.concurrent('a signal to stop, under load,', () => {
  test('lets what is under way finish, loses nothing that was answered, and ends with code 0', async ({
    expect,
  }) => {
    using directory = temporaryDirectory();
    const dataDir = directory.path;
    const ledger = newLedger();
    let token: string | undefined;
    const begunKeys = Array.from({ length: 8 }, (_, index) => `BEGUN_${index}`);
    {
      await using server = await ServerProcess.start({ dataDir });
      const root = await setUp(server);
      token = root.token;
      const random = seeded(SEED);
      const load = Promise.all(
        Array.from({ length: WORKERS }, async (_, index) => await work(root, index, random, ledger)),
      );
      const begun = await Promise.all(begunKeys.map(async (key) => await begin(root, key)));
      const ended = server.ended();
      server.child.kill('SIGTERM');
      await stopping(server);
      const started = performance.now();
      const answers = await Promise.all(begun.map(finish));
      for (const [index, answer] of answers.entries()) {
        expect(answer).toMatch(/^HTTP\/1\.1 201 Created\r\n/);
        expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toMatchObject({
          status: 201,
          vault: { key: begunKeys[index] },
        });
      }
      expect(await ended).toBe(0);
      expect(performance.now() - started).toBeLessThan(5000);
      await load;
    }
    await using again = await ServerProcess.start({ dataDir });
    const root = clientOf(again, token);
    for (const key of begunKeys) {
      const { vault } = await root.ok('vault_fetch_one', { ...PROJECT, key });
      expect(vault.value).toBe(`of ${key}`);
    }
    // A change that met a closed connection may have been done or not, as with any broken connection.
    await expectEntries(root, ledger);
    await expectRecords(dataDir, ledger);
    expect(ledger.writes.size).toBeGreaterThan(0);
  });

  test('does not wait for ever for a request that never ends: code 0 all the same', async ({ expect }) => {
    await using server = await ServerProcess.start();
    const root = await setUp(server);
    const { socket } = await begin(root, 'NEVER');
    const closed = once(socket, 'close');
    const started = performance.now();
    expect(await server.kill('SIGINT')).toBe(0);
    expect(performance.now() - started).toBeLessThan(20_000);
    await closed;
  });

  test('that is repeated by someone who does not want to wait ends it, with code 1', async () => {
    await using server = await ServerProcess.start();
    const root = await setUp(server);
    const { socket } = await begin(root, 'NEVER');
    const closed = once(socket, 'close');
    const started = performance.now();
    server.child.kill('SIGTERM');
    await stopping(server);
    // A repetition right behind the first counts as the same one: it arrives several times through npm.
    const impatience = setInterval(() => server.child.kill('SIGTERM'), 100);
    expect(await server.ended()).toBe(1);
    clearInterval(impatience);
    // Before the server would have cut the request off by itself.
    expect(performance.now() - started).toBeLessThan(8000);
    await closed;
  });
});
