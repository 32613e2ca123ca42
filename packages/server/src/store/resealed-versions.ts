import type { DataKeyId } from '@coffer/core';
import { replaceCiphertext } from './ciphertexts.ts';
import { replacedIn, type DataKeyScope } from './data-keys.ts';
import type { Reader, Transaction } from './database.ts';
import { countRows } from './page.ts';
import { prepared, preparedChange } from './prepared.ts';
import {
  sealedVersionsAfter,
  toSealedAtPlace,
  type SealedAtPlace,
  type SealedContent,
  type VersionId,
} from './sealed-versions.ts';

/** What a data key sealed, by entry and version. */
export async function listVersionsUnder(
  db: Reader,
  dataKeyId: DataKeyId,
  { after, limit }: { after: VersionId; limit: number },
): Promise<SealedAtPlace[]> {
  const rows = await sealedVersionsAfter(db, after)
    .where('entry_version.data_key_id', '=', dataKeyId)
    .limit(limit)
    .execute();
  return rows.map(toSealedAtPlace);
}

/** Under data keys that are being replaced. */
export async function countVersionsToReseal(db: Reader, scope: DataKeyScope): Promise<number> {
  const keys = replacedIn(db, scope).select('data_key.id');
  return await countRows(db.selectFrom('entry_version').where('data_key_id', 'in', keys));
}

export async function countVersionsUnder(db: Reader, dataKeyId: DataKeyId): Promise<number> {
  return await countRows(db.selectFrom('entry_version').where('data_key_id', '=', dataKeyId));
}

/** What is sealed of this version now. */
export async function findSealed(db: Reader, id: VersionId): Promise<SealedContent | undefined> {
  const [row] = await sealedOf(db, id);
  return (
    row && {
      dataKeyId: row.data_key_id as DataKeyId,
      valueSealed: row.value_sealed,
      commentSealed: row.comment_sealed,
    }
  );
}

/** The same content, sealed anew: it is in the place of what was there. */
export async function replaceSealed(
  tx: Transaction,
  { place, ciphertextId }: SealedAtPlace,
  sealed: SealedContent,
): Promise<void> {
  await replaceCiphertext(tx, ciphertextId, sealed);
  await setDataKey(tx, { entryId: place.entryId, version: place.version, dataKeyId: sealed.dataKeyId });
}

const setDataKey = preparedChange((db, to: VersionId & { dataKeyId: string }) =>
  db
    .updateTable('entry_version')
    .set({ data_key_id: to.dataKeyId })
    .where('entry_id', '=', to.entryId)
    .where('version', '=', to.version),
);

const sealedOf = prepared((db, { entryId, version }: VersionId) =>
  db
    .selectFrom('entry_version')
    .innerJoin('ciphertext', 'ciphertext.id', 'entry_version.ciphertext_id')
    .select(['entry_version.data_key_id', 'ciphertext.value_sealed', 'ciphertext.comment_sealed'])
    .where('entry_version.entry_id', '=', entryId)
    .where('entry_version.version', '=', version),
);
