import type { Redacted } from '@coffer/core';
import type { Clock } from '../clock.ts';
import { isRootKeyOf, rootKeyCheck } from '../keys/root-key.ts';
import { randomId } from '../random-id.ts';
import { StartError } from '../start-error.ts';
import type { Store } from '../store/database.ts';
import { findInstance, insertInstance, type Instance } from '../store/instance.ts';
import { draft, type AuditLog } from './audit-log.ts';

/**
 * The instance that the store belongs to, made on an empty store. Fails with a StartError when the root key is not the
 * one that its data keys are wrapped with (R10).
 */
export async function openInstance(
  { store, audit, clock }: { store: Store; audit: AuditLog; clock: Clock },
  rootKey: Redacted<Buffer>,
): Promise<Instance> {
  const found = (await findInstance(store.db)) ?? (await createInstance({ store, audit, clock }, rootKey));
  if (isRootKeyOf(rootKey, found.id, found.rootKeyCheck)) return found;
  throw new StartError(
    'the root key is not the one of this database; give the key that it was made with, nothing was changed',
  );
}

async function createInstance(
  { store, audit, clock }: { store: Store; audit: AuditLog; clock: Clock },
  rootKey: Redacted<Buffer>,
): Promise<Instance> {
  const id = randomId('ins');
  const instance: Instance = { id, rootKeyCheck: rootKeyCheck(rootKey, id), createdAt: clock() };
  return await store.transaction(async (tx) => {
    const other = await findInstance(tx);
    if (other !== undefined) return other;
    await insertInstance(tx, instance);
    const origin = { ip: '', requestId: 'start', userAgent: '' };
    await audit.append(tx, draft(origin, undefined, { type: 'instance_create', object: id }));
    return instance;
  });
}
