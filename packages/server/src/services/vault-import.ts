import { AppError, type EntryKey } from '@coffer/core';
import { findEntry, type EntryWithVersion, type Place } from '../store/entries.ts';
import type { Transaction } from '../store/database.ts';
import type { Caller } from './actor.ts';
import { draft } from './audit-log.ts';
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
 * All of them or none. An entry that has the value already stays as it is. Fails with `invalid_input` when a key is
 * named twice, with `version_conflict` or `value_unreadable`, or for the place as `enter` does.
 */
export async function importEntries(
  context: Context,
  caller: Caller,
  { place, entries }: { place: Place; entries: readonly ImportedEntry[] },
): Promise<ImportOutcome> {
  return await context.store.transaction(async (tx) => {
    const actor = await enter(tx, caller, 'vault.import', place);
    refuseDuplicates(entries);
    for (const { key } of entries) requireWithin(actor, place.environment, key);
    const outcome: ImportOutcome = { created: [], updated: [], unchanged: [] };
    for (const [index, entry] of entries.entries())
      outcome[await importEntry(context, tx, caller, { place, entry, index })].push(entry.key);
    const details = {
      created: outcome.created.length,
      updated: outcome.updated.length,
      unchanged: outcome.unchanged.length,
    };
    await context.audit.append(
      tx,
      draft(caller, caller.actor, {
        type: 'vault_import',
        project: place.projectId,
        environment: place.environment,
        details,
      }),
    );
    return outcome;
  });
}

async function importEntry(
  context: Context,
  tx: Transaction,
  caller: Caller,
  { place, entry, index }: { place: Place; entry: ImportedEntry; index: number },
): Promise<keyof ImportOutcome> {
  const { key, ifVersion } = entry;
  const found = await findEntry(tx, place, key);
  const current = found?.entry.version ?? 0;
  if (ifVersion !== undefined && ifVersion !== current) {
    const fields = [
      { path: `entries.${index}.if_version`, message: `is not the current version: ${current}` },
    ];
    throw new AppError('version_conflict', { key, current, expected: ifVersion }, { fields });
  }
  if (found === undefined) {
    await createIn(context, tx, caller, { place, ...entry });
    return 'created';
  }
  if (await isSame(context, tx, found, entry)) {
    // It tells that the value is known: that is on record like any other look at it.
    const details = { version: found.entry.version, unchanged: true };
    const where = { project: place.projectId, environment: place.environment, object: key, details };
    await context.audit.append(tx, draft(caller, caller.actor, { type: 'vault_view', ...where }));
    return 'unchanged';
  }
  await updateIn(context, tx, caller, { found, ...entry });
  return 'updated';
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
