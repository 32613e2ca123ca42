import type { Reader } from './database.ts';

/**
 * What a transaction has read and needs again: nobody else changes it before the transaction ends. Whoever changes it in the
 * transaction says so with `remember`.
 */
export class TransactionMemory<V> {
  readonly #values = new WeakMap<Reader, Map<string, Promise<V>>>();

  /** Reads it the first time. */
  async recall(tx: Reader, name: string, read: () => Promise<V>): Promise<V> {
    const values = this.#of(tx);
    const known = values.get(name) ?? read();
    values.set(name, known);
    return await known;
  }

  /** To read it together with what is read before it is needed. */
  readAhead(tx: Reader, name: string, read: () => Promise<V>): void {
    // Whoever needs it is told of the failure.
    this.recall(tx, name, read).catch(() => undefined);
  }

  remember(tx: Reader, name: string, value: V): void {
    this.#of(tx).set(name, Promise.resolve(value));
  }

  #of(tx: Reader): Map<string, Promise<V>> {
    const known = this.#values.get(tx);
    if (known !== undefined) return known;
    const made = new Map<string, Promise<V>>();
    this.#values.set(tx, made);
    return made;
  }
}
