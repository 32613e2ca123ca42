import type { DataKeyId, EntryId, EnvironmentId, PrincipalId, ProjectId } from '@coffer/core';
import { sql } from 'kysely';
import type { Reader } from './database.ts';
import type { Author, Place } from './entries.ts';
import { refuseInexact } from './exact-numbers.ts';
import { countRows } from './page.ts';

export type SealedContent = { dataKeyId: DataKeyId; valueSealed: Uint8Array; commentSealed: Uint8Array };

/** What is sealed, and the place that it was sealed for. */
export type SealedAtPlace = {
  place: Place & { entryId: EntryId; version: number };
  key: string;
  /** The version that the entry is at. */
  current: number;
  /** Who made the entry, and this version of it. */
  entryAuthor: Author;
  author: Author;
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

/** A version that opens with this key, or with one that is not there. */
export async function findVersionWithoutKey(
  db: Reader,
  lost: DataKeyId | undefined,
): Promise<{ place: Place & { key: string; version: number }; dataKeyId: string } | undefined> {
  const row = await db
    .selectFrom('entry_version')
    .innerJoin('entry', 'entry.id', 'entry_version.entry_id')
    .leftJoin('data_key', 'data_key.id', 'entry_version.data_key_id')
    .select(['entry.project_id', 'entry.environment', 'entry.key'])
    .select(['entry_version.version', 'entry_version.data_key_id'])
    .where((where) => {
      const isNotThere = where('data_key.id', 'is', null);
      return lost === undefined ? isNotThere : where.or([isNotThere, where('data_key.id', '=', lost)]);
    })
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const { environment, key, version } = row;
  const place = {
    projectId: row.project_id as ProjectId,
    environment: environment as EnvironmentId,
    key,
    version,
  };
  return { place, dataKeyId: row.data_key_id };
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

/** One whose entry is not there. */
export async function findOrphanVersion(db: Reader): Promise<VersionId | undefined> {
  const row = await db
    .selectFrom('entry_version')
    .select(['entry_id', 'version'])
    .where((where) =>
      where.not(
        where.exists(
          where.selectFrom('entry').select('entry.id').whereRef('entry.id', '=', 'entry_version.entry_id'),
        ),
      ),
    )
    .limit(1)
    .executeTakeFirst();
  return row && { entryId: row.entry_id, version: row.version };
}

const ROWS_AT_A_LOOK = 10_000;

/** The id of one that is not empty, though no version refers to it. Goes from row to row, whatever their ids. */
export async function findStrayCiphertext(db: Reader): Promise<number | undefined> {
  let after = sql<boolean>`true`;
  for (;;) {
    const ids = db.selectFrom('ciphertext').select('id').where(after).orderBy('id').limit(ROWS_AT_A_LOOK);
    const { last } = await db
      .selectFrom(ids.as('look'))
      .select((select) => select.fn.max<number | null>('look.id').as('last'))
      .executeTakeFirstOrThrow();
    if (last === null) return undefined;
    refuseInexact('ciphertext', { id: last });
    const stray = await db
      .selectFrom('ciphertext')
      .select('ciphertext.id')
      .where(after)
      .where('ciphertext.id', '<=', last)
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
    after = sql<boolean>`ciphertext.id > ${last}`;
  }
}

/** In the order of `eachSealedVersion`, those behind one. */
export function sealedVersionsAfter(db: Reader, { entryId, version }: VersionId) {
  return (
    db
      .selectFrom('entry_version')
      .innerJoin('entry', 'entry.id', 'entry_version.entry_id')
      .innerJoin('ciphertext', 'ciphertext.id', 'entry_version.ciphertext_id')
      .select(['entry.project_id', 'entry.environment', 'entry.key', 'entry.version as current'])
      .select(['entry.created_by_uid as entry_uid', 'entry.created_by_username as entry_username'])
      .select(['entry_version.entry_id', 'entry_version.version', 'entry_version.data_key_id'])
      .select(['entry_version.created_by_uid as uid', 'entry_version.created_by_username as username'])
      .select(['ciphertext.id as ciphertext_id', 'ciphertext.value_sealed', 'ciphertext.comment_sealed'])
      .where(sql<boolean>`(entry_version.entry_id, entry_version.version) > (${entryId}, ${version})`)
      // The same said of the other table: PostgreSQL may merge the two, and would walk that one from its beginning.
      .where('entry.id', '>=', entryId)
      .orderBy('entry_version.entry_id')
      .orderBy('entry_version.version')
  );
}

type SealedRow = Awaited<ReturnType<ReturnType<typeof sealedVersionsAfter>['execute']>>[number];

/** Fails with a StartError on a row that could not be walked on from. */
export function toSealedAtPlace(row: SealedRow): SealedAtPlace {
  const { entry_id, version, ciphertext_id } = row;
  refuseInexact('entry_version', { entry_id, version, ciphertext_id });
  return {
    place: {
      projectId: row.project_id as ProjectId,
      environment: row.environment as EnvironmentId,
      entryId: row.entry_id as EntryId,
      version: row.version,
    },
    key: row.key,
    current: row.current,
    entryAuthor: { uid: row.entry_uid as PrincipalId, username: row.entry_username },
    author: { uid: row.uid as PrincipalId, username: row.username },
    content: {
      dataKeyId: row.data_key_id as DataKeyId,
      valueSealed: row.value_sealed,
      commentSealed: row.comment_sealed,
    },
    ciphertextId: row.ciphertext_id,
  };
}
