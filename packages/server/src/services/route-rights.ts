import { AppError, type EntryKey, type KeyUse } from '@coffer/core';
import type { Reader } from '../store/database.ts';
import { findEntry, type EntryWithVersion, type Place } from '../store/entries.ts';

/** Why the value of an entry may not go somewhere. */
export type Obstacle = KeyUse & { error: AppError };

/** What stands in the way of uses, each once; none: the entries allow them all. */
export async function findObstacles(db: Reader, place: Place, uses: readonly KeyUse[]): Promise<Obstacle[]> {
  const entries = await findEntries(db, place, uses);
  return uses.flatMap((use) => {
    const error = obstacleOf(use, entries.get(use.key));
    return error === undefined ? [] : [{ ...use, error }];
  });
}

/** Those that are there, by key. */
export async function findEntries(
  db: Reader,
  place: Place,
  uses: readonly KeyUse[],
): Promise<Map<EntryKey, EntryWithVersion>> {
  const found = new Map<EntryKey, EntryWithVersion>();
  for (const key of new Set(uses.map((use) => use.key))) {
    const entry = await findEntry(db, place, key);
    if (entry !== undefined) found.set(key, entry);
  }
  return found;
}

/** The second key: what a route names leaves only where the entry itself allows it. */
export function obstacleOf(
  { key, origin, inPath }: KeyUse,
  found: EntryWithVersion | undefined,
): AppError | undefined {
  if (found === undefined) return new AppError('route_entry_missing', { key });
  if (!found.entry.allowedOrigins.includes(origin))
    return new AppError('origin_not_allowed', { key, origin });
  return inPath && !found.entry.allowedInPath ? new AppError('path_not_allowed', { key }) : undefined;
}
