import type { PostgresAddress } from '../postgres-address.ts';
import type { StoreDialect } from './dialect.ts';
import type { Reach } from './reach.ts';
import { openSqlite } from './sqlite.ts';

/** The engine that the settings name. Fails with a StartError, or with `store_unavailable`. */
export async function openDialect({
  database,
  dataDir,
  mustExist = false,
  onReach,
}: {
  /** Undefined: a file in the directory. */
  database: PostgresAddress | undefined;
  dataDir: string;
  /** Of a file: it is not made. */
  mustExist?: boolean;
  /** Of one elsewhere: is told when it is lost, and when it is there again. */
  onReach?: (reach: Reach) => void;
}): Promise<StoreDialect> {
  if (database === undefined) return openSqlite(dataDir, { mustExist });
  const { openPostgres } = await import('./postgres.ts');
  return await openPostgres(database, onReach);
}
