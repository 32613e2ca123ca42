import { closeSync, fdatasync, openSync } from 'node:fs';
import { promisify } from 'node:util';
import { AppError } from '@coffer/core';

const flushFile = promisify(fdatasync);

/** Each takes a thread of the runtime. Disks serve two nearly as fast as one. */
const FLUSHES_AT_ONCE = 2;

/**
 * Puts on disk what was committed, as `synchronous = FULL` does within each commit, but in a thread of the runtime: the process
 * answers others meanwhile, and one flush serves all who wait. Whoever commits waits for it before they tell anyone.
 *
 * A file is flushed as a whole, whoever wrote to it. On this one SQLite has no locks, which closing it would end.
 */
export class SqliteFlusher {
  readonly #path: string;
  /**
   * Used by none at the moment; undefined until the first flush. The system tells of a failure once through each: so those at work
   * do not share one, and all are opened at once. Later, there may be no descriptor left, or a failure that one of them would miss.
   */
  #files: number[] | undefined;
  readonly #running = new Set<Promise<unknown>>();
  #next: Promise<void> | undefined;
  #failure: AppError | undefined;

  /** Of a write-ahead log; it need not be there yet. */
  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Resolves when all is on disk that any process had committed when it was called. Fails with `store_unavailable`, and from then
   * on always: what the system could not write it may have dropped, and a second try would say that all is well.
   */
  async flush(): Promise<void> {
    // One that has begun may have missed what was committed since.
    this.#next ??= this.#begin();
    await this.#next;
  }

  /** Fails as a flush would that comes now. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Nobody commits any more. */
  async close(): Promise<void> {
    await this.#next?.catch(() => undefined);
    await Promise.all(this.#running);
    for (const file of this.#files?.splice(0) ?? []) closeSync(file);
  }

  async #begin(): Promise<void> {
    // Those who commit in this turn of the event loop share it.
    await Promise.resolve();
    while (this.#running.size >= FLUSHES_AT_ONCE) await Promise.race(this.#running);
    this.#next = undefined;
    const run = this.#run();
    const ended = run.catch(() => undefined).finally(() => this.#running.delete(ended));
    this.#running.add(ended);
    await run;
  }

  async #run(): Promise<void> {
    this.check();
    try {
      const files = (this.#files ??= this.#open());
      const file = files.pop() as number;
      await flushFile(file).finally(() => files.push(file));
    } catch (cause) {
      this.#failure = new AppError(
        'store_unavailable',
        { reason: 'the disk failed to keep what was written; look at the disk, then start the server again' },
        { cause },
      );
      throw this.#failure;
    }
  }

  #open(): number[] {
    return Array.from({ length: FLUSHES_AT_ONCE }, () => openSync(this.#path, 'r+'));
  }
}
