import { createWriteStream } from 'node:fs';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { constants, createZstdCompress } from 'node:zlib';
import { AppError, rootHash, type Redacted } from '@coffer/core';
import { formatTime, type Clock } from '../clock.ts';
import { deriveInstanceKeys, findRootKeyOf } from '../keys/root-key.ts';
import type { AuditLog } from '../services/audit-log.ts';
import { beginBackup, closeBackup, type BackupFailure } from '../services/backup-log.ts';
import { sha256 } from '../sha256.ts';
import { StartError } from '../start-error.ts';
import { getAuditHead } from '../store/audit.ts';
import type { Reader, Store } from '../store/database.ts';
import { findInstance } from '../store/instance.ts';
import { listMigrations } from '../store/migrate.ts';
import { listRootKeys } from '../store/root-keys.ts';
import { readRows, SAVED_TABLES } from '../store/table-rows.ts';
import { VERSION } from '../version.ts';
import { encrypt, type Lock } from './age.ts';
import { encodeRow, Tally, type BackupHeader, type Manifest } from './format.ts';
import { ContentHash, writeWholeFile, type FileContent } from './whole-file.ts';

export type BackupOrder = {
  path: string;
  lock: Lock;
  /** Among them the current one. */
  rootKeys: readonly Redacted<Buffer>[];
  withRootKey: boolean;
  /** Called when it is written, before it has its name. */
  onWritten?: (content: FileContent) => void;
  /** Calls it off: nothing stays. */
  signal?: AbortSignal;
};

export type Backup = { header: BackupHeader; manifest: Manifest } & FileContent;

/**
 * Writes one file with all that the instance is, as of one moment, while it is being used. It is there whole or not at
 * all. That it was begun is on record before anything is read, and thus is in it; how it ended, too.
 */
export async function backUp(
  parts: { store: Store; audit: AuditLog; clock: Clock },
  order: BackupOrder,
): Promise<Backup> {
  const begin = await beginBackup(parts, order);
  let backup: Backup;
  try {
    backup = await writeBackup(parts, order);
  } catch (error) {
    // What is said is why the backup failed.
    await closeBackup(parts, begin, describeFailure(error, order.signal)).catch(() => undefined);
    throw error;
  }
  const { bytes, sha256 } = backup;
  try {
    await closeBackup(parts, begin, { file: basename(order.path), bytes, sha256 });
  } catch (error) {
    throw unrecorded(order.path, error);
  }
  return backup;
}

/** The same failure, but of the record alone. */
function unrecorded(path: string, cause: unknown): Error {
  const what = `${path} is whole and can be used, but that it was made could not be put on record`;
  if (!(cause instanceof AppError)) return new StartError(what, { cause });
  const reason = String(cause.detail['reason'] ?? cause.code);
  return new AppError(cause.code, { ...cause.detail, reason: `${reason}; ${what}` }, { cause });
}

/** For the record. Where the signal was given, that is why. */
export function describeFailure(error: unknown, signal?: AbortSignal): BackupFailure {
  if (signal?.aborted === true) {
    return isTimeout(signal.reason)
      ? forAnyone('failed', 'it took too long')
      : forAnyone('stopped', 'it was called off');
  }
  if (error instanceof StartError)
    return { code: 'failed', reason: error.message, ...(error.briefly && { briefly: error.briefly }) };
  if (error instanceof AppError) return forAnyone('failed', String(error.detail['reason'] ?? error.code));
  return { code: 'failed', reason: 'an error that was not expected: see the log of the server' };
}

function forAnyone(code: BackupFailure['code'], reason: string): BackupFailure {
  return { code, reason, briefly: reason };
}

function isTimeout(reason: unknown): boolean {
  return reason instanceof Error && reason.name === 'TimeoutError';
}

/** The same without a record, for whoever keeps one. */
export async function writeBackup(
  { store, clock }: { store: Store; clock: Clock },
  order: BackupOrder,
): Promise<Backup> {
  return await store.snapshot(async (snapshot) => await writeSnapshot(snapshot, { store, clock }, order));
}

