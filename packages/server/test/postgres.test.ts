import { randomBytes } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redacted, type AppError } from '@coffer/core';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { parseDatabaseUrl } from '../src/config/database-url.ts';
import type { PostgresAddress } from '../src/postgres-address.ts';
import { verifyAuditLog } from '../src/services/audit-verification.ts';
import { openStore, type Store, type Transaction } from '../src/store/database.ts';
import { endsConnection, explain, mayRetry } from '../src/store/postgres-errors.ts';
import { WRITE_LOCK } from '../src/store/postgres-driver.ts';
import { openPostgres } from '../src/store/postgres.ts';
import { preparedChange } from '../src/store/prepared.ts';
import { runAdminHere } from '../src/testing/admin.ts';
import type { Client } from '../src/testing/client.ts';
import { temporaryDirectory } from '../src/testing/data-dir.ts';
import { urlOf } from '../src/testing/databases.ts';
import { PostgresCluster } from '../src/testing/postgres.ts';
import { PASSWORD, startTestServer, type TestServer } from '../src/testing/server.ts';
import { simultaneously } from '../src/testing/simultaneously.ts';
import { TEST_CERT, TEST_KEY } from '../src/testing/tls.ts';

let cluster: PostgresCluster;
let databases = 0;

beforeAll(async () => {
  cluster = await PostgresCluster.start();
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

const TABLES_THERE = `select relname from pg_class where relkind in ('r', 'v') and relname not like 'pg\\_%' and relnamespace = 'public'::regnamespace order by 1`;

async function newDatabase(options = ''): Promise<PostgresAddress> {
  databases += 1;
  const name = `test_${databases}`;
  await cluster.query(`create database ${name} ${options}`);
  return cluster.address(name);
}

/** Servers that share a database and its root key; each has a directory of its own, which stays empty. */
class Nodes implements AsyncDisposable {
  readonly servers: TestServer[] = [];
  readonly database: PostgresAddress;
  readonly #rootKey = new Redacted(randomBytes(32));

  private constructor(database: PostgresAddress) {
    this.database = database;
  }

  static async start(amount: number): Promise<Nodes> {
    const nodes = new Nodes(await newDatabase());
    nodes.servers.push(
      ...(await Promise.all(Array.from({ length: amount }, async () => await nodes.#start()))),
    );
    return nodes;
  }

  /** A user who is signed in, as a client of each of the servers. */
  clients(user: Client): Client[] {
    return this.servers.map((server) => {
      const client = server.anonymous();
      client.token = user.token;
      client.uid = user.uid;
      return client;
    });
  }

  async #start(): Promise<TestServer> {
    return await startTestServer({
      config: {
        database: this.database,
        rootKeys: { keys: [this.#rootKey], path: undefined },
      },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.servers) await server[Symbol.asyncDispose]();
  }
}

async function startVault(nodes: Nodes): Promise<{ root: Client; project_id: string; at: [Client, Client] }> {
  const [first] = nodes.servers;
  if (first === undefined) throw new Error('there is no server');
  const root = await first.setUp();
  const project_id = await first.project(root);
  await root.ok('vault_create', { project_id, key: 'KEY', value: 'first' });
  return { root, project_id, at: nodes.clients(root) as [Client, Client] };
}

/** What the connections of our servers are; from another one. */
async function cutConnections({ database }: PostgresAddress): Promise<void> {
  await cluster.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${database}' and application_name = 'coffer'`,
  );
}

describe('servers on one postgres', () => {
  test('start at once on an empty database, and are one instance', async () => {
    await using nodes = await Nodes.start(3);
    const ids = nodes.servers.map(({ app }) => app.context.instance.id);
    expect(new Set(ids).size).toBe(1);
    const { root } = await startVault(nodes);
    const { events } = await root.ok('event_fetch', { type: 'instance_create' });
    expect(events).toHaveLength(1);
  });

  test('write one log without a gap, and of 40 updates of one version one wins', async () => {
    await using nodes = await Nodes.start(2);
    const { root, project_id, at } = await startVault(nodes);
    const answers = await simultaneously(40, async (index) => {
      const update = { project_id, key: 'KEY', value: `v${index}`, if_version: 1 };
      return await (at[index % 2] as Client).call('vault_update', update);
    });
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ body }) => body.code === 'version_conflict')).toHaveLength(39);
    const created = await simultaneously(40, async (index) => {
      const entry = { project_id, key: `K_${index}`, value: 'x' };
      return await (at[index % 2] as Client).call('vault_create', entry);
    });
    expect(created.every(({ status }) => status === 201)).toBe(true);
    const [{ app }] = nodes.servers as [TestServer];
    const { size } = await app.context.store.transaction(verifyAuditLog);
    const { amount } = await root.ok('event_fetch', { limit: 1 });
    // The listing itself came after.
    expect(amount).toBeGreaterThanOrEqual(size);
  });

  test('know at the next request what ended on another: session, role, membership, token', async () => {
    await using nodes = await Nodes.start(2);
    const { root, project_id, at } = await startVault(nodes);
    const [here] = nodes.servers as [TestServer];
    const other = at[1];
    const where = { project_id, key: 'KEY' };

    const admin = await here.user(root, 'ADMIN');
    const elsewhere = nodes.clients(admin)[1] as Client;
    await root.ok('project_member_add', { project_id, uid: admin.uid });
    await elsewhere.ok('vault_fetch_one', where);
    await root.ok('user_update', { uid: admin.uid, role: 'VIEWER' });
    expect(await elsewhere.refused('vault_fetch_one', where)).toBe('forbidden');
    await root.ok('user_update', { uid: admin.uid, role: 'ADMIN' });
    await root.ok('project_member_remove', { project_id, uid: admin.uid });
    expect(await elsewhere.refused('vault_fetch_one', where)).toBe('project_not_found');
    await admin.ok('user_logout');
    expect(await elsewhere.refused('user_me')).toBe('session_ended');

    const grant = { kind: 'service', project_id, name: 'CI', permissions: ['vault.view'] };
    const { token, access_token: made } = await root.ok('token_create', grant);
    other.token = token;
    await other.ok('vault_fetch_one', where);
    await root.ok('token_revoke', { id: made.id });
    expect(await other.refused('vault_fetch_one', where)).toBe('token_invalid');
  });

  test('sort and compare by bytes, whatever the language of the database', async () => {
    const database = await newDatabase(
      `template template0 locale_provider icu icu_locale 'en-US' encoding 'UTF8'`,
    );
    await using server = await startTestServer({ config: { database } });
    const root = await server.setUp();
    const project_id = await server.project(root);
    for (const key of ['A_B', 'AA', 'AC', 'A1', 'A__']) {
      await root.ok('vault_create', { project_id, key, value: 'x' });
    }
    const { vaults } = await root.ok('vault_fetch', { project_id });
    expect(vaults.map(({ key }: { key: string }) => key)).toEqual(['A1', 'AA', 'AC', 'A_B', 'A__']);
  });
});

describe('postgres that fails', () => {
  test('cuts all connections under load: no read fails, and what was answered is there', async () => {
    await using nodes = await Nodes.start(2);
    const { root, project_id, at } = await startVault(nodes);
    const state = { over: false };
    const written = new Map<string, string>();
    const failures: string[] = [];
    const load = at.flatMap((client, node) => [
      (async () => {
        for (let index = 0; !state.over; index += 1) {
          const key = `N${node}_${index}`;
          const answer = await client.call('vault_create', { project_id, key, value: key });
          if (answer.status === 201) written.set(key, key);
          else if (answer.status !== 503) failures.push(answer.text);
        }
      })(),
      (async () => {
        while (!state.over) {
          const answer = await client.call('project_fetch_one', { project_id });
          if (answer.status !== 200) failures.push(answer.text);
        }
      })(),
    ]);
    for (let cuts = 1; cuts <= 3; cuts += 1) {
      await vi.waitFor(() => expect(written.size).toBeGreaterThan(cuts * 5), { timeout: 10_000 });
      await cutConnections(nodes.database);
    }
    state.over = true;
    await Promise.all(load);
    expect(failures).toEqual([]);
    for (const key of written.keys()) {
      expect((await root.ok('vault_fetch_one', { project_id, key })).vault.value).toBe(key);
    }
  });

  test('is restarted: refused with the reason meanwhile, served again without a restart of ours', async () => {
    await using own = await PostgresCluster.start();
    await using server = await startTestServer({ config: { database: own.address() } });
    const root = await server.setUp();
    const project_id = await server.project(root);
    await root.ok('vault_create', { project_id, key: 'KEY', value: 'kept' });
    await own.stop();
    const read = await root.call('vault_fetch_one', { project_id, key: 'KEY' });
    expect([read.status, read.body.code]).toEqual([503, 'store_unavailable']);
    expect(await root.refused('vault_create', { project_id, key: 'LOST', value: 'x' })).toBe(
      'store_unavailable',
    );
    const ready = await root.call('ready');
    expect([ready.status, ready.body.code]).toEqual([503, 'not_ready']);
    expect(ready.body.detail).toContain('nothing listens at the address of the database');
    const logged = (what: string) => server.logLines.filter((line) => line.includes(what));
    expect(logged('the database is lost')).toEqual([expect.stringContaining('"reason":"')]);
    expect(logged('the database is there again')).toEqual([]);
    await own.start();
    expect((await root.ok('vault_fetch_one', { project_id, key: 'KEY' })).vault.value).toBe('kept');
    expect(await root.refused('vault_fetch_one', { project_id, key: 'LOST' })).toBe('entry_not_found');
    expect((await root.call('ready')).status).toBe(200);
    expect(logged('the database is lost')).toHaveLength(1);
    expect(logged('the database is there again')).toHaveLength(1);
    // An outage is no fault of ours.
    expect(logged('"stack"')).toEqual([]);
    expect(logged('"code":"store_unavailable"').length).toBeGreaterThan(0);
  });

  test('is held by a server that fell silent: the others are refused with the reason, then go on', async () => {
    await using nodes = await Nodes.start(1);
    const { project_id, at } = await startVault(nodes);
    const silent = await openStore(await openPostgres(nodes.database));
    const { promise: silence, resolve: speak } = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    const transaction = silent.transaction(async (tx) => {
      await sql`select 1`.execute(tx);
      held.resolve();
      await silence;
    });
    await held.promise;
    const refused = await at[0].call('vault_create', { project_id, key: 'LATE', value: 'x' });
    expect([refused.status, refused.body.code]).toEqual([503, 'store_unavailable']);
    expect(refused.body.detail).toContain('another server holds the database');
    // What only reads waits for nobody.
    await at[0].ok('project_fetch_one', { project_id });
    speak();
    await transaction;
    await silent.close();
    await at[0].ok('vault_create', { project_id, key: 'LATE', value: 'x' });
  });

  test.each([
    [
      'create table ciphertext (a int)',
      /cannot be brought up to date \(relation "ciphertext" already exists\)/,
    ],
    [
      'create view audit_entry as select 1',
      /cannot be brought up to date \(.*"audit_entry" already exists\)/,
    ],
    ['create table schema_migration (version int)', /has a table schema_migration that is not of Coffer/],
  ])(
    'with what is not of Coffer in it is left as it is, and that is one line: %s',
    async (statement, line) => {
      const database = await newDatabase();
      await cluster.query(statement, database.database);
      const refused = startTestServer({ config: { database } });
      await expect(refused).rejects.toMatchObject({
        name: 'StartError',
        message: expect.stringMatching(line),
      });
      // Of ours none but those in which the migrations are kept.
      const tables = await cluster.query<{ relname: string }>(TABLES_THERE, database.database);
      expect(tables.filter(({ relname }) => !relname.startsWith('schema_migration'))).toHaveLength(
        statement.includes('schema_migration') ? 0 : 1,
      );
    },
  );

  test('without an instance gets no tables from a command', async () => {
    const database = await newDatabase();
    using directory = temporaryDirectory();
    const run = await runAdminHere(['audit', 'verify'], {
      dataDir: directory.path,
      env: { COFFER_DATABASE_URL: urlOf(database) },
    });
    expect(run).toEqual({
      code: 1,
      stdout: '',
      stderr: 'coffer: the database is empty; `coffer serve` makes an instance in it\n',
    });
    expect(
      await cluster.query(`select tablename from pg_tables where schemaname = 'public'`, database.database),
    ).toEqual([]);
    expect(readdirSync(directory.path)).toEqual([]);
  });

  test('loses the connections of a read: it is read twice more', async () => {
    const database = await newDatabase();
    const store = await openStore(await openPostgres(database));
    /** Cuts the connection that it is read on, so many times. */
    const readCut = async (times: number): Promise<unknown> => {
      await sql`drop sequence if exists reads`.execute(store.db);
      await sql`create sequence reads`.execute(store.db);
      const cut = sql<boolean>`case when nextval('reads') <= ${sql.lit(times)} then pg_terminate_backend(pg_backend_pid()) else true end`;
      return await store.db.selectNoFrom(cut.as('is_read')).executeTakeFirst();
    };
    try {
      expect(await readCut(2)).toEqual({ is_read: true });
      await expect(readCut(3)).rejects.toMatchObject({ code: 'store_unavailable' });
    } finally {
      await store.close();
    }
  });

  test('loses the connection of a transaction: it is run again, and done once', async () => {
    const store = await openStore(await openPostgres(await newDatabase()));
    try {
      let runs = 0;
      await store.transaction(async (tx) => {
        runs += 1;
        await insertAttempt(tx, `run ${runs}`);
        if (runs === 1) await sql`select pg_terminate_backend(pg_backend_pid())`.execute(tx);
      });
      expect(runs).toBe(2);
      expect(await subjects(store)).toEqual(['run 2']);
    } finally {
      await store.close();
    }
  });

  test('loses the connection while it commits: that is an error which says that nobody knows, and is not tried again', async () => {
    const store = await openStore(await openPostgres(await newDatabase()));
    try {
      // A trigger that runs within the commit, and ends the connection there.
      for (const statement of [
        `create function vanish() returns trigger language plpgsql as
         $$ begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$`,
        `create constraint trigger vanish after insert on attempt deferrable initially deferred
         for each row execute function vanish()`,
      ])
        await sql.raw(statement).execute(store.db);
      let runs = 0;
      const transaction = store.transaction(async (tx) => {
        runs += 1;
        await insertAttempt(tx, 'lost');
      });
      const error = (await transaction.catch((thrown: unknown) => thrown)) as AppError;
      expect(error).toMatchObject({ code: 'store_unavailable' });
      expect(error.detail['reason']).toContain('it may be saved or not');
      expect(runs).toBe(1);
    } finally {
      await store.close();
    }
  });

  test('refuses a change whose answer was not waited for: what comes after fails with that reason, the commit too', async () => {
    const store = await openStore(await openPostgres(await newDatabase()));
    try {
      const twice = async (tx: Transaction): Promise<void> => {
        await insertUnawaited(tx, { subject: 'twice' });
        await insertUnawaited(tx, { subject: 'twice' });
      };
      await expect(store.transaction(twice)).rejects.toMatchObject({ constraint: 'attempt_pkey' });
      const thenRead = store.transaction(async (tx) => {
        await twice(tx);
        await tx.selectFrom('attempt').selectAll().execute();
      });
      await expect(thenRead).rejects.toMatchObject({ constraint: 'attempt_pkey' });
      expect(await subjects(store)).toEqual([]);
    } finally {
      await store.close();
    }
  });

  test('loses the connection in a change that went out with the commit: nobody knows, and it is not tried again', async () => {
    const store = await openStore(await openPostgres(await newDatabase()));
    try {
      for (const statement of [
        `create function vanish() returns trigger language plpgsql as
         $$ begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$`,
        `create trigger vanish after insert on attempt for each row execute function vanish()`,
      ])
        await sql.raw(statement).execute(store.db);
      let runs = 0;
      const transaction = store.transaction(async (tx) => {
        runs += 1;
        await insertUnawaited(tx, { subject: 'lost' });
      });
      const error = (await transaction.catch((thrown: unknown) => thrown)) as AppError;
      expect(error.detail['reason']).toContain('it may be saved or not');
      expect(runs).toBe(1);
    } finally {
      await store.close();
    }
  });

  test('became a standby, and refuses a change that went out with the commit: it is run again on another connection', async () => {
    const store = await openStore(await openPostgres(await newDatabase()));
    try {
      for (const statement of [
        `create function refuse() returns trigger language plpgsql as
         $$ begin raise exception 'read-only' using errcode = '25006'; end $$`,
        `create trigger refuse before insert on attempt for each row when (new.subject = 'run 1')
         execute function refuse()`,
      ])
        await sql.raw(statement).execute(store.db);
      let runs = 0;
      await store.transaction(async (tx) => {
        runs += 1;
        await insertUnawaited(tx, { subject: `run ${runs}` });
      });
      expect(runs).toBe(2);
      expect(await subjects(store)).toEqual(['run 2']);
    } finally {
      await store.close();
    }
  });

  test('does not let a transaction begin: nothing of it is written', async () => {
    const database = await newDatabase();
    const store = await openStore(await openPostgres(database));
    try {
      const { promise: over, resolve: end } = Promise.withResolvers<void>();
      const holds = Promise.withResolvers<void>();
      const holder = store.transaction(async (tx) => {
        await sql`select 1`.execute(tx);
        holds.resolve();
        await over;
      });
      await holds.promise;
      const waiting = store.transaction(async (tx) => await insertUnawaited(tx, { subject: 'never' }));
      const refused = waiting.catch((thrown: unknown) => thrown);
      const cancel = `select pg_cancel_backend(pid) from pg_stat_activity
        where datname = '${database.database}' and wait_event = 'advisory'`;
      await vi.waitFor(async () => expect(await cluster.query(cancel)).toHaveLength(1), { timeout: 4000 });
      expect(await refused).toMatchObject({ code: 'store_unavailable' });
      end();
      await holder;
      expect(await subjects(store)).toEqual([]);
    } finally {
      await store.close();
    }
  });

  test('has a table changed by a newer version: statements that were prepared before go on', async () => {
    await using nodes = await Nodes.start(1);
    const { project_id, at } = await startVault(nodes);
    for (let reads = 0; reads < 20; reads += 1) await at[0].ok('vault_fetch_one', { project_id, key: 'KEY' });
    for (const table of ['entry', 'session', 'project', 'audit_head', 'access_token']) {
      await cluster.query(`alter table ${table} add column later bigint`, nodes.database.database);
    }
    const answers = await simultaneously(
      20,
      async () => await at[0].call('vault_fetch_one', { project_id, key: 'KEY' }),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    await at[0].ok('vault_update', { project_id, key: 'KEY', value: 'second' });
  });
});

const insertUnawaited = preparedChange((db, { subject }: { subject: string }) =>
  db.insertInto('attempt').values({ subject, failures: 0, blocked_until: 0, updated_at: 0 }),
);

async function insertAttempt(tx: Transaction, subject: string): Promise<void> {
  await tx.insertInto('attempt').values({ subject, failures: 0, blocked_until: 0, updated_at: 0 }).execute();
}

async function subjects({ db }: Store): Promise<string[]> {
  return (await db.selectFrom('attempt').select('subject').execute()).map(({ subject }) => subject);
}

describe('a database that cannot be used is one line that tells no password', () => {
  const REFUSALS: [
    string,
    (address: PostgresAddress) => Promise<PostgresAddress> | PostgresAddress,
    RegExp,
  ][] = [
    [
      'wrong password',
      (at) => ({ ...at, password: new Redacted('wrong-password') }),
      /refuses the user or the password/,
    ],
    ['no such database', (at) => ({ ...at, database: 'nowhere' }), /no database of that name/],
    [
      'nobody listens',
      (at) => ({ ...at, port: 1 }),
      /^the database that COFFER_DATABASE_URL names cannot serve: nothing listens at the address of the database \(ECONNREFUSED\)$/,
    ],
    ['no such host', (at) => ({ ...at, host: 'db.invalid' }), /the host of the database is not known/],
    [
      'no such socket',
      (at) => ({ ...at, host: '/nowhere' }),
      /there is no socket at the address of the database \(ENOENT\)/,
    ],
    [
      'no TLS there',
      (at) => ({ ...at, tls: { verify: 'full', ca: undefined, client: undefined } }),
      /does not speak TLS; add sslmode=disable/,
    ],
    [
      'another encoding',
      async () => await newDatabase(`template template0 encoding 'SQL_ASCII' locale 'C'`),
      /has the encoding SQL_ASCII; it must be UTF8/,
    ],
  ];

  test.each(REFUSALS)('%s', async (_, change, reason) => {
    const database = await change(cluster.address());
    const start = startTestServer({ config: { database } });
    const error = (await start.then(
      async (server) => await server.stop(),
      (thrown: unknown) => thrown,
    )) as Error;
    expect(error.constructor.name).toBe('StartError');
    expect(error.message).toMatch(reason);
    expect(error.message).not.toContain('\n');
    expect(error.message).not.toContain(database.password?.expose() ?? PASSWORD);
  });
});

describe('TLS to postgres', () => {
  async function reach(own: PostgresCluster, parameters: string): Promise<string> {
    try {
      const store = await openStore(await openPostgres(parseDatabaseUrl(`${own.url()}?${parameters}`)));
      const { rows } = await sql<{ ssl: boolean }>`
        select ssl from pg_stat_ssl where pid = pg_backend_pid()`.execute(store.db);
      await store.close();
      return rows[0]?.ssl === true ? 'encrypted' : 'plain';
    } catch (error) {
      return String((error as AppError).detail['reason']);
    }
  }

  test('is verified as its mode says', async () => {
    await using own = await PostgresCluster.start({ tls: { cert: TEST_CERT, key: TEST_KEY } });
    using directory = temporaryDirectory();
    const ca = join(directory.path, 'ca.pem');
    writeFileSync(ca, TEST_CERT);
    expect(await reach(own, `sslmode=verify-full&sslrootcert=${ca}`)).toBe('encrypted');
    expect(await reach(own, `sslmode=verify-ca&sslrootcert=${ca}`)).toBe('encrypted');
    expect(await reach(own, 'sslmode=require')).toBe('encrypted');
    expect(await reach(own, 'sslmode=verify-full')).toMatch(/its certificate is not trusted/);
    const elsewhere = explain(
      Object.assign(new Error('not in the list'), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }),
    );
    expect((elsewhere as AppError).detail['reason']).toMatch(/its certificate is for another host/);
    expect(await reach(own, 'sslmode=disable')).toMatch(/wants TLS; add an sslmode to its URL/);
  });

  test('shows a certificate where the database asks for one', async () => {
    await using own = await PostgresCluster.start({
      tls: { cert: TEST_CERT, key: TEST_KEY, clientCa: TEST_CERT },
    });
    using directory = temporaryDirectory();
    const [cert, key] = ['cert.pem', 'key.pem'].map((name) => join(directory.path, name)) as [string, string];
    writeFileSync(cert, TEST_CERT);
    writeFileSync(key, TEST_KEY);
    const mode = `sslmode=verify-full&sslrootcert=${cert}`;
    expect(await reach(own, `${mode}&sslcert=${cert}&sslkey=${key}`)).toBe('encrypted');
    expect(await reach(own, mode)).toMatch(/wants a certificate; add sslcert and sslkey to its URL/);
  });
});

test.each(['EPIPE', 'ECONNRESET', 'ETIMEDOUT', 'ERR_SSL_WRONG_VERSION_NUMBER'])(
  'a connection that ends with %s is lost, and what it was read for is read again',
  (code) => {
    const explained = explain(Object.assign(new Error('write failed'), { code }));
    expect(explained).toMatchObject({ code: 'store_unavailable' });
    expect([mayRetry(explained), endsConnection(explained)]).toEqual([true, true]);
  },
);

test('the lock of those who write is one number, whatever the version', () => {
  // Servers of two versions on one database must not write at once.
  expect(WRITE_LOCK).toBe(27_988_508_289_626_625n);
});
