import { grantsKey, invalidField, type AuditEntry, type ChangeEventType, type EntryKey } from '@coffer/core';
import { findNewestIndex, listChanges } from '../store/audit.ts';
import type { Place } from '../store/entries.ts';
import type { Caller } from './actor.ts';
import { draft } from './audit-log.ts';
import type { Context } from './context.ts';
import { enter } from './vaults.ts';

export type Change = { index: number; type: ChangeEventType; key: string; at: string };

/** `last` is the index up to which these are all; there may be `more` after it. */
export type Changes = { changes: Change[]; last: number; more: boolean };

const LOOK_ENTRIES = 500;

/**
 * Which entries of a place changed after an index; without one, none yet, but the index to go on from. On record
 * unless it continues a stream whose opening is. Fails with `invalid_input` for an index that is still to come, or for
 * the place as `enter` does.
 */
export async function fetchChanges(
  context: Context,
  caller: Caller,
  { place, after, isContinued }: { place: Place; after: number | undefined; isContinued: boolean },
): Promise<Changes> {
  const { store, audit } = context;
  await enter(store.db, caller, 'vault.watch', place);
  const newest = await findNewestIndex(store.db);
  if (after !== undefined && after > newest) throw invalidField('after', 'must be an index of this log');
  const { projectId, environment } = place;
  const range = { projectId, after: after ?? newest, upTo: newest, limit: LOOK_ENTRIES };
  const entries = await listChanges(store.db, range);
  const more = entries.length === LOOK_ENTRIES;
  if (!isContinued) {
    const details = after === undefined ? {} : { after };
    await audit.record(
      draft(caller, caller.actor, { type: 'vault_watch', project: projectId, environment, details }),
    );
  }
  return {
    changes: entries.filter((entry) => isOf(entry, place) && isCovered(entry, caller)).map(toChange),
    last: (more ? entries.at(-1)?.index : undefined) ?? newest,
    more,
  };
}

/** Not of another environment, and not one that was refused. */
function isOf(entry: AuditEntry, { environment }: Place): boolean {
  return entry.outcome === 'success' && entry.environment === environment;
}

/** A token learns of no key that it leaves out. */
function isCovered({ object }: AuditEntry, { actor }: Caller): boolean {
  return actor.grant === undefined || grantsKey(actor.grant, (object ?? '') as EntryKey);
}

function toChange({ index, type, object, at }: AuditEntry): Change {
  return { index, type: type as ChangeEventType, key: object ?? '', at };
}
