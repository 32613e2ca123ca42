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
export type Manifest = Record<string, { rows: number; sha256: string }>;
export type SealLine = { sha256: string; mac: string };

export function encodeRow(row: readonly Value[]): string {
  return JSON.stringify(
    row.map((value) => (value instanceof Uint8Array ? [Buffer.from(value).toString('base64')] : value)),
  );
}

/** Fails with a StartError when a value is none. */
export function decodeRow(row: readonly unknown[]): Value[] {
  return row.map((value) => {
    if (value === null || typeof value === 'string' || Number.isSafeInteger(value)) return value as Value;
    if (Array.isArray(value) && value.length === 1 && typeof value[0] === 'string')
      return Buffer.from(value[0], 'base64');
    throw damaged('a row holds what is no value');
  });
}

/**
 * Before the seal was checked, anyone may have written it: it is what it should be, or refused here. Fails with a
 * StartError.
 */
export function parseHeader(content: unknown): BackupHeader {
  if (!isRecord(content) || content['coffer'] !== 'backup')
    throw new StartError('this is not a backup of Coffer');
  if (content['format'] !== 1) {
    throw new StartError(
      'the backup is in a format that this version does not know; restore it with a later one',
    );
  }
  const { audit, migrations } = content;
  const fits =
    matches(content['instance'], /^ins_[0-9a-z]{1,64}$/) &&
    matches(content['created_at'], /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.]\d{3}Z$/) &&
    matches(content['version'], /^[\w.+-]{1,100}$/) &&
    matches(content['engine'], /^[a-z]{1,20}$/) &&
    matches(content['root_key_check'], KEY) &&
    (content['root_key'] === undefined || matches(content['root_key'], KEY)) &&
    Array.isArray(migrations) &&
    migrations.every((name) => matches(name, /^[\w-]{1,100}$/)) &&
    isRecord(audit) &&
    Number.isSafeInteger(audit['size']) &&
    isHash(audit['root']);
  if (!fits) throw damaged('its header is not complete');
  return content as BackupHeader;
}

/** Undefined: the line is of another kind. Fails with a StartError. */
export function parseManifest(content: unknown): Manifest | undefined {
  if (!isRecord(content) || content['manifest'] === undefined) return undefined;
  const { manifest } = content;
  const fits =
    isRecord(manifest) &&
    Object.values(manifest).every(
      (part) => isRecord(part) && Number.isSafeInteger(part['rows']) && isHash(part['sha256']),
    );
  if (!fits) throw damaged('its manifest is none');
  return manifest as Manifest;
}

/** What begins a table. Fails with a StartError. */
export function parseTableLine(content: unknown): TableLine {
  const { table, columns } = isRecord(content) ? content : {};
  const fits =
    typeof table === 'string' &&
    Array.isArray(columns) &&
    columns.every((column) => typeof column === 'string') &&
    new Set(columns).size === columns.length;
  if (!fits) throw damaged('it has a table that is not known');
  return { table, columns };
}

/** 32 bytes in base64. */
const KEY = /^[A-Za-z0-9+/]{43}=$/;

function isRecord(content: unknown): content is Record<string, unknown> {
  return typeof content === 'object' && content !== null && !Array.isArray(content);
}

function isHash(content: unknown): content is string {
  return matches(content, /^[0-9a-f]{64}$/);
}

function matches(content: unknown, pattern: RegExp): boolean {
  return typeof content === 'string' && pattern.test(content);
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
  const { sha256, mac, ...others } = isRecord(given) ? given : {};
  const isSame =
    isHash(sha256) &&
    isHash(mac) &&
    Object.keys(others).length === 0 &&
    timingSafeEqual(Buffer.from(sha256 + mac), Buffer.from(expected.sha256 + expected.mac));
  if (!isSame) throw damaged('its seal is not that of its contents and this root key');
}

export function damaged(reason: string, cause?: unknown): StartError {
  return new StartError(`the backup is damaged or was altered: ${reason}`, { cause });
}
