import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redacted } from '@coffer/core';
import type { PostgresAddress } from '../postgres-address.ts';
import { SQLITE_FILE } from '../store/sqlite.ts';
import { ENGINE } from './engines.ts';
import { queryAt, openAt, type Connection } from './postgres.ts';

/** A database with our tables and nothing in them. Made once for a run of the tests, see `postgres-for-tests.ts`. */
export const TEMPLATE = 'template_of_tests';

/** A new directory gets a database file with our tables and nothing in them, made once for a run: see `sqlite-for-tests.ts`. */
export function fillDataDir(directory: string): void {
  const template = process.env['TEST_SQLITE_TEMPLATE'];
  if (ENGINE === 'sqlite' && template !== undefined) copyFileSync(template, join(directory, SQLITE_FILE));
}

/** Those of this worker that no server is using. */
const free: PostgresAddress[] = [];
let made = 0;

/** Servers on the same directory are on the same database. */
const byDirectory = new Map<string, PostgresAddress>();

/** An empty database of the engine that these tests are for; undefined: it is the one in the directory. */
export async function databaseFor(directory: string): Promise<PostgresAddress | undefined> {
  if (ENGINE === 'sqlite') return undefined;
  const known = byDirectory.get(directory);
  if (known !== undefined) return known;
  const taken = free.pop() ?? (await makeDatabase());
  byDirectory.set(directory, taken);
  await empty(taken);
  return taken;
}

/** The directory is gone: the next server may have its database. */
export function releaseDatabase(directory: string): void {
  const address = byDirectory.get(directory);
  if (address === undefined) return;
  byDirectory.delete(directory);
  free.push(address);
}

/** What tells a program of its own to use the database of the directory. Of one that no server was started on: nothing. */
export function databaseSettings(directory: string): Record<string, string> {
  const address = byDirectory.get(directory);
  return address === undefined ? {} : { COFFER_DATABASE_URL: urlOf(address) };
}

export function urlOf({ host, port, user, password, database }: PostgresAddress): string {
  return `postgres://${user}:${password?.expose()}@${host}:${port}/${database}`;
}

/** Another worker of the run, or an earlier file of this one, has its own. */
async function makeDatabase(): Promise<PostgresAddress> {
  made += 1;
  const address = { ...clusterAddress(), database: `worker_${process.env['VITEST_POOL_ID']}_${made}` };
  const exists = await queryAt(
    clusterAddress(),
    `select 1 from pg_database where datname = '${address.database}'`,
  );
  if (exists.length === 0)
    await queryAt(clusterAddress(), `create database ${address.database} template ${TEMPLATE}`);
  return address;
}

/** One that stays, until a test ends all connections: each new one would have to look at all the tables first. */
const cleaners = new Map<string, Promise<Connection>>();

/** What a test left behind, its connections included. Quicker by far than a new database. */
async function empty(address: PostgresAddress): Promise<void> {
  const { database } = address;
  const cleaner = cleaners.get(database) ?? openAt(address, { onLost: () => void cleaners.delete(database) });
  cleaners.set(database, cleaner);
  const { query } = await cleaner;
  const left = await query<{ statement: string }>(
    `select 'delete from ' || quote_ident(tablename) as statement from pg_tables
     where schemaname = 'public' and tablename not like 'schema_migration%'
     union all select 'drop function ' || oid::regprocedure || ' cascade' from pg_proc
     where pronamespace = 'public'::regnamespace`,
  );
  await query(
    [
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid != pg_backend_pid()',
      'set session_replication_role = replica',
      ...left.map(({ statement }) => statement),
    ].join('; '),
  );
}

function clusterAddress(): PostgresAddress {
  const url = new URL(process.env['TEST_POSTGRES_URL'] ?? '');
  return {
    host: url.hostname,
    port: Number(url.port),
    database: url.pathname.slice(1),
    user: url.username,
    password: new Redacted(url.password),
    tls: undefined,
  };
}
