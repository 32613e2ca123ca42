import type { CompiledQuery, DatabaseConnection, Driver, QueryResult, TransactionSettings } from 'kysely';
import type { QueryConfig, QueryResult as Answer } from 'pg';
import type { PostgresClient, PostgresClients } from './postgres-clients.ts';
import { explain, mayRetry } from './postgres-errors.ts';
import { PostgresTransaction } from './postgres-transaction.ts';
import type { NamedQuery } from './prepared.ts';

/** Advisory locks of a database are numbers; this one is "coffer" in ASCII, and what it is for. */
export const WRITE_LOCK = 0x63_6f_66_66_65_72_01n;

/** Between two statements may stand a disk that takes its time. Nobody waits for a transaction that says this. */
export const IDLE_WITHOUT_END = 'set local idle_in_transaction_session_timeout = 0';

/**
 * Reads share connections. A transaction has one of its own and, unless it only reads, the lock of all that write: see
 * `StoreDialect`. The lock is the database's, so it ends with the connection of a server that dies.
 */
export class PostgresDriver implements Driver {
  readonly #clients: PostgresClients;
  #isPatient = false;

  constructor(clients: PostgresClients) {
    this.#clients = clients;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<PostgresConnection> {
    return new PostgresConnection(this.#clients, this.#isPatient);
  }

  async beginTransaction(connection: PostgresConnection, settings: TransactionSettings): Promise<void> {
    await connection.begin(settings);
  }

  async commitTransaction(connection: PostgresConnection): Promise<void> {
    await connection.commit();
  }

  async rollbackTransaction(connection: PostgresConnection): Promise<void> {
    await connection.rollback();
  }

  async releaseConnection(connection: PostgresConnection): Promise<void> {
    connection.release();
  }

  async destroy(): Promise<void> {
    this.#clients.close();
  }

  /** Without limits to how long a statement takes. */
  async patiently<T>(work: () => Promise<T>): Promise<T> {
    this.#isPatient = true;
    try {
      return await work();
    } finally {
      this.#isPatient = false;
    }
  }
}

/** What Kysely takes for a connection: it finds one when it is known what for. */
class PostgresConnection implements DatabaseConnection {
  readonly #clients: PostgresClients;
  readonly #isPatient: boolean;
  #transaction: PostgresTransaction | undefined;
  #giveBack: (() => void) | undefined;

  constructor(clients: PostgresClients, isPatient: boolean) {
    this.#clients = clients;
    this.#isPatient = isPatient;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const { sql: text, parameters, name, isAwaited = true } = query as Partial<NamedQuery> & CompiledQuery;
    const config = { text, values: parameters as unknown[], ...(name === undefined ? {} : { name }) };
    const transaction = this.#transaction;
    if (transaction === undefined) return toResult(await this.#query<R>(config, { isRead: isRead(query) }));
    if (isRead(query)) return toResult(await transaction.read<R>(config));
    const answer = await transaction.change<R>(config, { isAwaited });
    return answer === undefined ? { rows: [] } : toResult(answer);
  }

  // oxlint-disable-next-line require-yield -- Kysely's interface; no query of ours streams
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('streaming is not used');
  }

  /** What begins it is sent, and not waited for. */
  async begin({ accessMode, isolationLevel }: TransactionSettings): Promise<void> {
    const isWriter = accessMode !== 'read only';
    const client = await (isWriter ? this.#clients.takeWriter() : this.#clients.connect());
    this.#giveBack = () => (isWriter ? this.#clients.giveBackWriter(client) : client.end());
    const isolation = isolationLevel === undefined ? '' : ` isolation level ${isolationLevel}`;
    const statements = [`begin${isolation}${isWriter ? '' : ' read only'}`];
    if (this.#isPatient) statements.push('set local statement_timeout = 0', IDLE_WITHOUT_END);
    if (isWriter) statements.push(`select pg_advisory_xact_lock(${WRITE_LOCK})`);
    const begin = statements.join('; ');
    this.#transaction = new PostgresTransaction(client, { begin, isPatient: this.#isPatient });
  }

  async commit(): Promise<void> {
    await this.#transaction?.commit();
  }

  async rollback(): Promise<void> {
    await this.#transaction?.rollback();
  }

  release(): void {
    this.#giveBack?.();
    this.#giveBack = undefined;
    this.#transaction = undefined;
  }

  /** A read that a lost connection took with it is read again. */
  async #query<R>(
    query: QueryConfig,
    { isRead: mayRepeat }: { isRead: boolean },
  ): Promise<Answer<R & object>> {
    const ask = async (client: PostgresClient): Promise<Answer<R & object>> =>
      await client.query<R>(query, { patiently: this.#isPatient });
    for (let reads = 1; ; reads += 1) {
      try {
        return await ask(await (reads === 1 ? this.#clients.shared() : this.#clients.fresh()));
      } catch (error) {
        const explained = explain(error);
        if (reads === READS_MAX || !mayRepeat || !mayRetry(explained)) throw explained;
      }
    }
  }
}

/** Each on another connection: what ended one may have ended the next, too. */
const READS_MAX = 3;

const CHANGES: ReadonlySet<string> = new Set(['INSERT', 'UPDATE', 'DELETE']);

function toResult<R>({ rows, command, rowCount }: Answer<R & object>): QueryResult<R> {
  return CHANGES.has(command) ? { rows, numAffectedRows: BigInt(rowCount ?? 0) } : { rows };
}

function isRead({ query }: CompiledQuery): boolean {
  return query.kind === 'SelectQueryNode';
}
