import type { UserId } from '@coffer/core';
import type { Reader, Transaction } from './database.ts';
import { makeChange } from './prepared.ts';

/** How often something that guards a secret was tried in vain. `subject` names account, address or both. */
export type Attempts = { failures: number; blockedUntil: number; updatedAt: number };

export async function findAttempts(db: Reader, subject: string): Promise<Attempts | undefined> {
  const row = await db.selectFrom('attempt').selectAll().where('subject', '=', subject).executeTakeFirst();
  return row && { failures: row.failures, blockedUntil: row.blocked_until, updatedAt: row.updated_at };
}

export async function saveAttempts(tx: Transaction, subject: string, attempts: Attempts): Promise<void> {
  const values = {
    failures: attempts.failures,
    blocked_until: attempts.blockedUntil,
    updated_at: attempts.updatedAt,
  };
  await makeChange(
    tx,
    tx
      .insertInto('attempt')
      .values({ subject, ...values })
      .onConflict((conflict) => conflict.column('subject').doUpdateSet(values)),
  );
}

export async function removeAttempts(tx: Transaction, subject: string): Promise<void> {
  await makeChange(tx, tx.deleteFrom('attempt').where('subject', '=', subject));
}

export async function removeOldAttempts(tx: Transaction, before: number): Promise<void> {
  await makeChange(tx, tx.deleteFrom('attempt').where('updated_at', '<', before));
}

export async function hasSignedInFrom(db: Reader, uid: UserId, address: string): Promise<boolean> {
  const row = await db
    .selectFrom('sign_in_address')
    .select('uid')
    .where('uid', '=', uid)
    .where('address', '=', address)
    .executeTakeFirst();
  return row !== undefined;
}

export async function saveSignInAddress(
  tx: Transaction,
  signIn: { uid: UserId; address: string; at: number },
): Promise<void> {
  await makeChange(
    tx,
    tx
      .insertInto('sign_in_address')
      .values({ uid: signIn.uid, address: signIn.address, last_at: signIn.at })
      .onConflict((conflict) => conflict.columns(['uid', 'address']).doUpdateSet({ last_at: signIn.at })),
  );
}

export async function removeOldSignInAddresses(tx: Transaction, before: number): Promise<void> {
  await makeChange(tx, tx.deleteFrom('sign_in_address').where('last_at', '<', before));
}
