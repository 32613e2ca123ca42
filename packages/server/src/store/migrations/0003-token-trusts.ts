import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { StoreDialect } from '../dialect.ts';

export function tokenTrusts({ bytes, integer, tableOptions, text }: StoreDialect['ddl']): Migration {
  const statements = [
    `create table token_trust (
      id ${text} not null primary key,
      project_id ${text} not null references project (id) on delete cascade,
      name ${text} not null,
      search ${text} not null,
      issuer ${text} not null,
      audience ${text} not null,
      subject ${text} not null,
      claims ${text} not null,
      single_use ${integer} not null check (single_use in (0, 1)),
      ttl_seconds ${integer} not null,
      permissions ${text} not null,
      environments ${text},
      keys ${text},
      addresses ${text},
      created_at ${integer} not null,
      created_by_uid ${text} not null,
      created_by_username ${text} not null
    ) ${tableOptions}`,
    `create index token_trust_project on token_trust (project_id)`,

    // Identity tokens that have been exchanged, until they expire.
    `create table used_identity (
      hash ${bytes} not null primary key,
      expires_at ${integer} not null
    ) ${tableOptions}`,
    `create index used_identity_expires_at on used_identity (expires_at)`,

    `alter table access_token add column trust_id ${text} references token_trust (id) on delete cascade`,
    `create index access_token_trust on access_token (trust_id)`,
  ];
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      for (const statement of statements) await sql.raw(statement).execute(db);
    },
  };
}
