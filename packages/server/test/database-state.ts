import { sql } from 'kysely';
import type { TestServer } from '../src/testing/server.ts';

/** What a request must not change unless it is answered with success; parents before children. */
const TABLES = [
  'instance',
  'root_key',
  'user',
  'session',
  'sign_in_address',
  'project',
  'member',
  'environment',
  'data_key',
  'entry',
  'ciphertext',
  'entry_version',
  'token_trust',
  'access_token',
  'route',
  'route_version',
  'route_key',
] as const;

/** What else there is: the audit log and the count of failed tries grow with refusals, too. */
const OTHER_TABLES = [
  'audit_entry',
  'audit_head',
  'attempt',
  'used_identity',
  'route_rate',
  'schema_migration',
  'schema_migration_lock',
];

type Rows = Record<string, unknown>[];
export type State = Map<(typeof TABLES)[number], Rows>;

export async function readState({ app }: TestServer): Promise<State> {
  const { db } = app.context.store;
  const tables = TABLES.map(async (table): Promise<[typeof table, Rows]> => {
    const { rows } = await sql<
      Record<string, unknown>
    >`select * from ${sql.table(table)} order by 1, 2`.execute(db);
    return [table, rows];
  });
  return new Map(await Promise.all(tables));
}

export function describeState(state: State): string {
  return JSON.stringify([...state], (_, value: unknown) =>
    isBytes(value) ? Buffer.from(value.data).toString('hex') : value,
  );
}

/** What a success changed is taken back, so that the next request meets the same world. */
export async function restoreState({ app }: TestServer, state: State): Promise<void> {
  await app.context.store.transaction(async (tx) => {
    for (const table of TABLES.toReversed()) await sql`delete from ${sql.table(table)}`.execute(tx);
    for (const table of TABLES) {
      const rows = state.get(table) ?? [];
      const [first] = rows;
      if (first === undefined) continue;
      const columns = sql.join(Object.keys(first).map((column) => sql.ref(column)));
      const values = sql.join(rows.map((row) => sql`(${sql.join(Object.values(row))})`));
      await sql`insert into ${sql.table(table)} (${columns}) values ${values}`.execute(tx);
    }
  });
}

/** Tables of the database that this file does not know would go unwatched. */
export async function unwatchedTables({ app }: TestServer): Promise<string[]> {
  const tables = await app.context.store.db.introspection.getTables();
  const watched = new Set<string>([...TABLES, ...OTHER_TABLES]);
  return tables.map(({ name }) => name).filter((name) => !watched.has(name));
}

function isBytes(value: unknown): value is { type: 'Buffer'; data: number[] } {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer';
}
