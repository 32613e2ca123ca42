import Database from 'better-sqlite3';
import { StartError } from '../start-error.ts';

/** A version of an entry by its names, as a record of the audit log has them. */
export type VersionName = { projectId: string; environment: string; key: string; version: number };

/** What the records say of a version. */
export type RecordedVersion = {
  /** Of the newest record that names its ciphertext. */
  index: number;
  /** SHA-256, hexadecimal. */
  valueSha256: string;
  /** Older records do not have it. */
  commentSha256: string | undefined;
  /** Who made it. */
  uid: string | null;
  username: string | null;
  /** Of the record of its destruction. */
  destroyedBy: number | undefined;
};

const CACHE_KIB = 32 * 1024;

type Row = {
  idx: number;
  value_sha256: string;
  comment_sha256: string | null;
  uid: string | null;
  username: string | null;
  destroyed_by: number | null;
};

/**
 * What a log of any length says is stored, told record by record in its order. It is a table in a file of SQLite's own, in the
 * directory for temporary files, which has no name from the beginning: nothing is left of it, however the process ends.
 * In memory is a cache of fixed size. The file takes about 300 bytes for each version that there ever was.
 */
export class RecordedVersions implements Disposable {
  readonly #database = new Database('');
  readonly #put: Database.Statement;
  readonly #destroyEntry: Database.Statement;
  readonly #destroyProject: Database.Statement;
  readonly #find: Database.Statement;
  readonly #markFound: Database.Statement;
  readonly #newest: Database.Statement;

  constructor() {
    const database = this.#database;
    database.pragma('journal_mode = off');
    database.pragma('synchronous = off');
    database.pragma(`cache_size = -${CACHE_KIB}`);
    database.exec(`create table recorded (
      project_id text not null, environment text not null, key text not null, version integer not null,
      idx integer not null, value_sha256 text not null, comment_sha256 text, uid text, username text, destroyed_by integer, found integer not null default 0,
      primary key (project_id, environment, key, version)
    ) strict, without rowid`);
    database.exec('begin');
    const entry = 'project_id = ? and environment = ? and key = ?';
    this.#put = database.prepare(
      `insert into recorded (project_id, environment, key, version, idx, value_sha256, comment_sha256, uid, username)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?)
       on conflict do update set idx = excluded.idx, value_sha256 = excluded.value_sha256,
         comment_sha256 = excluded.comment_sha256, uid = excluded.uid, username = excluded.username, destroyed_by = null`,
    );
    this.#destroyEntry = database.prepare(
      `update recorded set destroyed_by = ? where ${entry} and destroyed_by is null`,
    );
    this.#destroyProject = database.prepare(
      'update recorded set destroyed_by = ? where project_id = ? and destroyed_by is null',
    );
    this.#find = database.prepare(
      `select idx, value_sha256, comment_sha256, uid, username, destroyed_by from recorded where ${entry} and version = ?`,
    );
    this.#markFound = database.prepare(`update recorded set found = 1 where ${entry} and version = ?`);
    this.#newest = database.prepare(
      `select version, idx from recorded where ${entry} and destroyed_by is null order by version desc limit 1`,
    );
  }

  /** Of this version a ciphertext was stored. */
  put(
    { projectId, environment, key, version }: VersionName,
    { index, valueSha256, commentSha256, uid, username }: Omit<RecordedVersion, 'destroyedBy'>,
  ): void {
    const hashes = [valueSha256, commentSha256 ?? null];
    this.#run(this.#put, projectId, environment, key, version, index, ...hashes, uid, username);
  }

  /** All versions of an entry. */
  destroyEntry({ projectId, environment, key }: Omit<VersionName, 'version'>, index: number): void {
    this.#run(this.#destroyEntry, index, projectId, environment, key);
  }

  /** All versions of all entries of a project. */
  destroyProject(projectId: string, index: number): void {
    this.#run(this.#destroyProject, index, projectId);
  }

  /** As `find`; what was taken is not missing. */
  take(name: VersionName): RecordedVersion | undefined {
    const { projectId, environment, key, version } = name;
    const recorded = this.find(name);
    if (recorded !== undefined) this.#run(this.#markFound, projectId, environment, key, version);
    return recorded;
  }

  /** Undefined: no record names it. */
  find({ projectId, environment, key, version }: VersionName): RecordedVersion | undefined {
    const row = this.#find.get(projectId, environment, key, version) as Row | undefined;
    if (row === undefined) return undefined;
    return {
      index: row.idx,
      valueSha256: row.value_sha256,
      commentSha256: row.comment_sha256 ?? undefined,
      uid: row.uid,
      username: row.username,
      destroyedBy: row.destroyed_by ?? undefined,
    };
  }

  /** The newest version of an entry that is on record and not destroyed, and the index of the record. */
  findNewest({
    projectId,
    environment,
    key,
  }: Omit<VersionName, 'version'>): { version: number; index: number } | undefined {
    const row = this.#newest.get(projectId, environment, key) as { version: number; idx: number } | undefined;
    return row && { version: row.version, index: row.idx };
  }

  /** The first by its names that is on record, not destroyed, and was not taken. */
  findMissing(): (VersionName & { index: number }) | undefined {
    const row = this.#database
      .prepare(
        `select project_id as projectId, environment, key, version, idx as "index" from recorded
         where destroyed_by is null and found = 0
         order by recorded.project_id, recorded.environment, recorded.key, recorded.version limit 1`,
      )
      .get();
    return row as (VersionName & { index: number }) | undefined;
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  #run(statement: Database.Statement, ...parameters: readonly unknown[]): void {
    try {
      statement.run(...parameters);
    } catch (cause) {
      if (!(cause instanceof Database.SqliteError)) throw cause;
      throw new StartError(
        `the directory for temporary files cannot take what is compared (${cause.code}); set TMPDIR to one with more room`,
        { cause },
      );
    }
  }
}
