import { closeSync, existsSync, fchownSync, openSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '@coffer/core';
import Database from 'better-sqlite3';
import {
  CompiledQuery,
  SqliteAdapter,
  SqliteIntrospector,
  Kysely,
  sql,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  type Transaction,
} from 'kysely';
import { ownerFor } from '../directory-owner.ts';
import { makeDirectory } from '../make-directory.ts';
import { StartError } from '../start-error.ts';
import type { StoreDialect } from './dialect.ts';
import { migrate } from './migrate.ts';
import type { DirectAdapter } from './prepared.ts';
import { StablePlanCompiler } from './sqlite-compiler.ts';
import { SqliteFlusher } from './sqlite-flusher.ts';
import { findDamage } from './sqlite-integrity.ts';
import type { Tables } from './tables.ts';

/** In the data directory. */
export const SQLITE_FILE = 'coffer.db';

/** How long transactions wait for another program that holds the database. */
const BUSY_WAIT_MS = 2000;
const BUSY_RETRY_MS = 10;
const CACHE_KIB = 64 * 1024;
const STATEMENTS_MAX = 500;

const DDL: StoreDialect['ddl'] = {
  bytes: 'blob',
  integer: 'integer',
  text: 'text',
  serialKey: 'integer primary key',
  tableOptions: 'strict',
};

/** Opens or makes the database file in the directory; both are for the owner alone. Fails with a StartError. */
export function openSqlite(dataDir: string, { mustExist = false } = {}): StoreDialect {
  const path = join(dataDir, SQLITE_FILE);
  if (mustExist && !existsSync(path))
    throw new StartError(
      `there is no database in ${dataDir}; set COFFER_DATA_DIR to the data directory of the server, or COFFER_DATABASE_URL`,
    );
  const database = openFile(dataDir, path);
  const flusher = new SqliteFlusher(`${realPathOf(database)}-wal`);
  return {
    name: 'sqlite',
    kysely: kyselyDialect(new SqliteConnection(database), flusher),
    ddl: DDL,
    // All of it is one transaction, which waits for that of another process.
    migrating: async (work) => await work(),
    // Whoever waited for the lock in vain has waited long enough.
    mayRetry: () => false,
    flush: async () => await flusher.flush(),
    purge,
    snapshot: async (_db, work) => await readSnapshot(path, work),
    findDamage: async (db) => await findDamage(db, await makeReference()),
    async deferReferences(tx) {
      await sql`pragma defer_foreign_keys = on`.execute(tx);
    },
    checkReferences,
  };
}

/** Without a flusher: what is committed need not be on disk. */
function kyselyDialect(connection: SqliteConnection, flusher?: SqliteFlusher): Dialect {
  return {
    createAdapter: () => new DirectSqliteAdapter(connection),
    createDriver: () => new SqliteDriver(connection, flusher),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new StablePlanCompiler(),
  };
}

/** A database as the migrations make it, in memory. */
async function makeReference(): Promise<Kysely<Tables>> {
  const made = new Kysely<Tables>({ dialect: kyselyDialect(new SqliteConnection(new Database(':memory:'))) });
  await migrate(made, { ddl: DDL });
  return made;
}

/** On a connection of its own: in WAL mode a reader neither waits for the writer nor holds it up. */
async function readSnapshot<T>(path: string, work: (snapshot: Kysely<Tables>) => Promise<T>): Promise<T> {
  const database = new Database(path, { readonly: true, fileMustExist: true, timeout: BUSY_WAIT_MS });
  const snapshot = new Kysely<Tables>({ dialect: kyselyDialect(new SqliteConnection(database)) });
  try {
    await sql`begin`.execute(snapshot);
    // The first read is what the snapshot is of.
    await sql`select 1 from sqlite_schema limit 1`.execute(snapshot);
    return await work(snapshot);
  } finally {
    await snapshot.destroy();
  }
}

/** Where the database file is a link, its log is beside what that leads to. */
function realPathOf(database: Database.Database): string {
  const [main] = database.pragma('database_list') as { file: string }[];
  return main?.file ?? database.name;
}

async function checkReferences(tx: Transaction<Tables>): Promise<void> {
  const { rows } = await sql<{ table: string }>`pragma foreign_key_check`.execute(tx);
  const [broken] = rows;
  if (broken !== undefined) throw new StartError(`a row of ${broken.table} refers to one that is not there`);
}

function openFile(dataDir: string, path: string): Database.Database {
  try {
    makeDirectory(dataDir);
    // To open one waits for whoever reads it.
    if (statSync(path, { throwIfNoEntry: false })?.isFIFO() === true)
      throw Object.assign(new Error('a pipe'), { code: 'it is a pipe' });
    makeFile(path);
    // Another process may be opening it, too: waiting for that blocks nobody yet.
    const database = new Database(path, { timeout: BUSY_WAIT_MS });
    if (database.pragma('journal_mode = WAL', { simple: true }) !== 'wal')
      throw Object.assign(new Error('no write-ahead log'), { code: 'its file system cannot share memory' });
    // Whoever commits waits for the flusher, so that each commit is on disk before it is answered (R33, R39). What FULL does beyond
    // NORMAL is the same flush, within the commit, where it would hold up the process.
    database.pragma('synchronous = NORMAL');
    // Deleted content is overwritten with zeros (R5).
    database.pragma('secure_delete = ON');
    database.pragma('foreign_keys = ON');
    database.pragma('trusted_schema = OFF');
    database.pragma('temp_store = MEMORY');
    database.pragma(`cache_size = -${CACHE_KIB}`);
    // From here on transactions wait without blocking the process: see `beginTransaction`.
    database.pragma('busy_timeout = 0');
    return database;
  } catch (cause) {
    const code = (cause as { code?: string }).code ?? 'unknown error';
    throw new StartError(
      `the database ${path} cannot be opened (${code}); check the directory and its permissions`,
      {
        cause,
      },
    );
  }
}

/** SQLite gives the files that it makes beside it the same owner. */
function makeFile(path: string): void {
  let file: number;
  try {
    // Follows no link: root would make a present of a file elsewhere.
    file = openSync(path, 'wx', 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    closeSync(openSync(path, 'a', 0o600));
    return;
  }
  try {
    const owner = ownerFor(dirname(path));
    if (owner !== undefined) fchownSync(file, owner.uid, owner.gid);
  } finally {
    closeSync(file);
  }
}

/**
 * Zeroed pages reach the file, and the write-ahead log shrinks to nothing: until then it holds the pages as they were
 * before the delete.
 */
async function purge(db: Kysely<Tables>): Promise<boolean> {
  const { rows } = await sql<{ busy: number }>`pragma wal_checkpoint(truncate)`.execute(db);
  return rows[0]?.busy === 0;
}

class DirectSqliteAdapter extends SqliteAdapter implements DirectAdapter {
  readonly lastInsertedId = sql<number>`last_insert_rowid()`;
  readonly #connection: SqliteConnection;

  constructor(connection: SqliteConnection) {
    super();
    this.#connection = connection;
  }

  /** SQLite rolls schema changes back like any other; Kysely's own adapter does not use that. */
  override get supportsTransactionalDdl(): boolean {
    return true;
  }

  /** There is one connection: while a transaction is open on it, only what belongs to that may run. */
  runNow(
    text: string,
    parameters: readonly unknown[],
    { isTransaction }: { isTransaction: boolean },
  ): unknown[] | undefined {
    if (this.#connection.inTransaction !== isTransaction) return undefined;
    if (!isTransaction) this.#connection.beginReading();
    return this.#connection.run(text, parameters).rows;
  }
}

/** One connection, statements prepared once, transactions that take the write lock at their start. */
class SqliteDriver implements Driver {
  readonly #connection: SqliteConnection;
  readonly #flusher: SqliteFlusher | undefined;
  /** Since when another program has been holding the lock, and when that was last seen. */
  #busySince = 0;
  #busySeenAt = Number.NEGATIVE_INFINITY;

  constructor(connection: SqliteConnection, flusher: SqliteFlusher | undefined) {
    this.#connection = connection;
    this.#flusher = flusher;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection;
  }

  /**
   * Waits, without blocking the process, for another program that holds the lock. Fails with `store_unavailable` when
   * it holds it too long; those behind wait no longer than that in all, rather than each in turn.
   */
  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    this.#flusher?.check();
    for (;;) {
      try {
        await connection.executeQuery(CompiledQuery.raw('begin immediate'));
        this.#busySeenAt = Number.NEGATIVE_INFINITY;
        return;
      } catch (error) {
        if (!isBusy(error)) throw error;
        const now = performance.now();
        // What was seen long ago says nothing of who holds it now.
        if (now - this.#busySeenAt > BUSY_WAIT_MS) this.#busySince = now;
        this.#busySeenAt = now;
        if (now - this.#busySince > BUSY_WAIT_MS) throw error;
        await sleep(BUSY_RETRY_MS);
      }
    }
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    // A full disk makes SQLite roll back by itself; a second rollback would hide the first error.
    if (this.#connection.inTransaction) await connection.executeQuery(CompiledQuery.raw('rollback'));
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {
    await this.#flusher?.close();
    this.#connection.close();
  }
}

class SqliteConnection implements DatabaseConnection {
  readonly #database: Database.Database;
  readonly #statements = new Map<string, Database.Statement>();
  #isReading = false;

  constructor(database: Database.Database) {
    this.#database = database;
  }

  /** Of one that writes. */
  get inTransaction(): boolean {
    return !this.#isReading && this.#database.inTransaction;
  }

  /**
   * What is read at once in one turn of the event loop is read in one transaction: to begin and end one for each query
   * costs about as much as the query. It ends with the turn, or before anything else is done on this connection, so
   * that each request sees what was committed before its turn came.
   */
  beginReading(): void {
    if (this.#isReading) return;
    this.run('begin', []);
    this.#isReading = true;
    setImmediate(() => this.#endReading());
  }

  #endReading(): void {
    if (!this.#isReading) return;
    this.#isReading = false;
    // An error of the disk ends it by itself.
    if (this.#database.inTransaction) this.run('commit', []);
  }

  close(): void {
    this.#endReading();
    this.#database.close();
  }

  async executeQuery<R>({ sql: text, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    this.#endReading();
    const { rows, changes } = this.run(text, parameters);
    return { rows: rows as R[], ...(changes === undefined ? {} : { numAffectedRows: BigInt(changes) }) };
  }

  /** At once: SQLite is a library. */
  run(text: string, parameters: readonly unknown[]): { rows: unknown[]; changes?: number } {
    try {
      const statement = this.#prepare(text);
      if (statement.reader) return { rows: statement.all(...parameters) };
      const { changes } = statement.run(...parameters);
      return { rows: [], changes };
    } catch (error) {
      throw explain(error);
    }
  }

  // oxlint-disable-next-line require-yield -- Kysely's interface; no query of ours streams
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('streaming is not used');
  }

  #prepare(text: string): Database.Statement {
    const known = this.#statements.get(text);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(text);
    const [oldest] = this.#statements.keys();
    if (this.#statements.size >= STATEMENTS_MAX && oldest !== undefined) this.#statements.delete(oldest);
    this.#statements.set(text, statement);
    return statement;
  }
}

/** What the engine says when it cannot serve, by the start of its code, and what that means for the reader. */
const UNAVAILABLE: readonly (readonly [code: string, reason: string])[] = [
  ['SQLITE_FULL', 'the disk is full'],
  ['SQLITE_READONLY', 'the database file is read-only'],
  ['SQLITE_BUSY', 'another program holds the database'],
  ['SQLITE_LOCKED', 'another program holds the database'],
  ['SQLITE_IOERR', 'the disk cannot be read or written'],
  ['SQLITE_CANTOPEN', 'the database file cannot be opened'],
  ['SQLITE_CORRUPT', 'the database file is damaged'],
  ['SQLITE_NOTADB', 'the database file is damaged'],
];

function explain(error: unknown): unknown {
  const code = sqliteCode(error);
  const known = UNAVAILABLE.find(([start]) => code.startsWith(start));
  return known === undefined
    ? error
    : new AppError('store_unavailable', { reason: known[1] }, { cause: error });
}

function isBusy(error: unknown): boolean {
  return error instanceof AppError && sqliteCode(error.cause).startsWith('SQLITE_BUSY');
}

function sqliteCode(error: unknown): string {
  return error instanceof Database.SqliteError ? error.code : '';
}
