import type { Dialect, Kysely } from 'kysely';
import type { Tables } from './tables.ts';

/**
 * What differs between the engines, and nothing else may. Everything outside the dialect files is plain SQL through
 * Kysely.
 */
export type StoreDialect = {
  name: 'sqlite';
  kysely: Dialect;
  /** Column types, and what stands behind a table's closing parenthesis. */
  ddl: { bytes: string; integer: string; serialKey: string; tableOptions: string };
  /**
   * Erases from disk what the engine keeps of deleted rows. False: another program is reading, and what it may still
   * see stays for now; call again.
   */
  purge(db: Kysely<Tables>): Promise<boolean>;
};
