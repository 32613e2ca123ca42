import { AppError } from '@coffer/core';
import { Client, types, type ClientConfig, type QueryConfig, type QueryResult } from 'pg';
import { endsConnection, explain } from './postgres-errors.ts';
import type { Reach } from './reach.ts';

/** How long an answer may take before the connection counts as dead: the engine gives up before. */
const ANSWER_MS = 20_000;
const STATEMENT_MS = 15_000;
const CONNECT_MS = 5000;
/** How long transactions wait for those of other servers, and for their turn here. */
const LOCK_MS = 5000;
const TURN_MS = 15_000;
/** A server that fell silent in the middle of a transaction does not hold up the others for longer. */
const IDLE_IN_TRANSACTION_MS = 10_000;

/** Numbers are numbers: no column of ours goes beyond what JavaScript counts. */
const NUMBERS: readonly number[] = [types.builtins.INT8, types.builtins.NUMERIC];
const TYPES: ClientConfig['types'] = {
  getTypeParser: ((oid: number, format: 'text' | 'binary'): unknown =>
    NUMBERS.includes(oid) ? Number : types.getTypeParser(oid, format)) as typeof types.getTypeParser,
};

/** The SQLSTATE of what is said by the way. */
const SUCCESS = '00000';

/**
 * One connection. Queries are sent without waiting for the answers to those before (the protocol answers in order), so
 * that many can share it. One that was lost stays lost.
 */
export class PostgresClient {
  readonly #client: Client;
  #pending = 0;
  #lost = false;

  private constructor(client: Client) {
    this.#client = client;
    const lose = (): void => void (this.#lost = true);
    client.on('error', lose).on('end', lose);
  }

  /** Fails with `store_unavailable`. */
  static async connect(config: ClientConfig): Promise<PostgresClient> {
    const client = new Client({
      ...config,
      pipeline: true,
      types: TYPES,
      connectionTimeoutMillis: CONNECT_MS,
      statement_timeout: STATEMENT_MS,
      lock_timeout: LOCK_MS,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      application_name: 'coffer',
    });
    const connected = new PostgresClient(client);
    try {
      await client.connect();
      return connected;
    } catch (error) {
      connected.end();
      throw explain(error, 'connect');
    }
  }

  /** Answers under way. */
  get pending(): number {
    return this.#pending;
  }

  get isLost(): boolean {
    return this.#lost;
  }

  /** Fails as the driver does. `patiently`: for as long as it takes. */
  async query<R>(query: QueryConfig, { patiently = false } = {}): Promise<QueryResult<R & object>> {
    this.#pending += 1;
    try {
      return await this.#client.query<R & object>(
        patiently ? query : ({ ...query, query_timeout: ANSWER_MS } as QueryConfig),
      );
    } catch (error) {
      if (endsConnection(error)) this.end();
      throw error;
    } finally {
      this.#pending -= 1;
    }
  }

  /** Called for each warning that a statement gives beside its answer, or before it. */
  onWarning(listener: () => void): void {
    this.#client.on('notice', ({ code }) => {
      // Its severity is a word in the language of the database.
      if (code !== SUCCESS) listener();
    });
  }

  /** At once: who waits for an answer gets none. */
  end(): void {
    this.#lost = true;
    void this.#client.end().catch(() => undefined);
  }
}

const SHARED_MAX = 6;
const WRITERS_MAX = 2;

/** The connections of this server: some that all reads share, and few for transactions, which take turns anyway. */
export class PostgresClients {
  readonly #config: ClientConfig;
  readonly #onReach: (reach: Reach) => void;
  /** Undefined: it was never reached. */
  #isLost: boolean | undefined;
  readonly #shared = new Set<PostgresClient>();
  #connecting: Promise<PostgresClient> | undefined;
  readonly #idleWriters: PostgresClient[] = [];
  #writers = 0;
  readonly #waiting: (() => void)[] = [];
  #isClosed = false;

  constructor(config: ClientConfig, onReach: (reach: Reach) => void = () => undefined) {
    this.#config = config;
    this.#onReach = onReach;
  }

  /** The one with the least to do. Fails with `store_unavailable`. */
  async shared(): Promise<PostgresClient> {
    let least: PostgresClient | undefined;
    for (const client of this.#shared) {
      if (client.isLost) this.#shared.delete(client);
      else if (least === undefined || client.pending < least.pending) least = client;
    }
    if (least !== undefined && (least.pending === 0 || this.#shared.size >= SHARED_MAX)) return least;
    // One at a time; whoever can, goes on with what there is meanwhile.
    const fresh = this.fresh();
    if (least === undefined) return await fresh;
    fresh.catch(() => undefined);
    return least;
  }

  /** One that was just made: where one was lost, the others may be, too. Fails with `store_unavailable`. */
  async fresh(): Promise<PostgresClient> {
    this.#connecting ??= this.#connectShared();
    return await this.#connecting;
  }

  /** For one transaction alone; give it back. Fails with `store_unavailable`. */
  async takeWriter(): Promise<PostgresClient> {
    if (this.#writers >= WRITERS_MAX) await this.#turn();
    else this.#writers += 1;
    try {
      for (;;) {
        const idle = this.#idleWriters.pop();
        if (idle === undefined) return await this.connect();
        if (!idle.isLost) return idle;
      }
    } catch (error) {
      this.#passTurn();
      throw error;
    }
  }

  giveBackWriter(client: PostgresClient): void {
    if (this.#isClosed) client.end();
    else if (!client.isLost) this.#idleWriters.push(client);
    this.#passTurn();
  }

  /** One more, for whoever ends it. Fails with `store_unavailable`. */
  async connect(): Promise<PostgresClient> {
    const client = await this.#reach();
    if (!this.#isClosed) return client;
    client.end();
    throw new AppError('store_unavailable', { reason: 'the server is stopping' });
  }

  close(): void {
    this.#isClosed = true;
    for (const client of [...this.#shared, ...this.#idleWriters]) client.end();
  }

  /** Tells once that the database is lost, and once that it is there again, however many ask. */
  async #reach(): Promise<PostgresClient> {
    try {
      const client = await PostgresClient.connect(this.#config);
      if (this.#isLost === true) this.#onReach({ isLost: false });
      this.#isLost = false;
      return client;
    } catch (error) {
      // One that takes no more connections goes on serving those that there are.
      const serves = [...this.#shared, ...this.#idleWriters].some(({ isLost }) => !isLost);
      if (this.#isLost === false && !serves && error instanceof AppError) {
        this.#isLost = true;
        this.#onReach({ isLost: true, reason: String(error.detail['reason']) });
      }
      throw error;
    }
  }

  async #connectShared(): Promise<PostgresClient> {
    try {
      const client = await this.connect();
      this.#shared.add(client);
      return client;
    } finally {
      this.#connecting = undefined;
    }
  }

  async #turn(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      this.#waiting.splice(this.#waiting.indexOf(resolve), 1);
      reject(new AppError('store_unavailable', { reason: 'too much waits to be saved' }));
    }, TURN_MS);
    this.#waiting.push(resolve);
    await promise.finally(() => clearTimeout(timer));
  }

  #passTurn(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#writers -= 1;
    else next();
  }
}
