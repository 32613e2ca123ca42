import { createHash, createHmac, timingSafeEqual, type Hash } from 'node:crypto';
import { StartError } from '../start-error.ts';
import type { Value } from '../store/table-rows.ts';

/**
 * What is inside a backup: lines of JSON, compressed with zstd, encrypted with age. So that a person can look into one
 * with the common tools: `age --decrypt -i KEY FILE | zstd -d | less`.
 *
 * ```
 * {"coffer":"backup", …}                      the header
 * {"table":"user","columns":["uid", …]}       the rows that follow are of this table
 * ["usr_…", "rosa", 1764172800000, …]         bytes are base64 in brackets: ["…"]
 * …
 * {"manifest":{"user":{"rows":3,"sha256":…}, …}}
 * {"sha256":…,"mac":…}                        of all bytes before; the MAC under a key that the root key gives
 * ```
 *
 * Anyone can encrypt to a recipient; the MAC says that this was written by the instance itself.
 */
export type BackupHeader = {
  coffer: 'backup';
  format: 1;
  /** Version of the program that wrote it. */
  version: string;
  /** RFC 3339. */
  created_at: string;
  engine: string;
  instance: string;
  /** Base64. */
  root_key_check: string;
  /** Those that made the tables, in order. */
  migrations: readonly string[];
  audit: { size: number; root: string };
  /** Base64; only where that was asked for. */
  root_key?: string;
};

export type TableLine = { table: string; columns: readonly string[] };
export type RowLine = readonly (string | number | null | readonly [string])[];
export type Manifest = Record<string, { rows: number; sha256: string }>;
export type SealLine = { sha256: string; mac: string };

export function encodeRow(row: readonly Value[]): string {
  return JSON.stringify(
    row.map((value) => (value instanceof Uint8Array ? [Buffer.from(value).toString('base64')] : value)),
  );
}

export function decodeRow(row: RowLine): Value[] {
  return row.map((value) =>
    Array.isArray(value) ? Buffer.from(String(value[0]), 'base64') : (value as Value),
  );
}

/** Counts what goes by, table by table and in all. */
export class Tally {
  readonly manifest: Manifest = {};
  readonly #all = createHash('sha256');
  #table: { name: string; rows: number; hash: Hash } | undefined;

  /** A line of any other kind than a row. */
  add(line: string): void {
    this.#all.update(line);
  }

  /** From here on rows are of this table. False: it was there before. */
  begin(table: string): boolean {
    this.end();
    this.#table = { name: table, rows: 0, hash: createHash('sha256') };
    return !Object.hasOwn(this.manifest, table);
  }

  addRow(line: string): void {
    this.#all.update(line);
    if (this.#table === undefined) return;
    this.#table.rows += 1;
    this.#table.hash.update(line);
  }

  end(): void {
    if (this.#table === undefined) return;
    const { name, rows, hash } = this.#table;
    this.manifest[name] = { rows, sha256: hash.digest('hex') };
    this.#table = undefined;
  }

  seal(backupKey: Buffer): SealLine {
    const sha256 = this.#all.digest('hex');
    return { sha256, mac: createHmac('sha256', backupKey).update(sha256).digest('hex') };
  }
}

/** Fails with a StartError when it was not sealed like this. */
export function checkSeal(expected: SealLine, given: unknown): void {
  const seal = JSON.stringify({ sha256: expected.sha256, mac: expected.mac });
  const other = JSON.stringify(given);
  if (seal.length === other.length && timingSafeEqual(Buffer.from(seal), Buffer.from(other))) return;
  throw damaged('its seal is not that of its contents and this root key');
}

export function damaged(reason: string, cause?: unknown): StartError {
  return new StartError(`the backup is damaged or was altered: ${reason}`, { cause });
}
