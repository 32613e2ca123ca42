import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../logger.ts';
import type { Store } from '../store/database.ts';

const RETRY_MS = 1000;
/** It waits twice as long each time: a backup may read for an hour. */
const RETRY_MS_MAX = 16_000;
const ATTEMPTS_MAX = 50;
const ATTEMPT_AGAIN_MS = 100;

/**
 * Makes the store forget what was just deleted (R5). The delete itself is done and answered as done; where another
 * program is reading the database file, the erasure is repeated until it succeeds.
 */
export class Eraser {
  readonly #store: Store;
  readonly #log: Logger;
  #retry: NodeJS.Timeout | undefined;
  #retryMs = RETRY_MS;

  constructor(store: Store, log: Logger) {
    this.#store = store;
    this.#log = log;
  }

  async erase(): Promise<void> {
    if (await this.#tryPurge()) {
      this.#retryMs = RETRY_MS;
      return;
    }
    // One retry serves all that was deleted meanwhile.
    if (this.#retry !== undefined) return;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      void this.erase();
    }, this.#retryMs).unref();
    this.#retryMs = Math.min(2 * this.#retryMs, RETRY_MS_MAX);
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

/** For a command, which waits for it. False: another program is reading all the time. */
export async function erase(store: Store): Promise<boolean> {
  for (let attempts = 1; !(await store.purge()); attempts += 1) {
    if (attempts === ATTEMPTS_MAX) return false;
    await sleep(ATTEMPT_AGAIN_MS);
  }
  return true;
}
