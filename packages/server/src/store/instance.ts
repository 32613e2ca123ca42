import type { InstanceId } from '@coffer/core';
import type { Reader, Transaction } from './database.ts';
import { makeChange } from './prepared.ts';

export type Instance = { id: InstanceId; createdAt: number };

export async function findInstance(db: Reader): Promise<Instance | undefined> {
  const row = await db.selectFrom('instance').selectAll().executeTakeFirst();
  return row && { id: row.id as InstanceId, createdAt: row.created_at };
}

export async function insertInstance(tx: Transaction, instance: Instance): Promise<void> {
  await makeChange(
    tx,
    tx.insertInto('instance').values({
      singleton: 1,
      id: instance.id,
      created_at: instance.createdAt,
    }),
  );
}
