import { Redacted } from '@coffer/core';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PostgresAddress } from '../postgres-address.ts';
import { PostgresCluster } from '../testing/postgres.ts';
import { openStore, type Store } from './database.ts';
import { openPostgres } from './postgres.ts';

let cluster: PostgresCluster;
let address: PostgresAddress;
let store: Store;

/** As in production: a user of its own, to which the engine does not show what others do. */
beforeAll(async () => {
  cluster = await PostgresCluster.start({ settings: { max_prepared_transactions: '2' } });
  for (const user of ['coffer', 'reader']) await cluster.query(`create user ${user} password '${user}'`);
  await cluster.query('create database purged owner coffer');
  await cluster.query('create database another');
  address = { ...cluster.address('purged'), user: 'coffer', password: new Redacted('coffer') };
  store = await openStore(await openPostgres(address));
  await cluster.query('grant select on data_key to reader', 'purged');
});
afterAll(async () => {
  await store.close();
  await cluster[Symbol.asyncDispose]();
});

class Session implements AsyncDisposable {
  readonly #client: pg.Client;

  private constructor(client: pg.Client) {
    this.#client = client;
  }

  static async open(statements: readonly string[], { user = 'reader', database = 'purged' } = {}) {
    const password = user === 'reader' ? 'reader' : cluster.address().password?.expose();
    const { host, port } = address;
    const session = new Session(new pg.Client({ host, port, database, user, password }));
    await session.#client.connect();
    for (const statement of statements) await session.run(statement);
    return session;
  }

  async run(statement: string): Promise<void> {
    await this.#client.query(statement);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.end();
  }
}

/** So that there is something that an older transaction sees and a newer one does not. */
async function change(): Promise<void> {
  await store.transaction(async (tx) => {
    await tx
      .insertInto('ciphertext')
      .values({ value_sealed: Buffer.of(1), comment_sealed: Buffer.of(2) })
      .execute();
    await tx.deleteFrom('ciphertext').execute();
  });
}

const READ = ['begin isolation level repeatable read', 'select 1 from data_key'];

test('a purge says when a transaction of someone else may still see what was deleted', async () => {
  await change();
  expect(await store.purge()).toBe(true);
  {
    await using reader = await Session.open(READ);
    await change();
    expect(await store.purge()).toBe(false);
    await reader.run('commit');
    expect(await store.purge()).toBe(true);
  }
  const superuser = { user: cluster.address().user };
  await using writer = await Session.open(['create table theirs (a int)'], superuser);
  await writer.run('begin');
  await writer.run('insert into theirs values (1)');
  await change();
  expect(await store.purge()).toBe(false);
  await writer.run(`prepare transaction 'theirs'`);
  expect(await store.purge()).toBe(false);
  await writer.run(`commit prepared 'theirs'`);
  expect(await store.purge()).toBe(true);
});

test('it does not wait for who sees nothing of it: a later transaction, another database, an idle session', async () => {
  await using elsewhere = await Session.open(['begin isolation level repeatable read', 'select 1'], {
    user: cluster.address().user,
    database: 'another',
  });
  await using idle = await Session.open(['select 1']);
  await change();
  await using later = await Session.open(READ);
  expect(await store.purge()).toBe(true);
  await Promise.all([elsewhere, idle, later].map(async (session) => await session.run('select 1')));
});

test.each(['ciphertext', 'data_key', 'root_key'])(
  'the table %s, with what was sealed or wrapped in it, is passed over where another one works on it, which is said',
  async (table) => {
    const superuser = { user: cluster.address().user };
    await using other = await Session.open(
      ['begin', `lock table ${table} in share update exclusive mode`],
      superuser,
    );
    await change();
    expect(await store.purge()).toBe(false);
    await other.run('commit');
    expect(await store.purge()).toBe(true);
  },
);
