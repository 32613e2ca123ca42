import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { Redacted } from '@coffer/core';
import { backUp, type Backup, type BackupOrder } from '../src/backup/back-up.ts';
import { Tally, type Manifest } from '../src/backup/format.ts';
import { restore, type Restored, type RestoreOrder } from '../src/backup/restore.ts';
import { rootKeySource } from '../src/keys/root-key-source.ts';
import type { RootKeys } from '../src/root-keys.ts';
import { openDialect } from '../src/store/open-dialect.ts';
import { temporaryDirectory } from '../src/testing/data-dir.ts';
import { databaseFor } from '../src/testing/databases.ts';
import type { TestServer } from '../src/testing/server.ts';
import { takeSnapshot } from '../src/testing/snapshot.ts';

export const IDENTITY = await generateX25519Identity();
export const RECIPIENT = await identityToRecipient(IDENTITY);

export function rootKeysOf(dataDir: string): RootKeys {
  return rootKeySource(undefined, dataDir).read();
}

/** Where a backup is put, and where it is restored. */
export function backupPlaces(): Disposable & { path: string; directory: string; dataDir: string } {
  const files = temporaryDirectory();
  const data = temporaryDirectory();
  return {
    path: join(files.path, 'backup.age'),
    directory: files.path,
    dataDir: data.path,
    [Symbol.dispose]() {
      files[Symbol.dispose]();
      data[Symbol.dispose]();
    },
  };
}

export async function backUpTo(
  path: string,
  server: TestServer,
  order: Partial<BackupOrder> = {},
): Promise<Backup> {
  return await backUp(server.app.context, {
    path,
    lock: { recipients: [RECIPIENT] },
    withRootKey: false,
    ...order,
    rootKeys: order.rootKeys ?? rootKeysOf(server.dataDir),
  });
}

export async function restoreTo(
  dataDir: string,
  path: string,
  order: Partial<RestoreOrder> = {},
): Promise<Restored> {
  return await restore({
    path,
    opener: { identities: new Redacted([IDENTITY]) },
    openDialect: async () => await openDialect({ dataDir, database: await databaseFor(dataDir) }),
    clock: Date.now,
    rootKeys: undefined,
    endTokens: false,
    ...order,
  });
}

/** All rows that mean the same on each database. */
export async function rowsOf(server: TestServer): Promise<Record<string, string[]>> {
  const { schema_migration: _, ...rows } = await takeSnapshot(server.app.context.store);
  return rows;
}

/** The lines of a backup, parsed. */
export async function linesOf(path: string): Promise<any[]> {
  const decrypter = new Decrypter();
  decrypter.addIdentity(IDENTITY);
  const plain = zstdDecompressSync(await decrypter.decrypt(readFileSync(path))).toString();
  return plain
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
}

/** A backup of these lines, as anyone can make one who knows the recipient. */
export async function forge(path: string, lines: readonly unknown[]): Promise<void> {
  await forgeText(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

/** The same of any text. */
export async function forgeText(path: string, plain: string): Promise<void> {
  const encrypter = new Encrypter();
  encrypter.addRecipient(RECIPIENT);
  writeFileSync(path, await encrypter.encrypt(zstdCompressSync(plain)));
}

/** With manifest and seal made anew, as only the holder of the root key can. */
export function sealAnew(lines: readonly any[], backupKey: Buffer): unknown[] {
  const content = lines.slice(0, -2);
  const before: Manifest = lines.at(-2).manifest;
  const tally = new Tally();
  for (const line of content) {
    const text = `${JSON.stringify(line)}\n`;
    if (Array.isArray(line)) {
      tally.addRow(text);
      continue;
    }
    tally.add(text);
    if (line.table !== undefined) tally.begin(line.table);
  }
  tally.end();
  const empty = Object.entries(before).filter(([, { rows }]) => rows === 0);
  const manifest = { ...Object.fromEntries(empty), ...tally.manifest };
  tally.add(`${JSON.stringify({ manifest })}\n`);
  return [...content, { manifest }, tally.seal(backupKey)];
}
