import type { EntryId, ProjectId } from '@coffer/core';
import type { Reader, Transaction } from './database.ts';
import { preparedChange } from './prepared.ts';

/**
 * What is sealed, apart from everything else, because of how it must go (R5). When rows are deleted, SQLite merges the
 * pages that become sparse and moves the rows that stay; the copies that it leaves behind are not overwritten, not
 * even with `secure_delete`, and would outlive their originals. So these rows only ever come at the end, stay where
 * they are, and are emptied in place, which overwrites them. What remains of one is a few bytes.
 */
export type Sealed = { valueSealed: Uint8Array; commentSealed: Uint8Array };

/** Its id is the `lastInsertedId` then. */
export async function insertCiphertext(tx: Transaction, sealed: Sealed): Promise<void> {
  await insertRow(tx, sealed);
}

const insertRow = preparedChange((db, sealed: Sealed) =>
  db
    .insertInto('ciphertext')
    .values({ value_sealed: sealed.valueSealed, comment_sealed: sealed.commentSealed }),
);

/** As long as what was there, so that it takes its place on the page and overwrites it. */
export async function replaceCiphertext(tx: Transaction, id: number, sealed: Sealed): Promise<void> {
  await replaceRow(tx, { id, ...sealed });
}

const replaceRow = preparedChange((db, row: Sealed & { id: number }) =>
  db
    .updateTable('ciphertext')
    .set({ value_sealed: row.valueSealed, comment_sealed: row.commentSealed })
    .where('id', '=', row.id),
);

/** Of all versions of an entry, or of all entries of a project. */
export async function emptyCiphertexts(
  tx: Transaction,
  of: { entryId: EntryId } | { projectId: ProjectId },
): Promise<void> {
  if ('entryId' in of) await emptyOfEntry(tx, of);
  else await emptyOfProject(tx, of);
}

const emptyOfEntry = preparedChange((db, { entryId }: { entryId: string }) =>
  emptied(db, idsOf(db).where('entry_version.entry_id', '=', entryId)),
);

const emptyOfProject = preparedChange((db, { projectId }: { projectId: string }) =>
  emptied(
    db,
    idsOf(db).where('entry_version.entry_id', 'in', (where) =>
      where.selectFrom('entry').select('entry.id').where('entry.project_id', '=', projectId),
    ),
  ),
);

function idsOf(db: Reader) {
  return db.selectFrom('entry_version').select('entry_version.ciphertext_id');
}

function emptied(db: Reader, ids: ReturnType<typeof idsOf>) {
  const nothing = new Uint8Array(0);
  return db
    .updateTable('ciphertext')
    .set({ value_sealed: nothing, comment_sealed: nothing })
    .where('id', 'in', ids);
}
