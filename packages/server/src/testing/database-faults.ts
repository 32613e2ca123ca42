import { join } from 'node:path';
import Database from 'better-sqlite3';
import { sql } from 'kysely';
import { Client } from 'pg';
import type { PostgresAddress } from '../postgres-address.ts';
import { WRITE_LOCK } from '../store/postgres-driver.ts';
import { databaseFor } from './databases.ts';
import { ENGINE } from './engines.ts';
import type { TestServer } from './server.ts';

/** Another program on the database of a server. */
export class OtherConnection implements AsyncDisposable {
  /** Runs a statement; answers with its rows. */
  readonly rows: (statement: string) => Promise<unknown[]>;
  readonly #close: () => Promise<void>;

  constructor(rows: (statement: string) => Promise<unknown[]>, close: () => Promise<void>) {
    this.rows = rows;
    this.#close = close;
  }

  static async open({ dataDir }: Pick<TestServer, 'dataDir'>): Promise<OtherConnection> {
    const address = await databaseFor(dataDir);
    return address === undefined ? openFile(join(dataDir, 'coffer.db')) : await connect(address);
  }

  /** In a transaction that keeps all others from writing. */
  static async writing(server: Pick<TestServer, 'dataDir'>): Promise<OtherConnection> {
    const other = await OtherConnection.open(server);
    await other.rows(ENGINE === 'sqlite' ? 'begin immediate' : 'begin');
    if (ENGINE === 'postgres') await other.rows(`select pg_advisory_xact_lock(${WRITE_LOCK})`);
    return other;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }
}

function openFile(path: string): OtherConnection {
  const database = new Database(path);
  return new OtherConnection(
    async (text) => {
      const statement = database.prepare(text);
      if (statement.reader) return statement.all();
      statement.run();
      return [];
    },
    async () => void database.close(),
  );
}

async function connect({ host, port, user, database, password }: PostgresAddress): Promise<OtherConnection> {
  const client = new Client({ host, port, user, database, password: password?.expose() });
  await client.connect();
  return new OtherConnection(
    async (text) => (await client.query<object>(text)).rows,
    async () => await client.end(),
  );
}

/**
 * From now on the database refuses new rows of a table, all of them or those for which the condition on `new` holds. With
 * the SQLSTATE, where it is PostgreSQL.
 */
export async function refuseRows(
  server: TestServer,
  table: string,
  { condition = 'true', state = 'P0001' }: { condition?: string; state?: string } = {},
): Promise<void> {
  const { db } = server.app.context.store;
  const name = `refuse_${table}`;
  const statements =
    ENGINE === 'sqlite'
      ? [
          `create trigger ${name} before insert on "${table}" when ${condition}
           begin select raise(abort, 'refused by the test'); end`,
        ]
      : [
          `create or replace function ${name}() returns trigger language plpgsql as
           $$ begin raise exception 'refused by the test' using errcode = '${state}'; end $$`,
          `create trigger ${name} before insert on "${table}" for each row when (${condition}) execute function ${name}()`,
        ];
  for (const statement of statements) await sql.raw(statement).execute(db);
}

export async function acceptRows(server: TestServer, table: string): Promise<void> {
  const on = ENGINE === 'sqlite' ? '' : ` on "${table}"`;
  await sql.raw(`drop trigger refuse_${table}${on}`).execute(server.app.context.store.db);
}
