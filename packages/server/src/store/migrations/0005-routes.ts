import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { StoreDialect } from '../dialect.ts';

export function routes({ integer, tableOptions, text }: StoreDialect['ddl']): Migration {
  const statements = [
    `alter table entry add column allowed_origins ${text} not null default '[]'`,
    `alter table entry add column allowed_in_path ${integer} not null default 0`,

    `create table route (
      project_id ${text} not null references project (id) on delete cascade,
      id ${text} not null,
      method ${text} not null,
      path ${text} not null,
      shape ${text} not null,
      segments ${integer} not null,
      environment ${text} not null,
      access ${text} not null check (access in ('members', 'public')),
      search ${text} not null,
      version ${integer} not null,
      first_event ${integer} not null,
      primary key (project_id, id),
      unique (project_id, method, shape)
    ) ${tableOptions}`,
    `create index route_segments on route (project_id, method, segments)`,

    `create table route_version (
      project_id ${text} not null,
      route_id ${text} not null,
      version ${integer} not null,
      digest ${text} not null,
      definition ${text} not null,
      saved_at ${integer} not null,
      saved_by_uid ${text} not null,
      saved_by_username ${text} not null,
      primary key (project_id, route_id, version),
      foreign key (project_id, route_id) references route (project_id, id) on delete cascade
    ) ${tableOptions}`,

    // The entries that the current version of each route names.
    `create table route_key (
      project_id ${text} not null,
      route_id ${text} not null,
      environment ${text} not null,
      key ${text} not null,
      primary key (project_id, environment, key, route_id),
      foreign key (project_id, route_id) references route (project_id, id) on delete cascade
    ) ${tableOptions}`,
    `create index route_key_route on route_key (project_id, route_id)`,

    // Calls of public routes, by address and minute.
    `create table route_rate (
      project_id ${text} not null,
      route_id ${text} not null,
      address ${text} not null,
      minute ${integer} not null,
      calls ${integer} not null,
      primary key (project_id, route_id, address, minute),
      foreign key (project_id, route_id) references route (project_id, id) on delete cascade
    ) ${tableOptions}`,
    `create index route_rate_minute on route_rate (minute)`,

    // Of a call of a route, and of the record of its end: the index of its beginning.
    `alter table audit_entry add column route_id ${text}`,
    `alter table audit_entry add column closes ${integer}`,
    `create index audit_entry_route on audit_entry (project_id, route_id, idx) where route_id is not null`,
    `create unique index audit_entry_closes on audit_entry (closes) where closes is not null`,
  ];
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      for (const statement of statements) await sql.raw(statement).execute(db);
    },
  };
}
