import type { Logger } from '../logger.ts';
import type { Store } from '../store/database.ts';

const RETRY_MS = 1000;

/**
 * Makes the store forget what was just deleted (R5). The delete itself is done and answered as done; where another
 * program is reading the database file, the erasure is repeated until it succeeds.
 */
export class Eraser {
  readonly #store: Store;
  readonly #log: Logger;
  #retry: NodeJS.Timeout | undefined;

  constructor(store: Store, log: Logger) {
    this.#store = store;
    this.#log = log;
  }

  async erase(): Promise<void> {
    if (await this.#tryPurge()) return;
    // One retry serves all that was deleted meanwhile.
    if (this.#retry !== undefined) return;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      void this.erase();
    }, RETRY_MS).unref();
    this.#log.warn('what was deleted is not erased from disk yet: another program reads the database');
  }

  async #tryPurge(): Promise<boolean> {
    try {
      return await this.#store.purge();
    } catch (err) {
      this.#log.error({ err }, 'what was deleted cannot be erased from disk now');
      return false;
    }
  }
}
