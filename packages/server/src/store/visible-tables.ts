import {
  PostgresIntrospector,
  sql,
  type DatabaseMetadataOptions,
  type Kysely,
  type TableMetadata,
} from 'kysely';

/**
 * The tables that a statement means which names no schema, as all of ours do, and that no extension brought: another
 * schema may have tables of the same names.
 */
export class VisibleTables extends PostgresIntrospector {
  readonly #db: Kysely<unknown>;

  // oxlint-disable-next-line typescript/no-explicit-any -- as its base has it
  constructor(db: Kysely<any>) {
    super(db);
    this.#db = db;
  }

  override async getTables(options?: DatabaseMetadataOptions): Promise<TableMetadata[]> {
    const { rows } = await sql<{ schema: string; name: string }>`
      select nspname as schema, relname as name
      from pg_catalog.pg_class join pg_catalog.pg_namespace on pg_namespace.oid = relnamespace
      where relkind in ('r', 'v', 'p', 'f') and pg_catalog.pg_table_is_visible(pg_class.oid) and not exists (
        select from pg_catalog.pg_depend
        where classid = 'pg_catalog.pg_class'::regclass and objid = pg_class.oid and deptype = 'e'
      )
    `.execute(this.#db);
    const visible = new Set(rows.map(({ schema, name }) => `${schema} ${name}`));
    const tables = await super.getTables(options);
    return tables.filter(({ schema, name }) => visible.has(`${schema} ${name}`));
  }
}
