import { rootKeySource } from '../keys/root-key-source.ts';
import { RootKeyring } from '../services/root-keyring.ts';
import { checkSavedHead, type HeadCheck } from '../services/saved-head-check.ts';
import { headFileIn } from '../services/saved-head-file.ts';
import { SavedHead } from '../services/saved-head.ts';
import { StartError } from '../start-error.ts';
import { emptyDatabase, openStore, type Store } from '../store/database.ts';
import { findInstance, type Instance } from '../store/instance.ts';
import { openDialect } from '../store/open-dialect.ts';
import type { AdminContext } from './admin-context.ts';

export type Opened = { store: Store; instance: Instance };

/**
 * Works on the store of the instance that there is, beside the servers that run on it, and closes it. Fails with a
 * StartError when there is none, or when a server with this data directory would not start on it, because it saw a log that
 * the database does not have. What is committed is in the saved head afterwards, where there is one.
 */
export async function withStore<T>(context: AdminContext, work: (opened: Opened) => Promise<T>): Promise<T> {
  return await withAnyStore(context, async (opened) => {
    const savedHead = await checkHead(context, opened);
    savedHead?.follow();
    try {
      return await work(opened);
    } finally {
      await savedHead?.stop();
    }
  });
}

/** The same for who looks at a database that servers refuse. */
export async function withAnyStore<T>(
  { config }: AdminContext,
  work: (opened: Opened) => Promise<T>,
): Promise<T> {
  const { database, dataDir } = config;
  const store = await openStore(await openDialect({ database, dataDir, mustExist: true }), {
    mustExist: true,
  });
  try {
    const instance = await findInstance(store.db);
    if (instance === undefined) throw emptyDatabase();
    return await work({ store, instance });
  } finally {
    await store.close();
  }
}

/** Undefined: no server has saved a head here. */
async function checkHead(context: AdminContext, opened: Opened): Promise<SavedHead | undefined> {
  const { config, clock, log } = context;
  const { store, instance } = opened;
  const path = headFileIn(config.dataDir);
  const rootKeys = keyringOf(context, instance);
  const { seen, mismatch } = await compareWithHead(context, opened, rootKeys);
  if (mismatch !== undefined) throw new StartError(`${mismatch.finding}; ${mismatch.advice}`);
  return seen && new SavedHead({ store, log, clock, rootKeys, instanceId: instance.id }, { path });
}

/** The database, and what a server with this data directory last saw of it. Fails with a StartError where the root key is not there. */
export async function compareWithHead(
  context: AdminContext,
  { store, instance }: Opened,
  rootKeys = keyringOf(context, instance),
): Promise<HeadCheck> {
  const path = headFileIn(context.config.dataDir);
  return await checkSavedHead({ db: store.db, instanceId: instance.id, rootKeys, path });
}

function keyringOf({ config }: AdminContext, { id }: Instance): RootKeyring {
  return new RootKeyring(rootKeySource(config.rootKeys, config.dataDir), id);
}
