import type { DataKeyId, ProjectId } from '@coffer/core';
import type { Reader, Transaction } from './database.ts';
import { sql } from 'kysely';
import { prepared } from './prepared.ts';
import type { DataKeyRow } from './tables.ts';

export type DataKey = {
  id: DataKeyId;
  projectId: ProjectId;
  state: 'active' | 'retired';
  wrapped: Uint8Array;
  rootKeyId: Uint8Array;
  /** How often it sealed. */
  seals: number;
  createdAt: number;
};

export async function findDataKey(db: Reader, id: DataKeyId): Promise<DataKey | undefined> {
  const row = await db.selectFrom('data_key').selectAll().where('id', '=', id).executeTakeFirst();
  return row && toDataKey(row);
}

export async function findActiveDataKey(db: Reader, projectId: ProjectId): Promise<DataKey | undefined> {
  const [row] = await activeDataKey(db, { projectId });
  return row && toDataKey(row);
}

export async function insertDataKey(tx: Transaction, dataKey: DataKey): Promise<void> {
  await tx
    .insertInto('data_key')
    .values({
      id: dataKey.id,
      project_id: dataKey.projectId,
      state: dataKey.state,
      wrapped: dataKey.wrapped,
      root_key_id: dataKey.rootKeyId,
      seals: dataKey.seals,
      created_at: dataKey.createdAt,
    })
    .execute();
}

/** Wrapped under other root keys than this one, by id. */
export async function listDataKeysNotUnder(
  db: Reader,
  rootKeyId: Uint8Array,
  { after, limit }: { after: string; limit: number },
): Promise<DataKey[]> {
  const rows = await db
    .selectFrom('data_key')
    .selectAll()
    .where('root_key_id', '!=', rootKeyId)
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map(toDataKey);
}

/** Which root keys wrap how many data keys. */
export async function countDataKeysByRootKey(
  db: Reader,
): Promise<{ rootKeyId: Uint8Array; dataKeys: number }[]> {
  const rows = await db
    .selectFrom('data_key')
    .select(({ fn }) => ['root_key_id', fn.countAll<number | string | bigint>().as('amount')])
    .groupBy('root_key_id')
    .execute();
  return rows.map((row) => ({ rootKeyId: row.root_key_id, dataKeys: Number(row.amount) }));
}

/** False: it is no longer wrapped as it was. */
export async function rewrapDataKey(
  tx: Transaction,
  { id, rootKeyId }: Pick<DataKey, 'id' | 'rootKeyId'>,
  now: Pick<DataKey, 'wrapped' | 'rootKeyId'>,
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('data_key')
    .set({ wrapped: now.wrapped, root_key_id: now.rootKeyId })
    .where('id', '=', id)
    .where('root_key_id', '=', rootKeyId)
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

export async function retireDataKey(tx: Transaction, id: DataKeyId): Promise<void> {
  await tx.updateTable('data_key').set({ state: 'retired' }).where('id', '=', id).execute();
}

export async function addSeals(tx: Transaction, id: DataKeyId, seals: number): Promise<void> {
  await addToSeals(tx, { id, seals });
}

// A literal, so that it is seen that the index over the active keys serves.
const activeDataKey = prepared((db, { projectId }: { projectId: string }) =>
  db
    .selectFrom('data_key')
    .selectAll()
    .where('project_id', '=', projectId)
    .where('state', '=', sql.lit('active' as const)),
);

const addToSeals = prepared((db, { id, seals }: { id: string; seals: number }) =>
  db
    .updateTable('data_key')
    .set((set) => ({ seals: set('seals', '+', seals) }))
    .where('id', '=', id),
);

function toDataKey(row: DataKeyRow): DataKey {
  return {
    id: row.id as DataKeyId,
    projectId: row.project_id as ProjectId,
    state: row.state,
    wrapped: row.wrapped,
    rootKeyId: row.root_key_id,
    seals: row.seals,
    createdAt: row.created_at,
  };
}
