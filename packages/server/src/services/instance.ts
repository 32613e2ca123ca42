import type { Clock } from '../clock.ts';
import { rootKeyCheck } from '../keys/root-key.ts';
import type { RootKeySource } from '../keys/root-key-source.ts';
import { randomId } from '../random-id.ts';
import type { Store } from '../store/database.ts';
import { findInstance, insertInstance, type Instance } from '../store/instance.ts';
import { insertRootKey } from '../store/root-keys.ts';
import { draft, type AuditLog } from './audit-log.ts';
import { RootKeyring } from './root-keyring.ts';

/**
 * The instance that the store belongs to, made on an empty store, and its root keys. Fails with a StartError when they
 * are not the ones that its data keys are wrapped with (R10).
 */
export async function openInstance(
  { store, audit, clock }: { store: Store; audit: AuditLog; clock: Clock },
  source: RootKeySource,
): Promise<Instance & { rootKeys: RootKeyring }> {
  const found = (await findInstance(store.db)) ?? (await createInstance({ store, audit, clock }, source));
  const rootKeys = new RootKeyring(source, found.id);
  await rootKeys.requireComplete(store.db);
  return { ...found, rootKeys };
}

async function createInstance(
  { store, audit, clock }: { store: Store; audit: AuditLog; clock: Clock },
  source: RootKeySource,
): Promise<Instance> {
  const [rootKey] = source.read();
  const id = randomId('ins');
  const instance: Instance = { id, createdAt: clock() };
  return await store.transaction(async (tx) => {
    const other = await findInstance(tx);
    if (other !== undefined) return other;
    await insertInstance(tx, instance);
    await insertRootKey(tx, {
      keyCheck: rootKeyCheck(rootKey, id),
      state: 'current',
      since: instance.createdAt,
      tokenKeySealed: undefined,
    });
    const origin = { ip: '', requestId: 'start', userAgent: '' };
    await audit.append(tx, draft(origin, undefined, { type: 'instance_create', object: id }));
    return instance;
  });
}
