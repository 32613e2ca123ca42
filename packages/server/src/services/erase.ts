import type { Context } from './context.ts';

const RETRY_MS = 1000;

/**
 * Makes the store forget what was just deleted (R5). The delete itself is done and answered as done; where another
 * program is reading the database file, the erasure is repeated until it succeeds.
 */
export async function eraseDeleted(context: Context): Promise<void> {
  try {
    if (await context.store.purge()) return;
    context.log.warn('what was deleted is not erased from disk yet: another program reads the database');
  } catch (err) {
    context.log.error({ err }, 'what was deleted is not erased from disk yet');
  }
  setTimeout(() => void eraseDeleted(context), RETRY_MS).unref();
}
