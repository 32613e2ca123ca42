import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { StoreDialect } from '../dialect.ts';

export function tokenRefusals({ integer }: StoreDialect['ddl']): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await sql.raw(`alter table access_token add column refused_at ${integer}`).execute(db);
    },
  };
}
