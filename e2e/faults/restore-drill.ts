import assert from 'node:assert/strict';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AuditEntry } from '@coffer/core';
import { verifyVault } from '../../packages/server/src/services/vault-verification.ts';
import type { Store } from '../../packages/server/src/store/database.ts';
import type { AdminRun } from '../../packages/server/src/testing/admin.ts';
import type { Client } from '../../packages/server/src/testing/client.ts';
import { temporaryDirectory } from '../../packages/server/src/testing/data-dir.ts';
import type { PostgresCluster } from '../../packages/server/src/testing/postgres.ts';
import { IDENTITY, RECIPIENT } from '../../packages/server/test/backup-world.ts';
import { Instance } from './instance.ts';
import { CONTENDED, isSame, PROJECT, show, type Journal, type Memory, type State } from './journal.ts';

type Drill = { instance: Instance; journal: Journal; cluster: PostgresCluster | undefined };

/**
 * Makes a backup while others work. Answers with what restores it, into each engine that there is, and holds what comes
 * back against the journal.
 */
export async function backUpUnderLoad({ instance, journal, cluster }: Drill): Promise<() => Promise<void>> {
  const files = temporaryDirectory();
  const path = join(files.path, 'backup.age');
  let backup: { audit: { size: number } } | undefined;
  const memory = await journal.remember(async () => {
    const made = await succeed(instance, ['backup', '--json', '--recipient', RECIPIENT, path]);
    backup = JSON.parse(made.stdout) as { audit: { size: number } };
  });
  return async () => {
    using _ = files;
    const identity = join(files.path, 'identity.txt');
    writeFileSync(identity, IDENTITY);
    const original = await instance.withStore(bodiesOf);
    const log = original.slice(0, backup?.audit.size);
    for (const target of cluster === undefined ? [undefined] : [undefined, cluster])
      await restoreInto(target, { from: instance, words: ['--identity-file', identity, path], memory, log });
  };
}

async function restoreInto(
  cluster: PostgresCluster | undefined,
  { from, words, memory, log }: { from: Instance; words: string[]; memory: Memory; log: readonly string[] },
): Promise<void> {
  await using restored = await Instance.prepare({ cluster });
  copyFileSync(from.rootKeyPath, restored.rootKeyPath);
  await succeed(restored, ['restore', '--verify', ...words]);
  await succeed(restored, ['restore', ...words]);
  await restored.startMissing();
  const client = await restored.client();
  await checkEntries(client, memory);
  await restored.withStore(async (store) => await checkLog(store, { memory, log }));
}

/** Each is what it was at some moment of the backup. */
async function checkEntries(client: Client, { states, wins }: Memory): Promise<void> {
  const found = new Map<string, State>();
  for (let offset = 0; ; offset += 100) {
    const { vaults } = await client.ok('vault_fetch', { ...PROJECT, values: true, limit: 100, offset });
    for (const { key, value, version } of vaults) found.set(key, { value, version });
    if (vaults.length < 100) break;
  }
  for (const key of new Set([...found.keys(), ...states.keys()])) {
    if ((CONTENDED as readonly string[]).includes(key)) continue;
    const possible = states.get(key) ?? [];
    const is = found.get(key);
    assert.ok(
      possible.some((state) => isSame(state, is)),
      `${key} was restored as ${show(is)}, and was ${possible.map(show).join(' or ')}`,
    );
  }
  for (const [place, value] of wins) {
    const [key, version] = place.split(' ');
    const { vault } = await client.ok('vault_fetch_one', { ...PROJECT, key, version });
    assert.equal(vault.value, value, `version ${version} of ${key} was restored as something else`);
  }
}

/** It begins with the log as it was, in which all is that was answered before, and is whole. */
async function checkLog(
  store: Store,
  { memory, log }: { memory: Memory; log: readonly string[] },
): Promise<void> {
  await verifyVault(store.db);
  const bodies = await bodiesOf(store);
  assert.deepEqual(bodies.slice(0, log.length), log, 'the log was restored as another one');
  const types = bodies.map((body) => (JSON.parse(body) as AuditEntry).type);
  assert.ok(types.slice(0, log.length).includes('instance_backup'), 'the backup is not on record in itself');
  assert.equal(types[log.length], 'instance_restore');
  const ids = new Set(log.map((body) => (JSON.parse(body) as AuditEntry).request_id));
  for (const id of memory.requestIds)
    assert.ok(ids.has(id), `what was answered before the backup has no record in it: ${id}`);
}

async function bodiesOf({ db }: Store): Promise<string[]> {
  const rows = await db.selectFrom('audit_entry').select('body').orderBy('idx').execute();
  return rows.map(({ body }) => body);
}

async function succeed(instance: Instance, words: readonly string[]): Promise<AdminRun> {
  const run = await instance.admin(words).run;
  assert.equal(run.code, 0, `coffer admin ${words[0]} failed: ${run.stderr}`);
  return run;
}
