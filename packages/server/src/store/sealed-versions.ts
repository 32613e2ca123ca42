import type { DataKeyId, EntryId, EnvironmentId, ProjectId } from '@coffer/core';
import { sql } from 'kysely';
import type { Reader } from './database.ts';
import type { Place } from './entries.ts';

/** What is sealed, and the place that it was sealed for. */
export type SealedAtPlace = {
  place: Place & { entryId: EntryId; version: number };
  key: string;
  content: { dataKeyId: DataKeyId; valueSealed: Uint8Array; commentSealed: Uint8Array };
};

const ROWS_AT_ONCE = 100;

/** All versions of all entries of all projects. */
export async function* eachSealedVersion(db: Reader): AsyncGenerator<SealedAtPlace> {
  let after = { entryId: '', version: 0 };
  for (;;) {
    const rows = await db
      .selectFrom('entry_version')
      .innerJoin('entry', 'entry.id', 'entry_version.entry_id')
      .innerJoin('ciphertext', 'ciphertext.id', 'entry_version.ciphertext_id')
      .select(['entry.project_id', 'entry.environment', 'entry.key'])
      .select(['entry_version.entry_id', 'entry_version.version', 'entry_version.data_key_id'])
      .select(['ciphertext.value_sealed', 'ciphertext.comment_sealed'])
      .where(
        sql<boolean>`(entry_version.entry_id, entry_version.version) > (${after.entryId}, ${after.version})`,
      )
      .orderBy('entry_version.entry_id')
      .orderBy('entry_version.version')
      .limit(ROWS_AT_ONCE)
      .execute();
    for (const row of rows) {
      yield {
        place: {
          projectId: row.project_id as ProjectId,
          environment: row.environment as EnvironmentId,
          entryId: row.entry_id as EntryId,
          version: row.version,
        },
        key: row.key,
        content: {
          dataKeyId: row.data_key_id as DataKeyId,
          valueSealed: row.value_sealed,
          commentSealed: row.comment_sealed,
        },
      };
    }
    const last = rows.at(-1);
    if (last === undefined) return;
    after = { entryId: last.entry_id, version: last.version };
  }
}
