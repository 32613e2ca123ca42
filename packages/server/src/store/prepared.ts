import type { CompiledQuery, Compilable, DialectAdapter, RawBuilder } from 'kysely';
import { sha256Hex } from '../sha256.ts';
import type { Reader, Transaction } from './database.ts';

/** Stands in a query for a value that is only known when the query runs. */
class Parameter {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

type Parameters = Record<string, unknown>;

/** A query that is run again and again: the engine may parse and plan it once, under this name. */
export type NamedQuery<R = unknown> = SentQuery<R> & { readonly name: string };

export type SentQuery<R = unknown> = CompiledQuery<R> & {
  /** Not: nobody needs the answer, only that the transaction fails when the query does. */
  readonly isAwaited: boolean;
};

/** Whatever is read from it is a placeholder of that name. */
const PLACEHOLDERS: Parameters = new Proxy({}, { get: (_, name) => new Parameter(String(name)) });

interface EngineAdapter {
  /** In SQL: the id that the connection gave to the row that it inserted last. */
  readonly lastInsertedId: RawBuilder<number>;
}

/**
 * An adapter whose engine can run a statement at once, without Kysely's layers in between, which cost more than a small
 * query. Undefined: not now; another's transaction is open, and what it has not committed is not to be seen.
 */
export interface DirectAdapter extends EngineAdapter {
  runNow(
    text: string,
    parameters: readonly unknown[],
    from: { isTransaction: boolean },
  ): unknown[] | undefined;
}

/** An adapter whose connections take the next query before they have answered the one before. */
export interface PipeliningAdapter extends EngineAdapter {
  /** A query for rows whose columns are these lists. */
  rowsOf(columns: readonly ColumnOfRows[]): RawBuilder<unknown>;
}

export type ColumnOfRows = { type: 'integer' | 'text'; values: unknown };

type Adapter = EngineAdapter & Partial<DirectAdapter> & Partial<PipeliningAdapter>;

type Build<P extends Parameters, R> = (db: Reader, placeholders: P) => Compilable<R>;

/**
 * A query that is built and compiled once for a database and run with other values each time: building and compiling
 * costs several times what running a small query does. For the queries that every request makes.
 *
 * The placeholders have the types of the values, so that the query is checked like any other. They can be read one by
 * one, not spread.
 *
 * Those of one transaction that are asked for at once are answered in one round trip, where the engine is not in this process.
 */
export function prepared<P extends Parameters, R>(
  build: Build<P, R>,
): (db: Reader, values: P) => R[] | Promise<R[]> {
  return preparing(build, { isAwaited: true });
}

/**
 * The same for a change that answers nothing. Where the engine is not in this process, only sending it is waited for: when it
 * fails, so does what comes after it in the transaction, at the latest its commit.
 */
export function preparedChange<P extends Parameters>(
  build: Build<P, unknown>,
): (tx: Transaction, values: P) => Promise<void> {
  const run = preparing(build, { isAwaited: false });
  return async (tx, values) => void (await run(tx, values));
}

/** The same for what is changed too rarely to be prepared. */
export async function makeChange(tx: Transaction, change: Compilable): Promise<void> {
  await runInTurn(tx, { ...change.compile(), isAwaited: false });
}

function preparing<P extends Parameters, R>(
  build: Build<P, R>,
  { isAwaited }: { isAwaited: boolean },
): (db: Reader, values: P) => R[] | Promise<R[]> {
  // By dialect, because its compiler writes the text; a store has one for its life.
  const compiledBy = new WeakMap<object, NamedQuery<R>>();
  return (db, values) => {
    const adapter = adapterOf(db);
    let compiled = compiledBy.get(adapter);
    if (compiled === undefined) {
      const query = build(db, PLACEHOLDERS as P).compile();
      compiled = { ...query, name: nameOf(query.sql), isAwaited };
      compiledBy.set(adapter, compiled);
    }
    const parameters = compiled.parameters.map((value) =>
      value instanceof Parameter ? values[value.name] : value,
    );
    const rows = adapter.runNow?.(compiled.sql, parameters, db) as R[] | undefined;
    return rows ?? runInTurn(db, { ...compiled, parameters });
  };
}

async function runInTurn<R>(db: Reader, query: SentQuery<R>): Promise<R[]> {
  // Its turn is over when it is sent: the answer, which is in an object so that it is not waited for, comes later.
  const { answer } = await db.getExecutor().provideConnection(async (connection) => {
    const sent = { answer: connection.executeQuery<R>(query) };
    if (!isPipelining(adapterOf(db))) await sent.answer;
    return sent;
  });
  return (await answer).rows;
}

/** Of an engine in another process, which takes the next query before it has answered the one before. */
export function pipeliningAdapter(db: Reader): PipeliningAdapter | undefined {
  const adapter = adapterOf(db);
  return isPipelining(adapter) ? adapter : undefined;
}

function isPipelining(adapter: Adapter): adapter is PipeliningAdapter {
  return adapter.rowsOf !== undefined;
}

export function lastInsertedId(db: Reader): RawBuilder<number> {
  return adapterOf(db).lastInsertedId;
}

function adapterOf(db: Reader): Adapter {
  return db.getExecutor().adapter as DialectAdapter & Adapter;
}

/** The same for the same text, whichever process it is: a connection has statements under it. */
function nameOf(text: string): string {
  return `q_${sha256Hex(Buffer.from(text)).slice(0, 24)}`;
}
