import type { Kysely } from 'kysely';
import type { Reader, Transaction } from './database.ts';
import { pipeliningAdapter, preparedChange, type ColumnOfRows } from './prepared.ts';
import type { Tables } from './tables.ts';

type Value = string | number | null;

/**
 * Inserts rows: one statement whatever their number where the engine is another process, one for each where it is in this one,
 * which is the fastest on both. Like a `preparedChange`.
 */
export function preparedRows<R extends Record<keyof R, Value>>(
  table: keyof Tables,
  columns: Readonly<Record<keyof R & string, ColumnOfRows['type']>>,
): (tx: Transaction, rows: readonly R[]) => Promise<void> {
  const names = Object.keys(columns) as (keyof R & string)[];
  const insertOne = preparedChange((db, row: Record<string, Value>) =>
    into(db, table).values(Object.fromEntries(names.map((name) => [name, row[name]]))),
  );
  const insertAll = preparedChange((db, lists: Record<string, Value[]>) => {
    const adapter = pipeliningAdapter(db);
    if (adapter === undefined) throw new TypeError('the engine takes no lists');
    const rows = adapter.rowsOf(names.map((name) => ({ type: columns[name], values: lists[name] })));
    return into(db, table).columns(names).expression(rows);
  });
  return async (tx, rows) => {
    if (pipeliningAdapter(tx) === undefined) for (const row of rows) await insertOne(tx, row);
    else if (rows.length > 0)
      await insertAll(tx, Object.fromEntries(names.map((name) => [name, rows.map((row) => row[name])])));
  };
}

/** Its columns are in the type of the rows. */
function into(db: Reader, table: string) {
  return (db as unknown as Kysely<Record<string, Record<string, Value>>>).insertInto(table);
}
