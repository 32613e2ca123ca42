import { CofferError, type CallOptions } from '@coffer/client';
import { CliError } from './cli-error.ts';
import type { Context } from './context.ts';
import type { Values } from './export-formats.ts';
import { dropOfflineCopy, findOfflineCopy, keepOfflineCopy, type Shelf } from './offline-copy.ts';
import { filterKeys, namedKeys, type KeyFilter } from './key-filter.ts';
import { noteOfflineUse, reportInPassing } from './offline-uses.ts';
import { isAway, isCode } from './server-errors.ts';
import type { Place } from './target.ts';

/** Up to so many are read one by one, so that the audit log names what was needed and nothing else. */
const SINGLE_READS_MAX = 20;

/** The values of these keys, as far as they are there. */
export async function readKeys(
  { client, project, environment }: Place,
  keys: readonly string[],
  options: CallOptions = {},
): Promise<Values> {
  const vault = client.vault(project, environment);
  if (keys.length > SINGLE_READS_MAX) {
    const all = await vault.all(options);
    return Object.fromEntries(
      keys.flatMap((key) => (Object.hasOwn(all, key) ? [[key, all[key] ?? '']] : [])),
    );
  }
  const found = await Promise.all(
    keys.map(async (key) => {
      try {
        return [[key, await vault.get(key, options)]];
      } catch (error) {
        if (isCode(error, 'entry_not_found')) return [];
        throw error;
      }
    }),
  );
  return Object.fromEntries(found.flat()) as Values;
}

/** What the filter can let through, and no more than needed. */
export async function readFiltered(
  place: Place,
  filter: KeyFilter,
  options: CallOptions = {},
): Promise<Values> {
  const keys = namedKeys(filter);
  const values =
    keys === undefined
      ? await place.client.vault(place.project, place.environment).all(options)
      : await readKeys(place, keys, options);
  return filterKeys(values, filter);
}

/** `use: false`: a copy is kept, but the values are wanted as they are now. */
export type OfflineChoice = { allowed: boolean; use: boolean; ttlSeconds: number };

/** So that who may start without the server does not wait long for it. */
const OFFLINE_PATIENCE_MS = 10_000;

/**
 * What the filter lets through. Where an offline copy is allowed, one of everything is kept, and used when the server is
 * away: not when it refuses.
 */
export async function fetchValues(
  context: Context,
  place: Place,
  { filter, offline, signal }: { filter: KeyFilter; offline: OfflineChoice; signal: AbortSignal | undefined },
): Promise<Values> {
  if (!offline.allowed) return await readFiltered(place, filter, { signal });
  return filterKeys(await readThroughCopy(context, place, { ...offline, signal }), filter);
}

/** Whether a change of this key can matter. */
export function letsThrough({ only, except }: KeyFilter, key: string): boolean {
  // Names that it lists letter by letter are demanded: here they are all there.
  const named = only.flatMap((list) => list.split(',')).map((name) => [name.trim(), '']);
  const values = { ...(Object.fromEntries(named) as Values), [key]: '' };
  return Object.hasOwn(filterKeys(values, { only, except }), key);
}

async function readThroughCopy(
  context: Context,
  place: Place,
  offline: OfflineChoice & { signal: AbortSignal | undefined },
): Promise<Values> {
  const vault = place.client.vault(place.project, place.environment);
  const shelf: Shelf = { directory: context.paths.offline, place, now: context.now };
  let values: Values;
  try {
    values = await vault.all({ timeoutMs: OFFLINE_PATIENCE_MS, signal: offline.signal });
  } catch (error) {
    if (offline.use && error instanceof CofferError && isAway(error)) return takeOfflineCopy(context, shelf);
    // Whoever may no longer read this may not read it from the copy either.
    if (error instanceof CofferError && [401, 403, 404].includes(error.status ?? 0)) dropOfflineCopy(shelf);
    throw error;
  }
  keepOfflineCopy(shelf, values, offline.ttlSeconds);
  void reportInPassing(place, shelf.directory);
  return values;
}

function takeOfflineCopy({ terminal }: Context, shelf: Shelf): Values {
  const found = findOfflineCopy(shelf);
  if ('missing' in found) throw new CliError('offline_copy_missing', { why: found.missing });
  noteOfflineUse(shelf);
  terminal.warn(`${shelf.place.url} is away: the values are those of ${found.fetchedAt}`);
  return found.values;
}
