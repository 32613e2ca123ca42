import { sql } from 'kysely';
import type { Store } from '../store/database.ts';
import { TABLE_NAMES } from '../store/table-rows.ts';

/** Where every attempt leaves its record, the refused ones too. */
const AUDIT_TABLES: readonly string[] = ['audit_entry', 'audit_head'];
const NAMES = TABLE_NAMES.filter((name) => !AUDIT_TABLES.includes(name));

/** All rows of all tables but those of the audit log, as text: equal when nothing was changed. */
export async function takeSnapshot({ db }: Store): Promise<Record<string, string[]>> {
  const snapshots = NAMES.map(async (name): Promise<[string, string[]]> => {
    const { rows } = await sql`select * from ${sql.table(name)}`.execute(db);
    return [name, rows.map((row) => JSON.stringify(row)).toSorted()];
  });
  return Object.fromEntries(await Promise.all(snapshots));
}
