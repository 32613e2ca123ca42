import type {
  DataKeyId,
  EntryId,
  EntryKey,
  EnvironmentId,
  KeyPattern,
  PrincipalId,
  ProjectId,
} from '@coffer/core';
import { sql, type Selectable, type SqlBool } from 'kysely';
import { emptyCiphertexts, insertCiphertext } from './ciphertexts.ts';
import type { Reader, Transaction } from './database.ts';
import { contains, countRows, matchesAny, type Page } from './page.ts';
import { lastInsertedId, prepared, preparedChange } from './prepared.ts';
import type { CiphertextRow, EntryRow, EntryVersionRow } from './tables.ts';

/** Where an entry lives. */
export type Place = { projectId: ProjectId; environment: EnvironmentId };

export type Author = { uid: PrincipalId; username: string };

export type Entry = Place & {
  id: EntryId;
  key: EntryKey;
  /** The current version: 1, 2, 3… */
  version: number;
  /** Where routes may send its value. */
  allowedOrigins: readonly string[];
  /** Whether routes may put it into the path of a URL. */
  allowedInPath: boolean;
  createdAt: number;
  createdBy: Author;
};

export type EntryVersion = {
  version: number;
  dataKeyId: DataKeyId;
  valueSealed: Uint8Array;
  commentSealed: Uint8Array;
  createdAt: number;
  createdBy: Author;
};

export type EntryWithVersion = { entry: Entry; content: EntryVersion };

/** The entry with its current version. */
export async function findEntry(
  db: Reader,
  place: Place,
  key: EntryKey,
): Promise<EntryWithVersion | undefined> {
  const [row] = await currentEntry(db, { ...place, key });
  return row && toEntryWithVersion(row);
}

/** Those with these keys that are there, in no order. */
export async function listEntriesAmong(
  db: Reader,
  place: Place,
  keys: readonly EntryKey[],
): Promise<EntryWithVersion[]> {
  const rows = await entriesWithVersions(db, place)
    .where('entry.key', 'in', keys)
    .whereRef('entry_version.version', '=', 'entry.version')
    .execute();
  return rows.map(toEntryWithVersion);
}

/** Whether there is such a place, and whether the user is a member of its project. */
export type Whereabouts = { projectExists: boolean; isMember: boolean; environmentExists: boolean };

export async function findWhereabouts(db: Reader, place: Place, uid: PrincipalId): Promise<Whereabouts> {
  const [row] = await whereabouts(db, { ...place, uid });
  return toWhereabouts(row);
}

/** What decides on whether an entry may be read, whether it is there, and what it is at that version, or now. */
export type Sight = Whereabouts & { entryExists: boolean; found: EntryWithVersion | undefined };

/** All of it in one statement. */
export async function findEntryInSight(
  db: Reader,
  place: Place,
  key: EntryKey,
  { version, uid }: { version: number | undefined; uid: PrincipalId },
): Promise<Sight> {
  const [row] = await entryInSight(db, { ...place, key, uid, version: version ?? null });
  const found = row === undefined || row.ciphertext_id === null ? undefined : (row as EntryWithVersionRow);
  return {
    ...toWhereabouts(row),
    entryExists: row !== undefined && row.id !== null,
    found: found && toEntryWithVersion(found),
  };
}

/** By key, each with its current version. The filter looks at the key; with patterns only keys that match one are there. */
export async function listEntries(
  db: Reader,
  place: Place,
  page: Page & { patterns: readonly KeyPattern[] | undefined },
): Promise<{ entries: EntryWithVersion[]; amount: number }> {
  // Keys have no lower case: they are what folding would make of them.
  const matches = sql<SqlBool>`${contains('entry.key', page.filter)} and ${matchesAny('entry.key', page.patterns)}`;
  const rows = await entriesWithVersions(db, place)
    .whereRef('entry_version.version', '=', 'entry.version')
    .where(matches)
    .orderBy('entry.key')
    .limit(page.limit)
    .offset(page.offset)
    .execute();
  return {
    entries: rows.map(toEntryWithVersion),
    amount: await countRows(entriesAt(db, place).where(matches)),
  };
}

export async function countEntries(db: Reader, place: Place): Promise<number> {
  return await countRows(entriesAt(db, place));
}

