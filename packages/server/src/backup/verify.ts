import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError, type InstanceId } from '@coffer/core';
import { verifyAuditLog, type AuditVerification } from '../services/audit-log.ts';
import { RootKeyring } from '../services/root-keyring.ts';
import { VaultCipher } from '../services/vault-cipher.ts';
import { StartError } from '../start-error.ts';
import { openStore, type Reader } from '../store/database.ts';
import { eachSealedVersion } from '../store/sealed-versions.ts';
import { openSqlite } from '../store/sqlite.ts';
import { restore, type Restored, type RestoreOrder } from './restore.ts';

export type Verification = { restored: Restored; audit: AuditVerification; versions: number };

/**
 * Restores a backup into a database that nobody else sees and that is gone afterwards: every value and comment in it
 * opens, and the audit log has the root that it had. Fails with a StartError that names the first that does not.
 */
export async function verifyBackup(
  order: Pick<RestoreOrder, 'path' | 'opener' | 'clock' | 'rootKeys' | 'signal'>,
): Promise<Verification> {
  const scratch = mkdtempSync(join(tmpdir(), 'coffer-verify-'));
  try {
    const restored = await restore({
      ...order,
      dialect: openSqlite(scratch),
      keepRootKey: () => undefined,
      endTokens: false,
    });
    const store = await openStore(openSqlite(scratch));
    try {
      const audit = await verifyLog(store.db);
      return { restored, audit, versions: await openEach(store.db, restored, order) };
    } finally {
      await store.close();
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function verifyLog(db: Reader): Promise<AuditVerification> {
  try {
    return await verifyAuditLog(db);
  } catch (cause) {
    throw new StartError(`the audit log in the backup is not whole: ${(cause as Error).message}`, { cause });
  }
}

async function openEach(
  db: Reader,
  { header, rootKey }: Restored,
  { clock }: Pick<RestoreOrder, 'clock'>,
): Promise<number> {
  const instanceId = header.instance as InstanceId;
  const source = { name: 'the root key', path: undefined, read: () => [rootKey] as const };
  const cipher = new VaultCipher(new RootKeyring(source, instanceId), { instanceId, clock });
  let versions = 0;
  for await (const { place, key, content } of eachSealedVersion(db)) {
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
    versions += 1;
  }
  return versions;
}
