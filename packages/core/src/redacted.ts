/**
 * A value that does not print: in a template, in JSON, in a log line and in an inspector it is `[redacted]`.
 * `expose()` is the one way out, and easy to search for.
 */
export class Redacted<T> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  expose(): T {
    return this.#value;
  }

  toString(): string {
    return '[redacted]';
  }

  toJSON(): string {
    return '[redacted]';
  }

  [Symbol.toPrimitive](): string {
    return '[redacted]';
  }

  /** The hook of Node's `util.inspect`, named by its registered symbol so that this file needs no Node. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[redacted]';
  }
}
