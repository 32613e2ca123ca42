import { AppError } from '@coffer/core';
import type { Kysely } from 'kysely';
import { Migrator, type Migration } from 'kysely/migration';
import { StartError } from '../start-error.ts';
import type { StoreDialect } from './dialect.ts';
import { initial } from './migrations/0001-initial.ts';
import { accessTokens } from './migrations/0002-access-tokens.ts';
import { tokenTrusts } from './migrations/0003-token-trusts.ts';
import { tokenRefusals } from './migrations/0004-token-refusals.ts';
import { routes } from './migrations/0005-routes.ts';
import type { Tables } from './tables.ts';

/** Append only: a migration that has shipped is never edited, renamed or removed. */
const MIGRATIONS: Record<string, (ddl: StoreDialect['ddl']) => Migration> = {
  '0001-initial': initial,
  '0002-access-tokens': accessTokens,
  '0003-token-trusts': tokenTrusts,
  '0004-token-refusals': tokenRefusals,
  '0005-routes': routes,
};

const TABLES = { migrationTableName: 'schema_migration', migrationLockTableName: 'schema_migration_lock' };

/**
 * All in one transaction. Fails with a StartError when the database has migrations that this program does not know,
 * or with `store_unavailable`.
 */
export async function migrate(db: Kysely<Tables>, { ddl }: StoreDialect): Promise<void> {
  const migrations = Object.fromEntries(Object.entries(MIGRATIONS).map(([name, make]) => [name, make(ddl)]));
  await refuseNewer(db);
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations }, ...TABLES });
  const { error } = await migrator.migrateToLatest();
  if (error instanceof AppError) throw error;
  if (error !== undefined) throw new Error('the schema could not be brought up to date', { cause: error });
}

async function refuseNewer(db: Kysely<Tables>): Promise<void> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some(({ name }) => name === TABLES.migrationTableName)) return;
  const rows = await (db as unknown as Kysely<{ schema_migration: { name: string } }>)
    .selectFrom('schema_migration')
    .select('name')
    .execute();
  const unknown = rows.find(({ name }) => !Object.hasOwn(MIGRATIONS, name));
  if (unknown === undefined) return;
  throw new StartError(
    `the database was last used by a newer version of Coffer (it has ${unknown.name}); start that version or a later one`,
  );
}
