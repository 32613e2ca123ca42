import { sql, type Kysely } from 'kysely';
import type { Tables } from './tables.ts';

/**
 * What is wrong with a database beneath its rows: pages and indexes that do not fit together, or tables, indexes and triggers that are
 * not those of `reference`, which is closed. With an index that lacks rows a query passes them over. Tables of others beside ours are theirs.
 */
export async function findDamage(db: Kysely<Tables>, reference: Kysely<Tables>): Promise<string | undefined> {
  try {
    const { rows } = await sql<{ integrity_check: string }>`pragma integrity_check(1)`.execute(db);
    const found = rows[0]?.integrity_check ?? 'nothing was checked';
    if (found !== 'ok') return `SQLite finds: ${found.split('\n').join(' ')}`;
    return compare(await readSchema(db), await readSchema(reference));
  } finally {
    await reference.destroy();
  }
}

/** As it was written, but for quotes, white space and case, which versions of what writes it may choose. */
type Schema = ReadonlyMap<string, { table: string; text: string }>;

async function readSchema(db: Kysely<Tables>): Promise<Schema> {
  const { rows } = await sql<{ type: string; name: string; tbl_name: string; sql: string | null }>`
    select type, name, tbl_name, sql from sqlite_schema order by type, name`.execute(db);
  return new Map(
    rows
      // Made by the engine itself, for the tables; `pragma optimize` keeps its numbers in one.
      .filter(({ sql: text, name }) => text !== null && !name.startsWith('sqlite_stat'))
      .map(({ type, name, tbl_name: table, sql: text }) => [
        `${type} ${name}`,
        {
          table,
          text: String(text)
            .toLowerCase()
            .replaceAll(/["`\s]/g, ''),
        },
      ]),
  );
}

function compare(found: Schema, made: Schema): string | undefined {
  for (const [name, { text }] of made) {
    if (!found.has(name)) return `the ${name} is not there`;
    if (found.get(name)?.text !== text) return `the ${name} is another one than Coffer makes`;
  }
  const ours = new Set([...made.values()].map(({ table }) => table));
  for (const [name, { table }] of found) {
    if (ours.has(table) && !made.has(name)) return `the ${name} on ${table} is none that Coffer makes`;
  }
  return undefined;
}
