import { lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError, type InstanceId } from '@coffer/core';
import { AuditDifference } from '../services/audit-difference.ts';
import { RootKeyring } from '../services/root-keyring.ts';
import { VaultCipher } from '../services/vault-cipher.ts';
import { verifyVault, type VaultVerification } from '../services/vault-verification.ts';
import { StartError } from '../start-error.ts';
import { openStore, type Reader } from '../store/database.ts';
import type { SealedAtPlace } from '../store/sealed-versions.ts';
import { openSqlite } from '../store/sqlite.ts';
import { restore, type Restored, type RestoreOrder } from './restore.ts';

const SCRATCH = 'coffer-verify-';
/** Far longer than one takes. */
const ABANDONED_AFTER_MS = 24 * 60 * 60 * 1000;

export type Verification = { restored: Restored; vault: VaultVerification };

/**
 * Restores a backup into a database that nobody else sees and that is gone afterwards: every value and comment in it
 * opens, and the audit log is whole and names each ciphertext. Fails with a StartError that names the first that does not.
 */
export async function verifyBackup(
  order: Pick<RestoreOrder, 'path' | 'opener' | 'clock' | 'rootKeys' | 'included' | 'signal'>,
): Promise<Verification> {
  removeAbandoned();
  const scratch = mkdtempSync(join(tmpdir(), SCRATCH));
  try {
    const restored = await restore({
      ...order,
      openDialect: async () => openSqlite(scratch),
      endTokens: false,
    });
    const store = await openStore(openSqlite(scratch));
    try {
      return { restored, vault: await verify(store.db, restored, order) };
    } finally {
      await store.close();
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** What runs left that were killed. Whatever keeps one from going is no reason not to verify. */
function removeAbandoned(): void {
  for (const name of readdirSync(tmpdir())) {
    const path = join(tmpdir(), name);
    try {
      if (name.startsWith(SCRATCH) && isAbandoned(path)) rmSync(path, { recursive: true, force: true });
    } catch {
      // It is tried again by the next.
    }
  }
}

function isAbandoned(path: string): boolean {
  const found = lstatSync(path);
  // No link, and of nobody who could mean something else by it.
  if (!found.isDirectory() || found.uid !== (process.geteuid?.() ?? found.uid)) return false;
  const times = readdirSync(path).map((name) => lstatSync(join(path, name)).mtimeMs);
  return Math.max(found.mtimeMs, ...times) < Date.now() - ABANDONED_AFTER_MS;
}

async function verify(
  db: Reader,
  { header, rootKey }: Restored,
  { clock, signal }: Pick<RestoreOrder, 'clock' | 'signal'>,
): Promise<VaultVerification> {
  const instanceId = header.instance as InstanceId;
  const source = { name: 'the root key', path: undefined, read: () => [rootKey] as const };
  const cipher = new VaultCipher(new RootKeyring(source, instanceId), { instanceId, clock });
  try {
    return await verifyVault(db, { signal, visit: async (stored) => await openBoth(cipher, db, stored) });
  } catch (cause) {
    if (!(cause instanceof AuditDifference)) throw cause;
    throw new StartError(
      cause.kind === 'log'
        ? `the audit log in the backup is not whole: ${cause.message}`
        : `the backup is not what its audit log says: ${cause.message}`,
      { cause },
    );
  }
}

async function openBoth(
  cipher: VaultCipher,
  db: Reader,
  { place, key, content }: SealedAtPlace,
): Promise<void> {
  for (const field of ['value', 'comment'] as const) {
    try {
      (await cipher.open(db, place, field, content)).fill(0);
    } catch (cause) {
      if (!(cause instanceof AppError) || cause.code !== 'value_unreadable') throw cause;
      const { projectId, environment, version } = place;
      throw new StartError(
        `the ${field} of version ${version} of ${key} in ${projectId}/${environment} does not open`,
        { cause },
      );
    }
  }
}
