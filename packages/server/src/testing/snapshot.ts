import { sql } from 'kysely';
import type { Store } from '../store/database.ts';

/** Where every attempt leaves its record, the refused ones too. */
const AUDIT_TABLES = ['audit_entry', 'audit_head'];

/** All rows of all tables but those of the audit log, as text: equal when nothing was changed. */
export async function takeSnapshot({ db }: Store): Promise<Record<string, string[]>> {
  const tables = await db.introspection.getTables();
  const names = tables.map(({ name }) => name).filter((name) => !AUDIT_TABLES.includes(name));
  const snapshot: Record<string, string[]> = {};
  for (const name of names) {
    const { rows } = await sql`select * from ${sql.table(name)}`.execute(db);
    snapshot[name] = rows.map((row) => JSON.stringify(row)).toSorted();
  }
  return snapshot;
}
