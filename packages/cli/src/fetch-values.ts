import { CofferError } from '@coffer/client';
import { CliError } from './cli-error.ts';
import type { Context } from './context.ts';
import type { Values } from './export-formats.ts';
import {
  dropOfflineCopy,
  findOfflineCopy,
  keepOfflineCopy,
  noteOfflineUse,
  reportOfflineUses,
  sendOfflineUses,
  type Shelf,
} from './offline-copy.ts';
import { isAway } from './server-errors.ts';
import type { Place } from './target.ts';

export type OfflineChoice = { allowed: boolean; ttlSeconds: number };

/** So that who may start without the server does not wait long for it. */
const OFFLINE_PATIENCE_MS = 10_000;

/**
 * Every value of the place. Where an offline copy is allowed, one is kept, and used when the server is away: not when it
 * refuses.
 */
export async function fetchValues(context: Context, place: Place, offline: OfflineChoice): Promise<Values> {
  const vault = place.client.vault(place.project, place.environment);
  if (!offline.allowed) return await vault.all();
  const shelf: Shelf = { directory: context.paths.offline, place, now: context.now };
  let values: Values;
  try {
    values = await vault.all({ timeoutMs: OFFLINE_PATIENCE_MS });
  } catch (error) {
    if (error instanceof CofferError && isAway(error)) return takeOfflineCopy(context, shelf);
    // Whoever may no longer read this may not read it from the copy either.
    if (error instanceof CofferError && [401, 403, 404].includes(error.status ?? 0)) dropOfflineCopy(shelf);
    throw error;
  }
  keepOfflineCopy(shelf, values, offline.ttlSeconds);
  await reportOfflineUses(shelf, async (usedAt) => await sendOfflineUses(place, usedAt));
  return values;
}

function takeOfflineCopy({ terminal }: Context, shelf: Shelf): Values {
  const found = findOfflineCopy(shelf);
  if ('missing' in found) throw new CliError('offline_copy_missing', { why: found.missing });
  noteOfflineUse(shelf);
  terminal.warn(`${shelf.place.url} is away: the values are those of ${found.fetchedAt}`);
  return found.values;
}
