import type { Dialect, Kysely, Transaction } from 'kysely';
import type { Tables } from './tables.ts';

/**
 * What differs between the engines, and nothing else may. Everything outside the dialect files is plain SQL through
 * Kysely.
 *
 * On both, a transaction that writes has the database to itself from its begin to its end, whatever process it is in:
 * what it reads stays true until it commits, so no decision is made on what another is changing.
 */
export type StoreDialect = {
  name: 'sqlite' | 'postgres';
  kysely: Dialect;
  /** Column types, and what stands behind a table's closing parenthesis. */
  ddl: { bytes: string; integer: string; text: string; serialKey: string; tableOptions: string };
  /** Runs what brings the schema up to date, while no other process does. */
  migrating<T>(work: () => Promise<T>): Promise<T>;
  /** Whether a transaction that failed so has certainly left nothing, and may succeed when it is tried again. */
  mayRetry(error: unknown): boolean;
  /** Resolves when all is on disk that was committed, here or by another process. Fails with `store_unavailable` where nobody knows. */
  flush(): Promise<void>;
  /**
   * Erases from disk what the engine keeps of deleted rows, as far as it can. False: another program is reading, and
   * what it may still see stays for now; call again.
   */
  purge(db: Kysely<Tables>): Promise<boolean>;
  /** All that `work` reads is of one moment, though others write meanwhile; it holds nobody up. */
  snapshot<T>(db: Kysely<Tables>, work: (snapshot: Kysely<Tables>) => Promise<T>): Promise<T>;
  /**
   * What is wrong with a snapshot as the engine stores it, where it can tell: pages, rows that an index lacks, tables and indexes that the
   * migrations do not make. Undefined: nothing, as far as it can tell.
   */
  findDamage(snapshot: Kysely<Tables>): Promise<string | undefined>;
  /** Until `checkReferences`, rows may refer to others that come later in the transaction. */
  deferReferences(tx: Transaction<Tables>): Promise<void>;
  /** Fails when one refers to another that is not there. Ids that the database assigns go on after the highest. */
  checkReferences(tx: Transaction<Tables>): Promise<void>;
};
