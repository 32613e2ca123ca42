import { setTimeout as sleep } from 'node:timers/promises';
import type { Store, Transaction } from '../store/database.ts';

/** Longer than a server takes to try again for the lock, so that requests get between. */
const PAUSE_MS_MIN = 25;

/**
 * For long work beside servers: one small transaction after the other, with time for others between them, until `work` has
 * nothing to answer with or the signal stops it. What it answers with is yielded when it is committed.
 */
export async function* inSmallTransactions<T>(
  store: Store,
  signal: AbortSignal,
  work: (tx: Transaction) => Promise<T | undefined>,
): AsyncGenerator<T> {
  while (!signal.aborted) {
    const begun = performance.now();
    const done = await store.transaction(work);
    if (done === undefined) return;
    yield done;
    await sleep(Math.max(PAUSE_MS_MIN, performance.now() - begun));
  }
}
