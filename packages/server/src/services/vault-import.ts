import { AppError, type EntryKey } from '@coffer/core';
import { listEntriesAmong, type EntryWithVersion, type Place } from '../store/entries.ts';
import type { Transaction } from '../store/database.ts';
import type { Caller } from './actor.ts';
import { draft, type AuditDraft } from './audit-log.ts';
import { requireWithin } from './authorize.ts';
import type { Context } from './context.ts';
import { createIn, enter, openField, updateIn, type NewContent } from './vaults.ts';

export type ImportedEntry = NewContent & {
  key: EntryKey;
  /** Undefined: whatever is there. 0: nothing must be there. */
  ifVersion: number | undefined;
};

export type ImportOutcome = { created: EntryKey[]; updated: EntryKey[]; unchanged: EntryKey[] };

/**
 * All of them or none. An entry that has the value already stays as it is. A dry run tells what would become of each, which
 * only those may learn who may view values; nothing is kept of it but its record. Fails with `invalid_input` when a key is
 * named twice, with `version_conflict` or `value_unreadable`, or for the place as `enter` does.
 */
export async function importEntries(
  context: Context,
  caller: Caller,
  { place, entries, isDryRun }: { place: Place; entries: readonly ImportedEntry[]; isDryRun: boolean },
): Promise<ImportOutcome> {
  return await context.store.transaction(async (tx) => {
    context.cipher.readAhead(tx, place.projectId);
    const actor = await enter(tx, caller, 'vault.import', place);
    if (isDryRun) await enter(tx, caller, 'vault.view', place);
    refuseDuplicates(entries);
    for (const { key } of entries) requireWithin(actor, place.environment, key);
    const keys = entries.map(({ key }) => key);
    const there = new Map((await listEntriesAmong(tx, place, keys)).map((found) => [found.entry.key, found]));
    const outcome: ImportOutcome = { created: [], updated: [], unchanged: [] };
    const records: AuditDraft[] = [];
    for (const [index, entry] of entries.entries()) {
      const found = there.get(entry.key);
      refuseOtherVersion(entry, found?.entry.version ?? 0, index);
      const { became, record } = await importEntry(context, tx, caller, { place, entry, found, isDryRun });
      outcome[became].push(entry.key);
      if (record !== undefined) records.push(record);
    }
    const counts = {
      created: outcome.created.length,
      updated: outcome.updated.length,
      unchanged: outcome.unchanged.length,
    };
    // A dry run tells which keys are there, and so far it is a list.
    await context.audit.append(
      tx,
      ...records,
      draft(caller, caller.actor, {
        type: isDryRun ? 'vault_list' : 'vault_import',
        project: place.projectId,
        environment: place.environment,
        details: isDryRun ? { ...counts, dry_run: true } : counts,
      }),
    );
    return outcome;
  });
}

type Imported = { became: keyof ImportOutcome; record: AuditDraft | undefined };

async function importEntry(
  context: Context,
  tx: Transaction,
  caller: Caller,
  {
    place,
    entry,
    found,
    isDryRun,
  }: { place: Place; entry: ImportedEntry; found: EntryWithVersion | undefined; isDryRun: boolean },
): Promise<Imported> {
  const { key } = entry;
  if (found === undefined) {
    if (isDryRun) return { became: 'created', record: undefined };
    const { record } = await createIn(context, tx, caller, { place, ...entry });
    return { became: 'created', record };
  }
  const unchanged = await isSame(context, tx, found, entry);
  if (unchanged || isDryRun) {
    // It tells whether the value is this one: that is on record like any other look at it.
    const details = { version: found.entry.version, unchanged };
    const where = { project: place.projectId, environment: place.environment, object: key, details };
    const record = draft(caller, caller.actor, { type: 'vault_view', ...where });
    return { became: unchanged ? 'unchanged' : 'updated', record };
  }
  const { record } = await updateIn(context, tx, caller, { found, ...entry });
  return { became: 'updated', record };
}

function refuseOtherVersion({ key, ifVersion }: ImportedEntry, current: number, index: number): void {
  if (ifVersion === undefined || ifVersion === current) return;
  const fields = [{ path: `entries.${index}.if_version`, message: `is not the current version: ${current}` }];
  throw new AppError('version_conflict', { key, current, expected: ifVersion }, { fields });
}

async function isSame(
  context: Context,
  tx: Transaction,
  { entry, content }: EntryWithVersion,
  { value, comment }: NewContent,
): Promise<boolean> {
  const stored = await openField(context, tx, entry, content, 'value');
  if (!stored.equals(Buffer.from(value.expose()))) return false;
  if (comment === undefined) return true;
  return (await openField(context, tx, entry, content, 'comment')).equals(Buffer.from(comment.expose()));
}

function refuseDuplicates(entries: readonly ImportedEntry[]): void {
  const seen = new Set<EntryKey>();
  const fields = entries.flatMap(({ key }, index) => {
    if (seen.has(key)) return [{ path: `entries.${index}.key`, message: 'must be named once' }];
    seen.add(key);
    return [];
  });
  if (fields.length > 0) throw new AppError('invalid_input', {}, { fields });
}
