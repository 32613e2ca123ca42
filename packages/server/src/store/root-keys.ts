import type { Reader, Transaction } from './database.ts';
import { makeChange, prepared } from './prepared.ts';
import type { RootKeyRow } from './tables.ts';

/** What the database knows of a root key that was ever its own: not the key, but what tells it from others. */
export type KnownRootKey = {
  keyCheck: Uint8Array;
  /** `current`: wraps. `replaced`: data keys may still be wrapped under it. `retired`: none is. */
  state: 'current' | 'replaced' | 'retired';
  /** When it came into that state; of a retired one, when it was replaced. Milliseconds. */
  since: number;
  /** Of a replaced or retired one: what opens the tokens that were signed under it, under the one that replaced it. */
  tokenKeySealed: Uint8Array | undefined;
};

export async function listRootKeys(db: Reader): Promise<KnownRootKey[]> {
  const rows = await db.selectFrom('root_key').selectAll().orderBy('since', 'desc').execute();
  return rows.map(toKnownRootKey);
}

/** Fails with an Error when there is no instance. */
export async function getCurrentRootKey(db: Reader): Promise<KnownRootKey> {
  const [row] = await currentRootKey(db, {});
  if (row === undefined) throw new Error('the database names no root key');
  return toKnownRootKey(row);
}

const currentRootKey = prepared((db) => db.selectFrom('root_key').selectAll().where('state', '=', 'current'));

export async function insertRootKey(tx: Transaction, known: KnownRootKey): Promise<void> {
  await makeChange(
    tx,
    tx.insertInto('root_key').values({
      key_check: known.keyCheck,
      state: known.state,
      since: known.since,
      token_key_sealed: known.tokenKeySealed ?? null,
    }),
  );
}

/** The current one gives its place up; what those before it signed has no place any more. */
export async function markReplaced(
  tx: Transaction,
  keyCheck: Uint8Array,
  { since, tokenKeySealed }: { since: number; tokenKeySealed: Uint8Array },
): Promise<void> {
  await makeChange(
    tx,
    tx
      .updateTable('root_key')
      .set({ state: 'replaced', since, token_key_sealed: tokenKeySealed })
      .where('key_check', '=', keyCheck),
  );
  await tx
    .updateTable('root_key')
    .set({ token_key_sealed: null })
    .where('key_check', '!=', keyCheck)
    .execute();
}

/** How many there were. */
export async function retireReplaced(tx: Transaction): Promise<number> {
  const { numUpdatedRows } = await tx
    .updateTable('root_key')
    .set({ state: 'retired' })
    .where('state', '=', 'replaced')
    .executeTakeFirstOrThrow();
  return Number(numUpdatedRows);
}

function toKnownRootKey(row: RootKeyRow): KnownRootKey {
  return {
    keyCheck: row.key_check,
    state: row.state,
    since: row.since,
    tokenKeySealed: row.token_key_sealed ?? undefined,
  };
}