/** Newest first. */
export async function listVersions(
  db: Reader,
  entryId: EntryId,
  page: Omit<Page, 'filter'>,
): Promise<{ versions: Pick<EntryVersion, 'version' | 'createdAt' | 'createdBy'>[]; amount: number }> {
  const versions = db.selectFrom('entry_version').where('entry_id', '=', entryId);
  const rows = await versions
    .select(['version', 'created_at', 'created_by_uid', 'created_by_username'])
    .orderBy('version', 'desc')
    .limit(page.limit)
    .offset(page.offset)
    .execute();
  return {
    versions: rows.map((row) => ({
      version: row.version,
      createdAt: row.created_at,
      createdBy: { uid: row.created_by_uid as PrincipalId, username: row.created_by_username },
    })),
    amount: await countRows(versions),
  };
}

/** The environment has no entry with this key. */
export async function insertEntry(tx: Transaction, entry: Entry): Promise<void> {
  await insertEntryRow(tx, {
    id: entry.id,
    project_id: entry.projectId,
    environment: entry.environment,
    key: entry.key,
    version: entry.version,
    allowed_origins: JSON.stringify(entry.allowedOrigins),
    allowed_in_path: entry.allowedInPath ? 1 : 0,
    created_at: entry.createdAt,
    created_by_uid: entry.createdBy.uid,
    created_by_username: entry.createdBy.username,
  });
}

const insertEntryRow = preparedChange((db, row: Selectable<EntryRow>) =>
  db.insertInto('entry').values({
    id: row.id,
    project_id: row.project_id,
    environment: row.environment,
    key: row.key,
    version: row.version,
    allowed_origins: row.allowed_origins,
    allowed_in_path: row.allowed_in_path,
    created_at: row.created_at,
    created_by_uid: row.created_by_uid,
    created_by_username: row.created_by_username,
  }),
);

export async function insertVersion(tx: Transaction, entryId: EntryId, content: EntryVersion): Promise<void> {
  await insertCiphertext(tx, content);
  await insertVersionRow(tx, {
    entry_id: entryId,
    version: content.version,
    data_key_id: content.dataKeyId,
    created_at: content.createdAt,
    created_by_uid: content.createdBy.uid,
    created_by_username: content.createdBy.username,
  });
}

const insertVersionRow = preparedChange((db, row: Omit<EntryVersionRow, 'ciphertext_id'>) =>
  db.insertInto('entry_version').values({
    entry_id: row.entry_id,
    version: row.version,
    data_key_id: row.data_key_id,
    ciphertext_id: lastInsertedId(db),
    created_at: row.created_at,
    created_by_uid: row.created_by_uid,
    created_by_username: row.created_by_username,
  }),
);

/** The entry is at the version before, as `insertVersion` makes sure of: there is no second row of one version. */
export async function advanceEntry(tx: Transaction, entryId: EntryId, version: number): Promise<void> {
  await setVersion(tx, { id: entryId, version });
}

const setVersion = preparedChange((db, { id, version }: { id: string; version: number }) =>
  db.updateTable('entry').set({ version }).where('id', '=', id),
);

export async function setOrigins(
  tx: Transaction,
  id: EntryId,
  { allowedOrigins, allowedInPath }: Pick<Entry, 'allowedOrigins' | 'allowedInPath'>,
): Promise<void> {
  await setOriginColumns(tx, {
    id,
    allowed_origins: JSON.stringify(allowedOrigins),
    allowed_in_path: allowedInPath ? 1 : 0,
  });
}

const setOriginColumns = preparedChange(
  (db, row: Pick<Selectable<EntryRow>, 'id' | 'allowed_origins' | 'allowed_in_path'>) =>
    db
      .updateTable('entry')
      .set({ allowed_origins: row.allowed_origins, allowed_in_path: row.allowed_in_path })
      .where('id', '=', row.id),
);

/** With all its versions. */
export async function removeEntry(tx: Transaction, id: EntryId): Promise<void> {
  await emptyCiphertexts(tx, { entryId: id });
  await removeVersions(tx, { id });
  await removeEntryRow(tx, { id });
}

const removeVersions = preparedChange((db, { id }: { id: string }) =>
  db.deleteFrom('entry_version').where('entry_id', '=', id),
);

const removeEntryRow = preparedChange((db, { id }: { id: string }) =>
  db.deleteFrom('entry').where('id', '=', id),
);

