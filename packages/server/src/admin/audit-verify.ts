import { ADMIN_EXIT } from '@coffer/core';
import { AuditDifference } from '../services/audit-difference.ts';
import { verifyVault, type VaultVerification } from '../services/vault-verification.ts';
import type { Reader, Store } from '../store/database.ts';
import type { AdminContext, AdminHandler } from './admin-context.ts';
import { amountOf } from './amount-of.ts';
import { progressLine } from './progress.ts';
import { withAnyStore } from './with-store.ts';

export const auditVerify: AdminHandler<'audit verify'> = async (context) =>
  await withAnyStore(context, async ({ store }) => {
    const found = await store.snapshot(async (snapshot) => await verify(context, store, snapshot));
    const { size, root, versions, commentsUnproven } = found;
    context.say(
      `The audit log is whole: ${amountOf(size, 'record')}. The ${versions} versions that are stored are those on record.`,
    );
    if (commentsUnproven > 0)
      context.say(
        `Of ${commentsUnproven} of them the comment is not on record: they were stored before records named it.`,
      );
    context.print(
      context.json ? JSON.stringify({ size, root, versions, comments_unproven: commentsUnproven }) : root,
    );
    return ADMIN_EXIT.success;
  });

async function verify(
  { json, print, say, signal }: AdminContext,
  store: Store,
  snapshot: Reader,
): Promise<VaultVerification> {
  try {
    const damage = await store.findDamage(snapshot);
    if (damage !== undefined)
      throw new AuditDifference('database', `the database may tell less than it holds: ${damage}`);
    return await verifyVault(snapshot, { signal, progress: progressOf(say) });
  } catch (error) {
    if (json && error instanceof AuditDifference) print(JSON.stringify(error));
    throw error;
  }
}

function progressOf(say: AdminContext['say']): (what: string, done: number, total: number) => void {
  return (what, done, total) => say(progressLine(done, total, `${what} are compared`), { isPassing: true });
}