async function writeSnapshot(
  snapshot: Reader,
  { store, clock }: { store: Store; clock: Clock },
  { path, lock, rootKeys, withRootKey, onWritten, signal }: BackupOrder,
): Promise<Backup> {
  const instance = await findInstance(snapshot);
  if (instance === undefined) throw new StartError('the database is empty: there is nothing to back up');
  const keyCheck = await getKeyCheck(snapshot);
  const rootKey = findRootKeyOf(rootKeys, instance.id, keyCheck);
  if (rootKey === undefined)
    throw new StartError('the root key is not the one of this database; no backup was made');
  const { frontier } = await getAuditHead(snapshot);
  const header: BackupHeader = {
    coffer: 'backup',
    format: 1,
    version: VERSION,
    created_at: formatTime(clock()),
    engine: store.engine,
    instance: instance.id,
    root_key_check: Buffer.from(keyCheck).toString('base64'),
    migrations: await listMigrations(snapshot),
    audit: { size: frontier.size, root: Buffer.from(rootHash(sha256, frontier)).toString('hex') },
    ...(withRootKey ? { root_key: rootKey.expose().toString('base64') } : {}),
  };
  const tally = new Tally();
  const { backupKey } = deriveInstanceKeys(rootKey, instance.id);
  const lines = linesOf(snapshot, { header, tally, backupKey, signal });
  const write = async (draft: string): Promise<FileContent> => {
    const content = await writeLines(draft, { lines, lock, signal });
    onWritten?.(content);
    return content;
  };
  return { header, ...(await writeWholeFile(path, write, signal)), manifest: tally.manifest };
}

/** Of the one root key that opens all. Fails with a StartError while there are two. */
async function getKeyCheck(snapshot: Reader): Promise<Uint8Array> {
  const known = await listRootKeys(snapshot);
  if (known.some(({ state }) => state === 'replaced')) {
    throw new StartError(
      'the root key is being rotated, and a backup of now would need two; finish that with `coffer admin rotate root-key`, no backup was made',
      { briefly: 'the root key is being rotated' },
    );
  }
  const current = known.find(({ state }) => state === 'current');
  if (current === undefined) throw new Error('the database names no root key');
  return current.keyCheck;
}

async function* linesOf(
  snapshot: Reader,
  {
    header,
    tally,
    backupKey,
    signal,
  }: { header: BackupHeader; tally: Tally; backupKey: Buffer; signal: AbortSignal | undefined },
): AsyncGenerator<string> {
  const line = (content: unknown): string => {
    const text = `${JSON.stringify(content)}\n`;
    tally.add(text);
    return text;
  };
  yield line(header);
  for (const table of SAVED_TABLES) {
    tally.begin(table);
    let isFirst = true;
    for await (const { columns, rows } of until(signal, readRows(snapshot, table))) {
      if (isFirst) yield line({ table, columns });
      isFirst = false;
      const text = rows.map((row) => {
        const encoded = `${encodeRow(row)}\n`;
        tally.addRow(encoded);
        return encoded;
      });
      yield text.join('');
      // Requests come between: an engine in this process answers without giving way.
      await nextTurn();
    }
  }
  tally.end();
  yield line({ manifest: tally.manifest });
  yield `${JSON.stringify(tally.seal(backupKey))}\n`;
}

/** What is awaited when the signal is given is left to itself: a database that does not answer holds nobody up. */
async function* until<T>(
  signal: AbortSignal | undefined,
  items: AsyncGenerator<T, void>,
): AsyncGenerator<T, void> {
  if (signal === undefined) return yield* items;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  // Whether or not anyone waits for it when it comes.
  aborted.catch(() => undefined);
  signal.addEventListener('abort', abort);
  try {
    for (;;) {
      signal.throwIfAborted();
      const next = items.next();
      const item = await Promise.race([next, aborted]);
      if (item.done === true) return;
      yield item.value;
    }
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Fast, and as small as what is mostly ciphertext becomes. */
const ZSTD = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

async function writeLines(
  path: string,
  { lines, lock, signal }: { lines: AsyncGenerator<string>; lock: Lock; signal: AbortSignal | undefined },
): Promise<FileContent> {
  const options = signal === undefined ? {} : { signal };
  const content = new ContentHash();
  const counted = async function* counted(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      content.add(chunk);
      yield chunk;
    }
  };
  const compressed = createZstdCompress(ZSTD);
  const compress = async (): Promise<void> =>
    await pipeline(Readable.from(lines, { objectMode: true, highWaterMark: 1 }), compressed, options);
  const write = async (): Promise<void> => {
    const encrypted = await encrypt(lock, Readable.toWeb(compressed) as ReadableStream<Uint8Array>);
    const file = createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true });
    try {
      const source = Readable.fromWeb(encrypted as Parameters<typeof Readable.fromWeb>[0]);
      await pipeline(source, counted, file, options);
    } finally {
      // One that is called off at once is made all the same, a moment later.
      if (!file.closed) await new Promise<void>((resolve) => void file.once('close', resolve));
    }
  };
  // Whichever fails takes the other with it, which then only says that it was cut off.
  const outcomes = await Promise.allSettled([compress(), write()]);
  const failures = outcomes.flatMap((part) => (part.status === 'rejected' ? [part.reason as unknown] : []));
  if (failures.length > 0) throw failures.find((failure) => !isCutOff(failure)) ?? failures[0];
  return content.end();
}

function isCutOff(failure: unknown): boolean {
  const code = (failure as NodeJS.ErrnoException).code ?? '';
  return code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ABORT_ERR';
}
