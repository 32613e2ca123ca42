import { Kysely, type Transaction as KyselyTransaction } from 'kysely';
import { StartError } from '../start-error.ts';
import type { StoreDialect } from './dialect.ts';
import { listMigrations, migrate } from './migrate.ts';
import type { Tables } from './tables.ts';

/** For reads: a transaction or the database itself. */
export type Reader = Kysely<Tables>;

/** Store functions that write take this, so that nothing can be written outside a transaction. */
export type Transaction = KyselyTransaction<Tables>;

export type Store = {
  engine: StoreDialect['name'];
  db: Reader;
  /** Is told of each transaction of this process that was committed. Answers with what ends that. */
  onCommit(listener: () => void): () => void;
  /**
   * Resolves when it is committed and on disk. `work` changes nothing but the database: where the engine lost the transaction, it is run
   * again.
   */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  /** What was read may have been committed a moment ago: before it is told, where no transaction follows. See `StoreDialect.flush`. */
  flush(): Promise<void>;
  /** See `StoreDialect.snapshot`. What is in it is on disk: it goes into files and reports. */
  snapshot<T>(work: (snapshot: Reader) => Promise<T>): Promise<T>;
  /** See `StoreDialect.findDamage`. */
  findDamage(snapshot: Reader): Promise<string | undefined>;
  /** See `StoreDialect.purge`. */
  purge(): Promise<boolean>;
  close(): Promise<void>;
};

const ATTEMPTS_MAX = 3;

/**
 * Brings the schema up to date. Fails with a StartError when the database is newer than this program, or when it has none and must.
 */
export async function openStore(dialect: StoreDialect, { mustExist = false } = {}): Promise<Store> {
  const db = new Kysely<Tables>({ dialect: dialect.kysely });
  try {
    await dialect.migrating(async () => {
      if (mustExist && (await listMigrations(db)).length === 0) throw emptyDatabase();
      await migrate(db, dialect);
    });
    await dialect.flush();
  } catch (error) {
    await db.destroy();
    throw error;
  }
  const listeners = new Set<() => void>();
  return {
    engine: dialect.name,
    db,
    onCommit(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async transaction(work) {
      const outcome = await retrying(dialect, async () => await db.transaction().execute(work));
      await dialect.flush();
      for (const listener of listeners) listener();
      return outcome;
    },
    flush: async () => await dialect.flush(),
    snapshot: async (work) =>
      await dialect.snapshot(db, async (snapshot) => {
        await dialect.flush();
        return await work(snapshot);
      }),
    findDamage: async (snapshot) => await dialect.findDamage(snapshot),
    purge: async () => await dialect.purge(db),
    close: async () => await db.destroy(),
  };
}

export function emptyDatabase(): StartError {
  return new StartError('the database is empty; `coffer serve` makes an instance in it');
}

async function retrying<T>(dialect: StoreDialect, attempt: () => Promise<T>): Promise<T> {
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (attempts === ATTEMPTS_MAX || !dialect.mayRetry(error)) throw error;
    }
  }
}
