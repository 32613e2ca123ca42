import { Kysely } from 'kysely';
import { StartError } from '../start-error.ts';
import type { Transaction } from './database.ts';
import type { StoreDialect } from './dialect.ts';
import { createTables, findForeignTables, prepareForMigrations, runRemainingMigrations } from './migrate.ts';
import {
  areEmpty,
  findColumns,
  findTables,
  RowWriter,
  TABLE_NAMES,
  type Rows,
  type SavedTable,
} from './table-rows.ts';
import type { Tables } from './tables.ts';

/** As many as a message names. */
const NAMES_MAX = 10;

/** What may be written into an empty database; all of it is there afterwards, or nothing. */
export type Filling = {
  tx: Transaction;
  /** Makes the tables as they were after these migrations. Fails with a StartError when one is not known. */
  createTables(migrations: readonly string[]): Promise<void>;
  /** Fails with a StartError when the table has other columns. */
  insert(table: SavedTable, rows: Rows): Promise<void>;
  /** When all rows are there: checks what refers to what, and brings the schema up to date. */
  complete(): Promise<void>;
};

/**
 * Fills an empty database in one transaction, which is on disk then: when the process is killed, or `work` fails, it is empty as before.
 * Fails with a StartError when it is not empty, or when a table in it is not ours.
 */
export async function fillStore<T>(
  dialect: StoreDialect,
  work: (filling: Filling) => Promise<T>,
): Promise<T> {
  const db = new Kysely<Tables>({ dialect: dialect.kysely });
  try {
    return await dialect.migrating(async () => {
      await refuseUsed(db);
      await prepareForMigrations(db);
      const outcome = await db.transaction().execute(async (tx) => {
        // Who was here first, now that nobody else can write.
        await refuseUsed(tx);
        return await work(fillingOf(dialect, tx));
      });
      await dialect.flush();
      return outcome;
    });
  } finally {
    await db.destroy();
  }
}

function fillingOf(dialect: StoreDialect, tx: Transaction): Filling {
  const writer = new RowWriter(tx);
  let columnsOf: Awaited<ReturnType<typeof findColumns>> = new Map();
  return {
    tx,
    async createTables(migrations) {
      for (const table of (await findTables(tx)).toReversed()) await tx.schema.dropTable(table).execute();
      await createTables(tx, dialect, migrations);
      columnsOf = await findColumns(tx);
      await dialect.deferReferences(tx);
    },
    async insert(table, rows) {
      const known = columnsOf.get(table);
      const unknown = rows.columns.find((column) => known?.has(column) !== true);
      if (unknown !== undefined)
        throw new StartError(`the table ${table} has no column ${JSON.stringify(unknown)}`);
      await writer.insert(table, rows);
    },
    async complete() {
      await dialect.checkReferences(tx);
      await runRemainingMigrations(tx, dialect);
    },
  };
}

/** Tables that are there will be made anew: only where they are ours, and nothing is in them. */
async function refuseUsed(db: Kysely<Tables>): Promise<void> {
  const columns = await findColumns(db);
  const own = TABLE_NAMES.filter((name) => columns.has(name));
  if (!(await areEmpty(db, own))) {
    throw new StartError(
      'the database is not empty: a backup is restored into an empty data directory or database; nothing was changed',
    );
  }
  const foreign = await findForeignTables(db, { columns, ours: TABLE_NAMES });
  if (foreign.length === 0) return;
  const names = foreign.slice(0, NAMES_MAX).map((name) => JSON.stringify(name));
  if (foreign.length > NAMES_MAX) names.push('…');
  throw new StartError(
    `the database holds tables that this version of Coffer has not made (${names.join(', ')}): a backup is restored into an empty data directory or database of its own; nothing was changed`,
  );
}
