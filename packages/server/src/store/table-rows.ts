import { sql, type CompiledQuery, type Kysely } from 'kysely';
import type { Reader, Transaction } from './database.ts';
import { refuseInexact } from './exact-numbers.ts';
import type { Tables } from './tables.ts';

type TableName = keyof Tables;

/**
 * Which tables a backup holds, each after those that it refers to, and by what their rows come in order. What stays
 * behind is true for a moment only:
 * - `session`: one that was ended after the backup would come alive again;
 * - `route_rate`: counts calls by the minute.
 */
const TABLES = {
  instance: ['singleton'],
  root_key: ['key_check'],
  user: ['uid'],
  sign_in_address: ['uid', 'address'],
  attempt: ['subject'],
  project: ['id'],
  member: ['project_id', 'uid'],
  environment: ['project_id', 'id'],
  data_key: ['id'],
  entry: ['id'],
  ciphertext: ['id'],
  entry_version: ['entry_id', 'version'],
  token_trust: ['id'],
  access_token: ['id'],
  used_identity: ['hash'],
  route: ['project_id', 'id'],
  route_version: ['project_id', 'route_id', 'version'],
  route_key: ['project_id', 'environment', 'key', 'route_id'],
  audit_entry: ['idx'],
  audit_head: ['singleton'],
  session: 'stays',
  route_rate: 'stays',
} as const satisfies { [T in TableName]: readonly (keyof Tables[T])[] | 'stays' };

export const TABLE_NAMES = Object.keys(TABLES) as TableName[];

export type SavedTable = { [T in TableName]: (typeof TABLES)[T] extends 'stays' ? never : T }[TableName];
export const SAVED_TABLES = TABLE_NAMES.filter((table) => TABLES[table] !== 'stays') as SavedTable[];

export type Value = string | number | null | Uint8Array;
export type Rows = { columns: readonly string[]; rows: readonly (readonly Value[])[] };

/** Rows at a time; with the largest values it is a few megabytes. */
const ROWS_AT_ONCE = 100;

/**
 * All rows of a table in the order of its key, a few at a time. Nothing where the table is empty. Fails with a StartError on a
 * row that could not be restored as it is.
 */
export async function* readRows(db: Reader, table: SavedTable): AsyncGenerator<Rows, void> {
  const key = sql.join(TABLES[table].map((column) => sql.ref(column)));
  let after = sql`true`;
  for (;;) {
    const { rows } = await sql<Record<string, Value>>`
      select * from ${sql.table(table)} where ${after} order by ${key} limit ${sql.lit(ROWS_AT_ONCE)}
    `.execute(db);
    const last = rows.at(-1);
    if (last === undefined) return;
    for (const row of rows) refuseInexact(table, row);
    yield { columns: Object.keys(last), rows: rows.map((row) => Object.values(row)) };
    after = sql`(${key}) > (${sql.join(TABLES[table].map((column) => last[column]))})`;
  }
}

/** Writes rows as they are. One writer serves one transaction; it compiles each statement once. */
export class RowWriter {
  readonly #tx: Transaction;
  readonly #compiled = new Map<string, CompiledQuery>();

  constructor(tx: Transaction) {
    this.#tx = tx;
  }

  async insert(table: SavedTable, { columns, rows }: Rows): Promise<void> {
    const shape = `${table} ${rows.length} ${columns.join(' ')}`;
    let compiled = this.#compiled.get(shape);
    if (compiled === undefined) {
      const template = rows.map(() => Object.fromEntries(columns.map((column) => [column, 0])));
      compiled = (this.#tx as unknown as Kysely<Record<string, Record<string, unknown>>>)
        .insertInto(table)
        .values(template)
        .compile();
      this.#compiled.set(shape, compiled);
    }
    await this.#tx.executeQuery({ ...compiled, parameters: rows.flat() });
  }
}

/** Whether there is no row in any of these tables, which are there. */
export async function areEmpty(db: Reader, tables: readonly string[]): Promise<boolean> {
  for (const table of tables) {
    const { rows } = await sql`select 1 from ${sql.table(table)} limit 1`.execute(db);
    if (rows.length > 0) return false;
  }
  return true;
}

/** Those of our tables that are there, each after those that it refers to. */
export async function findTables(db: Reader): Promise<TableName[]> {
  const present = new Set((await db.introspection.getTables()).map(({ name }) => name));
  return TABLE_NAMES.filter((table) => present.has(table));
}

/** The columns of all tables that are there, also those that are not ours, as they are now. */
export async function findColumns(db: Reader): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  return new Map(tables.map(({ name, columns }) => [name, new Set(columns.map((column) => column.name))]));
}