const currentEntry = prepared((db, where: Place & { key: EntryKey }) =>
  entriesWithVersions(db, where)
    .where('entry.key', '=', where.key)
    .whereRef('entry_version.version', '=', 'entry.version'),
);

const whereabouts = prepared((db, where: Place & { uid: PrincipalId }) => whereaboutsOf(db, where));

type InSight = Place & { key: EntryKey; uid: PrincipalId; version: number | null };

const entryInSight = prepared((db, where: InSight) =>
  whereaboutsOf(db, where)
    .leftJoin('entry', (join) =>
      join
        .onRef('entry.project_id', '=', 'environment.project_id')
        .onRef('entry.environment', '=', 'environment.id')
        .on('entry.key', '=', where.key),
    )
    .leftJoin('entry_version', (join) =>
      join
        .onRef('entry_version.entry_id', '=', 'entry.id')
        .on(sql<SqlBool>`entry_version.version = coalesce(${where.version}, entry.version)`),
    )
    .leftJoin('ciphertext', 'ciphertext.id', 'entry_version.ciphertext_id')
    .selectAll('entry')
    .select(VERSION_COLUMNS)
    .select('entry_version.ciphertext_id'),
);

function whereaboutsOf(db: Reader, where: Place & { uid: PrincipalId }) {
  return db
    .selectFrom('project')
    .leftJoin('member', (join) =>
      join.onRef('member.project_id', '=', 'project.id').on('member.uid', '=', where.uid),
    )
    .leftJoin('environment', (join) =>
      join.onRef('environment.project_id', '=', 'project.id').on('environment.id', '=', where.environment),
    )
    .where('project.id', '=', where.projectId)
    .select(['member.uid as member_uid', 'environment.id as environment_id']);
}

function toWhereabouts(
  row: { member_uid: string | null; environment_id: string | null } | undefined,
): Whereabouts {
  return {
    projectExists: row !== undefined,
    isMember: row !== undefined && row.member_uid !== null,
    environmentExists: row !== undefined && row.environment_id !== null,
  };
}

function entriesAt(db: Reader, place: Place) {
  return db
    .selectFrom('entry')
    .where('entry.project_id', '=', place.projectId)
    .where('entry.environment', '=', place.environment);
}

function entriesWithVersions(db: Reader, place: Place) {
  return entriesAt(db, place)
    .innerJoin('entry_version', 'entry_version.entry_id', 'entry.id')
    .innerJoin('ciphertext', 'ciphertext.id', 'entry_version.ciphertext_id')
    .selectAll('entry')
    .select(VERSION_COLUMNS);
}

const VERSION_COLUMNS = [
  'entry_version.version as content_version',
  'entry_version.data_key_id',
  'ciphertext.value_sealed',
  'ciphertext.comment_sealed',
  'entry_version.created_at as content_created_at',
  'entry_version.created_by_uid as content_created_by_uid',
  'entry_version.created_by_username as content_created_by_username',
] as const;

type EntryWithVersionRow = Selectable<EntryRow> &
  Pick<EntryVersionRow, 'data_key_id'> &
  Pick<CiphertextRow, 'value_sealed' | 'comment_sealed'> & {
    content_version: number;
    content_created_at: number;
    content_created_by_uid: string;
    content_created_by_username: string;
  };

function toEntryWithVersion(row: EntryWithVersionRow): EntryWithVersion {
  return {
    entry: {
      id: row.id as EntryId,
      projectId: row.project_id as ProjectId,
      environment: row.environment as EnvironmentId,
      key: row.key as EntryKey,
      version: row.version,
      allowedOrigins: toOrigins(row.allowed_origins),
      allowedInPath: row.allowed_in_path === 1,
      createdAt: row.created_at,
      createdBy: { uid: row.created_by_uid as PrincipalId, username: row.created_by_username },
    },
    content: {
      version: row.content_version,
      dataKeyId: row.data_key_id as DataKeyId,
      valueSealed: row.value_sealed,
      commentSealed: row.comment_sealed,
      createdAt: row.content_created_at,
      createdBy: {
        uid: row.content_created_by_uid as PrincipalId,
        username: row.content_created_by_username,
      },
    },
  };
}

/** Most entries have none. */
function toOrigins(json: string): readonly string[] {
  return json === '[]' ? [] : (JSON.parse(json) as string[]);
}
