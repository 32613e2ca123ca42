import { ADMIN_EXIT } from '@coffer/core';
import { AuditDifference } from '../services/audit-difference.ts';
import { verifyVault, type VaultVerification } from '../services/vault-verification.ts';
import { StartError } from '../start-error.ts';
import type { Reader, Store } from '../store/database.ts';
import type { AdminContext, AdminHandler } from './admin-context.ts';
import { amountOf } from './amount-of.ts';
import { progressLine } from './progress.ts';
import { compareWithHead, withAnyStore, type Opened } from './with-store.ts';

export const auditVerify: AdminHandler<'audit verify'> = async (context) =>
  await withAnyStore(context, async (opened) => {
    const { store } = opened;
    const found = await store.snapshot(async (snapshot) => await verify(context, store, snapshot));
    const { size, root, versions, commentsUnproven } = found;
    context.say(
      `The audit log is whole: ${amountOf(size, 'record')}. The ${versions} versions that are stored are those on record.`,
    );
    if (commentsUnproven > 0)
      context.say(
        `Of ${commentsUnproven} of them the comment is not on record: they were stored before records named it.`,
      );
    if (!(await isWhatWasSeen(context, opened))) return ADMIN_EXIT.failure;
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

/** A log that was put back is as whole as it was then: only what was kept outside the database tells. */
async function isWhatWasSeen(context: AdminContext, opened: Opened): Promise<boolean> {
  const { json, print, say } = context;
  try {
    const { mismatch } = await compareWithHead(context, opened);
    if (mismatch === undefined) return true;
    const { finding, advice } = mismatch;
    if (json) print(JSON.stringify(new AuditDifference('head', finding)));
    say(`But ${finding}; ${advice}`);
    return false;
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    say(`It is not compared with what a server last saw: ${error.message}`);
    return true;
  }
}

function progressOf(say: AdminContext['say']): (what: string, done: number, total: number) => void {
  return (what, done, total) => say(progressLine(done, total, `${what} are compared`), { isPassing: true });
}
