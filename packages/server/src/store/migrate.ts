import { AppError } from '@coffer/core';
import type { Kysely, Transaction } from 'kysely';
import { Migrator, type Migration } from 'kysely/migration';
import { StartError } from '../start-error.ts';
import type { StoreDialect } from './dialect.ts';
import { initial } from './migrations/0001-initial.ts';
import { accessTokens } from './migrations/0002-access-tokens.ts';
import { tokenTrusts } from './migrations/0003-token-trusts.ts';
import { tokenRefusals } from './migrations/0004-token-refusals.ts';
import { routes } from './migrations/0005-routes.ts';
import { rootKeys } from './migrations/0006-root-keys.ts';
import { replacedDataKeys } from './migrations/0007-replaced-data-keys.ts';
import type { Tables } from './tables.ts';

/** Append only: a migration that has shipped is never edited, renamed or removed. */
const MIGRATIONS: Record<string, (ddl: StoreDialect['ddl']) => Migration> = {
  '0001-initial': initial,
  '0002-access-tokens': accessTokens,
  '0003-token-trusts': tokenTrusts,
  '0004-token-refusals': tokenRefusals,
  '0005-routes': routes,
  '0006-root-keys': rootKeys,
  '0007-replaced-data-keys': replacedDataKeys,
};

const TABLES = { migrationTableName: 'schema_migration', migrationLockTableName: 'schema_migration_lock' };

/**
 * All in one transaction. Fails with a StartError when the database has migrations that this program does not know,
 * or with `store_unavailable`.
 */
export async function migrate(db: Kysely<Tables>, { ddl }: Pick<StoreDialect, 'ddl'>): Promise<void> {
  const done = await listMigrations(db);
  refuseNewer(done);
  // As nearly every start finds it: the migrator would look at all tables several times before it sees that.
  if (done.length === Object.keys(MIGRATIONS).length) return;
  const migrations = Object.fromEntries(Object.entries(MIGRATIONS).map(([name, make]) => [name, make(ddl)]));
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations }, ...TABLES });
  const { error } = await migrator.migrateToLatest();
  if (error instanceof AppError) throw error;
  if (error === undefined) return;
  const message = error instanceof Error ? error.message : 'unknown error';
  throw new StartError(
    `the tables of the database cannot be brought up to date (${message}); where one of that name is there that is not of Coffer, give Coffer a database of its own`,
    { cause: error },
  );
}

/** The names of those that were run, in order. Fails with a StartError where their table is none of ours. */
export async function listMigrations(db: Kysely<Tables>): Promise<string[]> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  const table = tables.find(({ name }) => name === TABLES.migrationTableName);
  if (table === undefined) return [];
  if (!table.columns.some(({ name }) => name === 'name'))
    throw new StartError(
      `the database has a table ${table.name} that is not of Coffer; give Coffer a database of its own`,
    );
  const rows = await withMigrations(db)
    .selectFrom('schema_migration')
    .select('name')
    .orderBy('name')
    .execute();
  return rows.map(({ name }) => name);
}

/**
 * Of all tables that are there, by their columns, those that are not `ours`, or are not what our migrations of now made, or that nothing says
 * of: nobody knows whose they are. None where the migrations were not run, and left nothing but tables of their own.
 */
export async function findForeignTables(
  db: Kysely<Tables>,
  { columns, ours }: { columns: ReadonlyMap<string, ReadonlySet<string>>; ours: readonly string[] },
): Promise<string[]> {
  const isBookkeeping = (name: string): boolean =>
    BOOKKEEPING.get(name)?.join() === [...(columns.get(name) ?? [])].toSorted().join();
  const tables = [...columns.keys()].filter((name) => !isBookkeeping(name));
  const foreign = tables.filter((name) => !ours.includes(name));
  if (foreign.length > 0) return foreign;
  const done = isBookkeeping(TABLES.migrationTableName) ? await listMigrations(db) : [];
  if (done.length === 0) return tables;
  const isAllDone = done.join() === Object.keys(MIGRATIONS).join() && tables.length === ours.length;
  return isAllDone ? [] : [TABLES.migrationTableName, ...tables];
}

/** Makes the tables that migrations are kept in, where they are not there yet. Fails with `store_unavailable`. */
export async function prepareForMigrations(db: Kysely<Tables>): Promise<void> {
  if ((await listMigrations(db)).length > 0) return;
  const migrator = new Migrator({ db, provider: { getMigrations: async () => ({}) }, ...TABLES });
  const { error } = await migrator.migrateToLatest();
  if (error instanceof AppError) throw error;
  if (error !== undefined) throw new Error('the tables of migrations could not be made', { cause: error });
}

/** On a database without tables: runs these migrations. Fails with a StartError when one is not known. */
export async function createTables(
  tx: Transaction<Tables>,
  dialect: StoreDialect,
  names: readonly string[],
): Promise<void> {
  const known = Object.keys(MIGRATIONS);
  const unknown = names.find((name, index) => name !== known[index]);
  if (unknown !== undefined) {
    throw new StartError(
      `the backup is of a newer version of Coffer (it has ${unknown}); restore it with that version or a later one`,
    );
  }
  await withMigrations(tx).deleteFrom('schema_migration').execute();
  for (const name of names) await runMigration(tx, dialect, name);
}

/** Those that were not run yet, in the transaction. */
export async function runRemainingMigrations(tx: Transaction<Tables>, dialect: StoreDialect): Promise<void> {
  const done = new Set(await listMigrations(tx));
  for (const name of Object.keys(MIGRATIONS)) if (!done.has(name)) await runMigration(tx, dialect, name);
}

async function runMigration(tx: Transaction<Tables>, { ddl }: StoreDialect, name: string): Promise<void> {
  await MIGRATIONS[name]?.(ddl).up(tx);
  await withMigrations(tx)
    .insertInto('schema_migration')
    .values({ name, timestamp: new Date().toISOString() })
    .execute();
}

/** Which columns these have, in order of name. */
const BOOKKEEPING: ReadonlyMap<string, readonly string[]> = new Map([
  [TABLES.migrationTableName, ['name', 'timestamp']],
  [TABLES.migrationLockTableName, ['id', 'is_locked']],
]);

type MigrationTables = { schema_migration: { name: string; timestamp: string } };

function withMigrations(db: Kysely<Tables>): Kysely<MigrationTables> {
  return db as unknown as Kysely<MigrationTables>;
}

function refuseNewer(done: readonly string[]): void {
  const unknown = done.find((name) => !Object.hasOwn(MIGRATIONS, name));
  if (unknown === undefined) return;
  throw new StartError(
    `the database was last used by a newer version of Coffer (it has ${unknown}); start that version or a later one`,
  );
}
