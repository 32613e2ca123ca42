import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { StoreDialect } from '../dialect.ts';

export function replacedDataKeys({ integer }: StoreDialect['ddl']): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      const statements = [
        `alter table data_key add column replaced_at ${integer}`,
        // What a key sealed is walked in this order.
        `create index entry_version_sealed on entry_version (data_key_id, entry_id, version)`,
        `drop index entry_version_data_key`,
      ];
      for (const statement of statements) await sql.raw(statement).execute(db);
    },
  };
}
