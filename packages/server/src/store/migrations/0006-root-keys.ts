import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { StoreDialect } from '../dialect.ts';

export function rootKeys({ bytes, integer, text, tableOptions }: StoreDialect['ddl']): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      const statements = [
        `create table root_key (
          key_check ${bytes} not null primary key,
          state ${text} not null check (state in ('current', 'replaced', 'retired')),
          since ${integer} not null,
          token_key_sealed ${bytes}
        ) ${tableOptions}`,
        `create unique index root_key_current on root_key (state) where state = 'current'`,
        `insert into root_key (key_check, state, since) select root_key_check, 'current', created_at from instance`,
        `alter table instance drop column root_key_check`,
      ];
      for (const statement of statements) await sql.raw(statement).execute(db);
    },
  };
}
