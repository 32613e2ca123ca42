import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { StoreDialect } from '../dialect.ts';

export function accessTokens({ bytes, integer, tableOptions, text }: StoreDialect['ddl']): Migration {
  const statements = [
    // Lists are JSON arrays; null limits nothing.
    `create table access_token (
      id ${text} not null primary key,
      kind ${text} not null check (kind in ('personal', 'service')),
      secret_hash ${bytes} not null unique,
      name ${text} not null,
      search ${text} not null,
      uid ${text} references "user" (uid) on delete cascade,
      project_id ${text} references project (id) on delete cascade,
      parent_id ${text} references access_token (id) on delete cascade,
      permissions ${text} not null,
      environments ${text},
      keys ${text},
      addresses ${text},
      valid_from ${integer} not null,
      valid_to ${integer},
      created_at ${integer} not null,
      created_by_uid ${text} not null,
      created_by_username ${text} not null,
      last_used_at ${integer},
      last_used_ip ${text},
      check ((kind = 'personal') = (uid is not null)),
      check (kind = 'personal' or project_id is not null)
    ) ${tableOptions}`,
    `create index access_token_uid on access_token (uid)`,
    `create index access_token_project on access_token (project_id)`,
    `create index access_token_parent on access_token (parent_id)`,
  ];
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      for (const statement of statements) await sql.raw(statement).execute(db);
    },
  };
}
