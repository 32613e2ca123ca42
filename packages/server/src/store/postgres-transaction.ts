import { DatabaseError, type QueryConfig, type QueryResult } from 'pg';
import type { PostgresClient } from './postgres-clients.ts';
import { explain } from './postgres-errors.ts';

/**
 * A transaction on a connection that it has to itself. Answers come in the order of the statements, so a statement does not wait for the
 * answers to those before: what is read at the start goes out with the `begin`, what is written last with the `commit`. That a
 * statement failed is told by the next one that is waited for, and at the latest by the commit.
 */
export class PostgresTransaction {
  readonly #client: PostgresClient;
  readonly #isPatient: boolean;
  readonly #begun: Promise<unknown>;
  /** The first one: after it, PostgreSQL refuses everything but the end. */
  #failure: { error: unknown } | undefined;

  /** `begin`: what begins it, in one message. */
  constructor(client: PostgresClient, { begin, isPatient }: { begin: string; isPatient: boolean }) {
    this.#client = client;
    this.#isPatient = isPatient;
    this.#begun = this.#send({ text: begin }).catch(() => undefined);
  }

  /** Nothing is changed before it is certain that the transaction has begun: outside of one, it would be for good. */
  async change<R>(
    query: QueryConfig,
    { isAwaited }: { isAwaited: boolean },
  ): Promise<QueryResult<R & object> | undefined> {
    await this.#begun;
    this.#throwFailure();
    const answer = this.read<R>(query);
    if (isAwaited) return await answer;
    answer.catch(() => undefined);
    return undefined;
  }

  async read<R>(query: QueryConfig): Promise<QueryResult<R & object>> {
    const answer = await this.#send<R>(query).catch(() => undefined);
    this.#throwFailure();
    return answer as QueryResult<R & object>;
  }

  /**
   * It is sent without waiting for the answers before it. When a statement failed, PostgreSQL rolls back instead, and says so. Where the
   * connection is lost before that answer came, nobody knows how it ended; unless a statement was refused: then it was not committed.
   */
  async commit(): Promise<void> {
    await this.#begun;
    this.#throwFailure();
    let command: string;
    try {
      ({ command } = await this.#client.query({ text: 'commit' }, { patiently: this.#isPatient }));
    } catch (error) {
      if (isRefusal(this.#failure?.error)) this.#throwFailure();
      throw explain(error, 'commit');
    }
    if (command === 'COMMIT') return;
    this.#throwFailure();
    throw new Error(`the transaction ended with ${command}`);
  }

  async rollback(): Promise<void> {
    try {
      await this.#client.query({ text: 'rollback' });
    } catch {
      // Without its connection it is rolled back, too.
      this.#client.end();
    }
  }

  async #send<R>(query: QueryConfig): Promise<QueryResult<R & object>> {
    try {
      return await this.#client.query<R>(query, { patiently: this.#isPatient });
    } catch (error) {
      this.#failure ??= { error };
      throw error;
    }
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw explain(this.#failure.error);
  }
}

/**
 * Said by the database itself, which then goes on with the session: a fatal error may come from something in between. In another language
 * than English nothing is a refusal here, and less is claimed.
 */
function isRefusal(error: unknown): boolean {
  return error instanceof DatabaseError && error.severity === 'ERROR';
}
