import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { constants, createZstdCompress } from 'node:zlib';
import { rootHash } from '@coffer/core';
import { formatTime, type Clock } from '../clock.ts';
import { deriveInstanceKeys, findRootKeyOf } from '../keys/root-key.ts';
import type { RootKeys } from '../root-keys.ts';
import { draft, type AuditLog } from '../services/audit-log.ts';
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
import { writeWholeFile } from './whole-file.ts';

export type BackupOrder = {
  path: string;
  lock: Lock;
  /** Among them the current one. */
  rootKeys: RootKeys;
  withRootKey: boolean;
  /** Whether a person asked for it or the clock. */
  by: 'command' | 'schedule';
  signal?: AbortSignal;
};

export type Backup = { header: BackupHeader; manifest: Manifest; bytes: number };

/**
 * Writes one file with all that the instance is, as of one moment, while it is being used. It is there whole or not at
 * all. That it was begun is on record before anything is read, and thus is in it; that it failed, too.
 */
export async function backUp(
  { store, audit, clock }: { store: Store; audit: AuditLog; clock: Clock },
  order: BackupOrder,
): Promise<Backup> {
  const details = { by: order.by, with_root_key: order.withRootKey };
  const origin = { ip: '', requestId: 'backup', userAgent: '' };
  await audit.record(draft(origin, undefined, { type: 'instance_backup', details }));
  try {
    return await store.snapshot(async (snapshot) => await writeBackup(snapshot, { store, clock }, order));
  } catch (error) {
    await audit
      .record(draft(origin, undefined, { type: 'instance_backup', outcome: 'error', details }))
      // What is said is why the backup failed.
      .catch(() => undefined);
    throw error;
  }
}

async function writeBackup(
  snapshot: Reader,
  { store, clock }: { store: Store; clock: Clock },
  { path, lock, rootKeys, withRootKey, signal }: BackupOrder,
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
  const lines = linesOf(snapshot, { header, tally, backupKey });
  const bytes = await writeWholeFile(path, async (draft) => await writeLines(draft, { lines, lock, signal }));
  return { header, manifest: tally.manifest, bytes };
}

/** Of the one root key that opens all. Fails with a StartError while there are two. */
async function getKeyCheck(snapshot: Reader): Promise<Uint8Array> {
  const known = await listRootKeys(snapshot);
  if (known.some(({ state }) => state === 'replaced')) {
    throw new StartError(
      'the root key is being rotated, and a backup of now would need two; finish that with `coffer admin rotate root-key`, no backup was made',
    );
  }
  const current = known.find(({ state }) => state === 'current');
  if (current === undefined) throw new Error('the database names no root key');
  return current.keyCheck;
}

async function* linesOf(
  snapshot: Reader,
  { header, tally, backupKey }: { header: BackupHeader; tally: Tally; backupKey: Buffer },
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
    for await (const { columns, rows } of readRows(snapshot, table)) {
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

/** Fast, and as small as what is mostly ciphertext becomes. */
const ZSTD = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

async function writeLines(
  path: string,
  { lines, lock, signal }: { lines: AsyncGenerator<string>; lock: Lock; signal: AbortSignal | undefined },
): Promise<void> {
  const options = signal === undefined ? {} : { signal };
  const compressed = createZstdCompress(ZSTD);
  const compress = async (): Promise<void> =>
    await pipeline(Readable.from(lines, { objectMode: true, highWaterMark: 1 }), compressed, options);
  const write = async (): Promise<void> => {
    const encrypted = await encrypt(lock, Readable.toWeb(compressed) as ReadableStream<Uint8Array>);
    await pipeline(
      Readable.fromWeb(encrypted as Parameters<typeof Readable.fromWeb>[0]),
      createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true }),
      options,
    );
  };
  // Whichever fails takes the other with it, which then only says that it was cut off.
  const outcomes = await Promise.allSettled([compress(), write()]);
  const failures = outcomes.flatMap((part) => (part.status === 'rejected' ? [part.reason as unknown] : []));
  if (failures.length > 0) throw failures.find((failure) => !isCutOff(failure)) ?? failures[0];
}

function isCutOff(failure: unknown): boolean {
  const code = (failure as NodeJS.ErrnoException).code ?? '';
  return code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ABORT_ERR';
}
