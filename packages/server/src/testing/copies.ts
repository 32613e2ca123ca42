import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { SQLITE_FILE } from '../store/sqlite.ts';
import { databaseFor } from './databases.ts';
import { queryAt } from './postgres.ts';

/**
 * A copy of all rows in the database of a directory, which no server uses at the moment. Answers with what puts them back;
 * again without a server.
 */
export async function copyDatabase(directory: string): Promise<() => Promise<void>> {
  const address = await databaseFor(directory);
  if (address === undefined) {
    const path = join(directory, SQLITE_FILE);
    const copy = `${path}.copy`;
    copyFileSync(path, copy);
    return async () => {
      for (const suffix of ['-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
      copyFileSync(copy, path);
    };
  }
  const rows = await queryAt<{ name: string }>(
    address,
    `select quote_ident(tablename) as name from pg_tables
     where schemaname = 'public' and tablename not like 'schema_migration%'`,
  );
  const tables = rows.map(({ name }) => name);
  const run = async (statements: readonly string[]): Promise<void> =>
    void (await queryAt(address, statements.join('; ')));
  await run([
    'drop schema if exists copy cascade',
    'create schema copy',
    ...tables.map((name) => `create table copy.${name} as table public.${name}`),
  ]);
  return async () =>
    await run([
      'set session_replication_role = replica',
      ...tables.map(
        (name) => `delete from public.${name}; insert into public.${name} select * from copy.${name}`,
      ),
    ]);
}
