import type { DataKeyId, EntryId, EnvironmentId, ProjectId } from '@coffer/core';
import { sql } from 'kysely';
import type { Reader } from './database.ts';
import type { Place } from './entries.ts';
import { countRows } from './page.ts';

export type SealedContent = { dataKeyId: DataKeyId; valueSealed: Uint8Array; commentSealed: Uint8Array };

/** What is sealed, and the place that it was sealed for. */
export type SealedAtPlace = {
  place: Place & { entryId: EntryId; version: number };
  key: string;
  /** The version that the entry is at. */
  current: number;
  content: SealedContent;
  ciphertextId: number;
};

export type VersionId = { entryId: string; version: number };

export const BEFORE_ALL: VersionId = { entryId: '', version: 0 };
const ROWS_AT_ONCE = 100;

/** All versions of all entries of all projects; those of one entry one after the other, from the first on. */
export async function* eachSealedVersion(db: Reader): AsyncGenerator<SealedAtPlace> {
  let after = BEFORE_ALL;
  for (;;) {
    const rows = await sealedVersionsAfter(db, after).limit(ROWS_AT_ONCE).execute();
    for (const row of rows) yield toSealedAtPlace(row);
    const last = rows.at(-1);
    if (last === undefined) return;
    after = { entryId: last.entry_id, version: last.version };
  }
}

export async function countVersions(db: Reader): Promise<number> {
  return await countRows(db.selectFrom('entry_version'));
}

/** One that has no version at all. */
export async function findBareEntry(
  db: Reader,
): Promise<(Place & { key: string; version: number }) | undefined> {
  const row = await db
    .selectFrom('entry')
    .select(['project_id', 'environment', 'key', 'version'])
    .where((where) =>
      where.not(
        where.exists(
          where
            .selectFrom('entry_version')
            .select('entry_version.version')
            .whereRef('entry_version.entry_id', '=', 'entry.id'),
        ),
      ),
    )
    .limit(1)
    .executeTakeFirst();
  return (
    row && {
      projectId: row.project_id as ProjectId,
      environment: row.environment as EnvironmentId,
      key: row.key,
      version: row.version,
    }
  );
}

const IDS_AT_ONCE = 10_000;

/** The id of one that is not empty, though no version refers to it. */
export async function findStrayCiphertext(db: Reader): Promise<number | undefined> {
  const last = await db
    .selectFrom('ciphertext')
    .select((select) => select.fn.max('id').as('id'))
    .executeTakeFirst();
  for (let from = 0; from <= (last?.id ?? -1); from += IDS_AT_ONCE) {
    const stray = await db
      .selectFrom('ciphertext')
      .select('ciphertext.id')
      .where('ciphertext.id', '>=', from)
      .where('ciphertext.id', '<', from + IDS_AT_ONCE)
      .where(sql<boolean>`length(value_sealed) + length(comment_sealed) > 0`)
      .where((where) =>
        where.not(
          where.exists(
            where
              .selectFrom('entry_version')
              .select('entry_version.version')
              .whereRef('entry_version.ciphertext_id', '=', 'ciphertext.id'),
          ),
        ),
      )
      .orderBy('ciphertext.id')
      .limit(1)
      .executeTakeFirst();
    if (stray !== undefined) return stray.id;
  }
  return undefined;
}

/** In the order of `eachSealedVersion`, those behind one. */
export function sealedVersionsAfter(db: Reader, { entryId, version }: VersionId) {
  return (
    db
      .selectFrom('entry_version')
      .innerJoin('entry', 'entry.id', 'entry_version.entry_id')
      .innerJoin('ciphertext', 'ciphertext.id', 'entry_version.ciphertext_id')
      .select(['entry.project_id', 'entry.environment', 'entry.key', 'entry.version as current'])
      .select(['entry_version.entry_id', 'entry_version.version', 'entry_version.data_key_id'])
      .select(['ciphertext.id as ciphertext_id', 'ciphertext.value_sealed', 'ciphertext.comment_sealed'])
      .where(sql<boolean>`(entry_version.entry_id, entry_version.version) > (${entryId}, ${version})`)
      // The same said of the other table: PostgreSQL may merge the two, and would walk that one from its beginning.
      .where('entry.id', '>=', entryId)
      .orderBy('entry_version.entry_id')
      .orderBy('entry_version.version')
  );
}

type SealedRow = Awaited<ReturnType<ReturnType<typeof sealedVersionsAfter>['execute']>>[number];

export function toSealedAtPlace(row: SealedRow): SealedAtPlace {
  return {
    place: {
      projectId: row.project_id as ProjectId,
      environment: row.environment as EnvironmentId,
      entryId: row.entry_id as EntryId,
      version: row.version,
    },
    key: row.key,
    current: row.current,
    content: {
      dataKeyId: row.data_key_id as DataKeyId,
      valueSealed: row.value_sealed,
      commentSealed: row.comment_sealed,
    },
    ciphertextId: row.ciphertext_id,
  };
}
