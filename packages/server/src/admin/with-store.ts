import { StartError } from '../start-error.ts';
import { openStore, type Store } from '../store/database.ts';
import { findInstance, type Instance } from '../store/instance.ts';
import { openDialect } from '../store/open-dialect.ts';
import type { AdminContext } from './admin-context.ts';

/**
 * Works on the store of the instance that there is, beside the servers that run on it, and closes it. Fails with a
 * StartError when there is none.
 */
export async function withStore<T>(
  { config }: AdminContext,
  work: (opened: { store: Store; instance: Instance }) => Promise<T>,
): Promise<T> {
  const store = await openStore(await openDialect(config));
  try {
    const instance = await findInstance(store.db);
    if (instance === undefined)
      throw new StartError('the database is empty; `coffer serve` makes an instance in it');
    return await work({ store, instance });
  } finally {
    await store.close();
  }
}
