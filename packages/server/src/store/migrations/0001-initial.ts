import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { StoreDialect } from '../dialect.ts';

export function initial(ddl: StoreDialect['ddl']): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      for (const statement of statements(ddl)) await sql.raw(statement).execute(db);
    },
  };
}

function statements({ bytes, integer, serialKey, tableOptions, text }: StoreDialect['ddl']): string[] {
  return [
    `create table instance (
      singleton ${integer} primary key check (singleton = 1),
      id ${text} not null,
      root_key_check ${bytes} not null,
      created_at ${integer} not null
    ) ${tableOptions}`,

    `create table "user" (
      uid ${text} not null primary key,
      username ${text} not null,
      username_key ${text} not null unique,
      email ${text} not null,
      email_key ${text} not null unique,
      first_name ${text} not null,
      last_name ${text} not null,
      role ${text} not null check (role in ('ROOT', 'ADMIN', 'AUTHOR', 'VIEWER')),
      password_hash ${text} not null,
      search ${text} not null,
      created_at ${integer} not null
    ) ${tableOptions}`,

    `create table session (
      id ${text} not null primary key,
      uid ${text} not null references "user" (uid) on delete cascade,
      cookie_hash ${bytes} not null unique,
      previous_cookie_hash ${bytes} unique,
      rotated_at ${integer},
      created_at ${integer} not null,
      expires_at ${integer} not null,
      ip ${text} not null,
      user_agent ${text} not null
    ) ${tableOptions}`,
    `create index session_uid on session (uid)`,
    `create index session_expires_at on session (expires_at)`,

    `create table sign_in_address (
      uid ${text} not null references "user" (uid) on delete cascade,
      address ${text} not null,
      last_at ${integer} not null,
      primary key (uid, address)
    ) ${tableOptions}`,

    `create table attempt (
      subject ${text} not null primary key,
      failures ${integer} not null,
      blocked_until ${integer} not null,
      updated_at ${integer} not null
    ) ${tableOptions}`,
    `create index attempt_updated_at on attempt (updated_at)`,

    `create table project (
      id ${text} not null primary key,
      name ${text} not null,
      description ${text} not null,
      api_path ${text} not null unique,
      search ${text} not null,
      first_event ${integer} not null,
      created_at ${integer} not null
    ) ${tableOptions}`,

    `create table member (
      project_id ${text} not null references project (id) on delete cascade,
      uid ${text} not null references "user" (uid) on delete cascade,
      added_at ${integer} not null,
      primary key (project_id, uid)
    ) ${tableOptions}`,
    `create index member_uid on member (uid)`,

    `create table environment (
      project_id ${text} not null references project (id) on delete cascade,
      id ${text} not null,
      name ${text} not null,
      created_at ${integer} not null,
      primary key (project_id, id)
    ) ${tableOptions}`,

    `create table data_key (
      id ${text} not null primary key,
      project_id ${text} not null references project (id) on delete cascade,
      state ${text} not null check (state in ('active', 'retired')),
      wrapped ${bytes} not null,
      root_key_id ${bytes} not null,
      seals ${integer} not null,
      created_at ${integer} not null
    ) ${tableOptions}`,
    // At most one key of a project seals.
    `create unique index data_key_active on data_key (project_id) where state = 'active'`,
    `create index data_key_project on data_key (project_id)`,

    `create table entry (
      id ${text} not null primary key,
      project_id ${text} not null,
      environment ${text} not null,
      key ${text} not null,
      version ${integer} not null check (version >= 1),
      created_at ${integer} not null,
      created_by_uid ${text} not null,
      created_by_username ${text} not null,
      unique (project_id, environment, key),
      foreign key (project_id, environment) references environment (project_id, id) on delete cascade
    ) ${tableOptions}`,

    // Rows of this table are emptied, never deleted: see store/ciphertexts.ts.
    `create table ciphertext (
      id ${serialKey},
      value_sealed ${bytes} not null,
      comment_sealed ${bytes} not null
    ) ${tableOptions}`,

    `create table entry_version (
      entry_id ${text} not null references entry (id) on delete cascade,
      version ${integer} not null check (version >= 1),
      data_key_id ${text} not null references data_key (id),
      ciphertext_id ${integer} not null unique references ciphertext (id),
      created_at ${integer} not null,
      created_by_uid ${text} not null,
      created_by_username ${text} not null,
      primary key (entry_id, version)
    ) ${tableOptions}`,
    `create index entry_version_data_key on entry_version (data_key_id)`,

    `create table audit_entry (
      idx ${integer} primary key,
      type ${text} not null,
      at ${integer} not null,
      uid ${text},
      project_id ${text},
      body ${text} not null
    ) ${tableOptions}`,
    `create index audit_entry_project on audit_entry (project_id, idx)`,
    `create index audit_entry_uid on audit_entry (uid, idx)`,
    `create index audit_entry_type on audit_entry (type, idx)`,
    `create index audit_entry_at on audit_entry (at, idx)`,

    `create table audit_head (
      singleton ${integer} primary key check (singleton = 1),
      size ${integer} not null,
      frontier ${bytes} not null,
      at ${integer} not null
    ) ${tableOptions}`,
  ];
}
