import type { DataKeyId, ProjectId } from '@coffer/core';
import type { Reader, Transaction } from './database.ts';
import { sql, type Selectable } from 'kysely';
import { makeChange, prepared, preparedChange } from './prepared.ts';
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

/** In the place of the id: the key was destroyed, and its row stays until that is so on disk, too. */
const NO_ROOT_KEY = new Uint8Array(16);

/** Of one project, of all, or of all but some. */
export type DataKeyScope = ProjectId | undefined | { except: readonly ProjectId[] };

/** Undefined: there is none, or it was destroyed. */
export async function findDataKey(db: Reader, id: DataKeyId): Promise<DataKey | undefined> {
  const row = await wholeKeys(db).selectAll().where('id', '=', id).executeTakeFirst();
  return row && toDataKey(row);
}

export async function findActiveDataKey(db: Reader, projectId: ProjectId): Promise<DataKey | undefined> {
  const [row] = await activeDataKey(db, { projectId });
  return row && toDataKey(row);
}

export async function insertDataKey(tx: Transaction, dataKey: DataKey): Promise<void> {
  await makeChange(
    tx,
    tx.insertInto('data_key').values({
      id: dataKey.id,
      project_id: dataKey.projectId,
      state: dataKey.state,
      wrapped: dataKey.wrapped,
      root_key_id: dataKey.rootKeyId,
      seals: dataKey.seals,
      created_at: dataKey.createdAt,
    }),
  );
}

/** Wrapped under other root keys than this one, by id. */
export async function listDataKeysNotUnder(
  db: Reader,
  rootKeyId: Uint8Array,
  { after, limit }: { after: string; limit: number },
): Promise<DataKey[]> {
  const rows = await wholeKeys(db)
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
  const rows = await wholeKeys(db)
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
  await makeChange(tx, tx.updateTable('data_key').set({ state: 'retired' }).where('id', '=', id));
}

/**
 * Since when keys are being replaced: the time of the oldest one that is not destroyed yet. Undefined: no rotation is under
 * way.
 */
export async function findReplacedSince(db: Reader, scope: DataKeyScope): Promise<number | undefined> {
  const row = await replacedIn(db, scope)
    .select(({ fn }) => fn.min('replaced_at').as('since'))
    .executeTakeFirst();
  return row === undefined || row.since === null ? undefined : row.since;
}

/**
 * With keys that are not being replaced; only with such as were made before that time, if one is given. A key that is marked
 * and seals all the same, which nothing of ours makes, is replaced like one without the mark.
 */
export async function listProjectsToRotate(
  db: Reader,
  scope: DataKeyScope,
  { madeBefore }: { madeBefore: number | undefined },
): Promise<ProjectId[]> {
  const keys = keysIn(db, scope).where((where) => {
    const unmarked = where('replaced_at', 'is', null);
    return where.or([
      madeBefore === undefined ? unmarked : where.and([unmarked, where('created_at', '<', madeBefore)]),
      where.and([where('replaced_at', 'is not', null), where('state', '=', 'active')]),
    ]);
  });
  const rows = await keys.select('project_id').distinct().orderBy('project_id').execute();
  return rows.map((row) => row.project_id as ProjectId);
}

/** All keys of the project. None of them seals any more. Answers with how many there were. */
export async function markDataKeysReplaced(
  tx: Transaction,
  projectId: ProjectId,
  at: number,
): Promise<number> {
  const { numUpdatedRows } = await tx
    .updateTable('data_key')
    .set({ state: 'retired', replaced_at: at })
    .where('project_id', '=', projectId)
    .where((where) => where.or([where('replaced_at', 'is', null), where('state', '=', 'active')]))
    .executeTakeFirstOrThrow();
  return Number(numUpdatedRows);
}

export type ReplacedDataKey = Pick<DataKey, 'id' | 'projectId'> & { isDestroyed: boolean };

/** By project and id. */
export async function listReplacedDataKeys(db: Reader, scope: DataKeyScope): Promise<ReplacedDataKey[]> {
  const rows = await replacedIn(db, scope)
    .select(['id', 'project_id', 'root_key_id'])
    .orderBy('project_id')
    .orderBy('id')
    .execute();
  return rows.map((row) => ({
    id: row.id as DataKeyId,
    projectId: row.project_id as ProjectId,
    isDestroyed: Buffer.from(row.root_key_id).equals(NO_ROOT_KEY),
  }));
}

/** Of these, which are there and not destroyed. */
export async function listDataKeysAmong(db: Reader, ids: readonly DataKeyId[]): Promise<DataKeyId[]> {
  if (ids.length === 0) return [];
  const rows = await wholeKeys(db).select('id').where('id', 'in', ids).execute();
  return rows.map(({ id }) => id as DataKeyId);
}

/**
 * Overwrites it in its place. The row stays as the sign that this is not erased from disk yet, until `removeDestroyed`. False: it
 * is destroyed already.
 */
export async function destroyDataKey(tx: Transaction, id: DataKeyId): Promise<boolean> {
  const key = await findDataKey(tx, id);
  if (key === undefined) return false;
  const nothing = { wrapped: new Uint8Array(key.wrapped.length), root_key_id: NO_ROOT_KEY };
  await makeChange(tx, tx.updateTable('data_key').set(nothing).where('id', '=', id));
  return true;
}

/** What `destroyDataKey` has left of it, if it has. */
export async function removeDestroyed(tx: Transaction, id: DataKeyId): Promise<void> {
  await makeChange(tx, tx.deleteFrom('data_key').where('id', '=', id).where('root_key_id', '=', NO_ROOT_KEY));
}

/** Marked as destroyed by someone else than `destroyDataKey`, which leaves no more of a key than its name. */
export async function listFalselyDestroyed(db: Reader): Promise<DataKeyId[]> {
  const rows = await db
    .selectFrom('data_key')
    .select(['id', 'state', 'wrapped', 'replaced_at'])
    .select((select) =>
      select
        .selectFrom('entry_version')
        .select('entry_version.data_key_id')
        .whereRef('entry_version.data_key_id', '=', 'data_key.id')
        .limit(1)
        .as('used_as'),
    )
    .where('root_key_id', '=', NO_ROOT_KEY)
    .orderBy('id')
    .execute();
  const isDestroyed = ({ state, wrapped, replaced_at, used_as }: (typeof rows)[number]): boolean =>
    state === 'retired' && replaced_at !== null && used_as === null && wrapped.every((byte) => byte === 0);
  return rows.filter((row) => !isDestroyed(row)).map(({ id }) => id as DataKeyId);
}

/** Without those that were destroyed. */
function wholeKeys(db: Reader) {
  return db.selectFrom('data_key').where('root_key_id', '!=', NO_ROOT_KEY);
}

function keysIn(db: Reader, scope: DataKeyScope) {
  const keys = db.selectFrom('data_key');
  if (scope === undefined) return keys;
  return typeof scope === 'string'
    ? keys.where('project_id', '=', scope)
    : keys.where('project_id', 'not in', scope.except);
}

export function replacedIn(db: Reader, scope: DataKeyScope) {
  return keysIn(db, scope).where('replaced_at', 'is not', null);
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

const addToSeals = preparedChange((db, { id, seals }: { id: string; seals: number }) =>
  db
    .updateTable('data_key')
    .set((set) => ({ seals: set('seals', '+', seals) }))
    .where('id', '=', id),
);

function toDataKey(row: Selectable<DataKeyRow>): DataKey {
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
