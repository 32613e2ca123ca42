import { keepPreviousData, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { call, type ApiAnswer, type ApiInput } from './api.ts';
import { pageInput, type ListState } from './page.ts';

export type Entry = ApiAnswer<'vault_create'>['vault'];
export type EntryWithValue = ApiAnswer<'vault_fetch_one'>['vault'];
export type EntryVersion = ApiAnswer<'vault_version_fetch'>['versions'][number];

/** Which vault: a project and one of its environments. */
export type Place = { project_id: string; environment: string };

/** Without values: those are fetched one by one, when asked for. */
export const entriesQuery = (place: Place, list: ListState) =>
  queryOptions({
    queryKey: ['entries', place, list],
    queryFn: async ({ signal }) => {
      const { vaults, amount } = await call('vault_fetch', { ...place, ...pageInput(list) }, signal);
      return { entries: vaults, amount };
    },
    // Not those of another place: their buttons would act on this one.
    placeholderData: (previous, query) => (isSamePlace(query?.queryKey[1], place) ? previous : undefined),
  });

export const versionsQuery = (place: Place, key: string, page: { limit: number; offset: number }) =>
  queryOptions({
    queryKey: ['versions', place, key, page],
    queryFn: async ({ signal }) =>
      await call(
        'vault_version_fetch',
        { ...place, key, limit: String(page.limit), offset: String(page.offset) },
        signal,
      ),
    placeholderData: keepPreviousData,
  });

/**
 * The value of an entry, straight from the server to who asked: it goes through no cache. Each call is on record.
 */
export async function fetchValue(
  { key, version, ...place }: Place & { key: string; version?: number },
  signal?: AbortSignal,
): Promise<EntryWithValue> {
  const at = version === undefined ? {} : { version: String(version) };
  return (await call('vault_fetch_one', { ...place, key, ...at }, signal)).vault;
}

/** Who made the newest version and when, without its value. */
export async function fetchNewestVersion(place: Place, key: string): Promise<EntryVersion | undefined> {
  return (await call('vault_version_fetch', { ...place, key, limit: '1' })).versions[0];
}

/** Every key of the environment with its version: to tell what an import would do. */
export const keysQuery = (place: Place) =>
  queryOptions({
    queryKey: ['keys', place],
    queryFn: async ({ signal }) =>
      new Map((await fetchAllEntries(place, signal)).map(({ key, version }) => [key, version])),
    staleTime: 0,
    gcTime: 0,
  });

/** The pause in typing after which values are compared. */
const COMPARE_AFTER_MS = 300;

/**
 * Which of the entries an import would change, and which have the value already: the server compares, no value comes back.
 * `state` is another one for other entries: their values must not be a key of the cache.
 */
export const comparisonQuery = (place: Place, state: string, entries: ApiInput<'vault_import'>['entries']) =>
  queryOptions({
    queryKey: ['comparison', place, state],
    queryFn: async ({ signal }) => {
      await pause(COMPARE_AFTER_MS, signal);
      const { updated, unchanged } = await call('vault_import', { ...place, entries, dry_run: true }, signal);
      return { updated: new Set(updated), unchanged: new Set(unchanged) };
    },
    enabled: entries.length > 0,
    retry: false,
    staleTime: Infinity,
    gcTime: 0,
  });

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  signal.throwIfAborted();
}

/** Every entry of the environment, without values. */
export const allEntriesQuery = (place: Place) =>
  queryOptions({
    queryKey: ['entries', place, 'all'],
    queryFn: async ({ signal }) => await fetchAllEntries(place, signal),
  });

async function fetchAllEntries(place: Place, signal?: AbortSignal): Promise<Entry[]> {
  const entries = new Map<string, Entry>();
  for (;;) {
    const page = { limit: '100', offset: String(entries.size) };
    const { vaults, amount } = await call('vault_fetch', { ...place, ...page }, signal);
    for (const entry of vaults) entries.set(entry.key, entry);
    if (vaults.length === 0 || entries.size >= amount) return [...entries.values()];
  }
}

function isSamePlace(queried: unknown, { project_id, environment }: Place): boolean {
  const place = queried as Place | undefined;
  return place?.project_id === project_id && place.environment === environment;
}

export function useCreateEntry() {
  return useEntryMutation(async (input: ApiInput<'vault_create'>) => await call('vault_create', input));
}

export function useUpdateEntry() {
  return useEntryMutation(async (input: ApiInput<'vault_update'>) => await call('vault_update', input));
}

export function useDeleteEntry() {
  return useEntryMutation(async (input: ApiInput<'vault_delete'>) => await call('vault_delete', input));
}

export function useRestoreVersion() {
  return useEntryMutation(
    async (input: ApiInput<'vault_version_restore'>) => await call('vault_version_restore', input),
  );
}

export function useImportEntries() {
  return useEntryMutation(async (input: ApiInput<'vault_import'>) => await call('vault_import', input));
}

/** Sets where routes may send the value of an entry to. */
export function useAllowOrigins() {
  return useEntryMutation(
    async (input: ApiInput<'vault_allow_origins'>) => await call('vault_allow_origins', input),
  );
}

/** Adds an origin to those that an entry allows now, whoever changed them meanwhile. */
export function useAllowOrigin() {
  return useEntryMutation(
    async ({ key, origin, inPath, ...place }: Place & { key: string; origin: string; inPath: boolean }) => {
      const entry = (await fetchAllEntries(place)).find((each) => each.key === key);
      return await call('vault_allow_origins', {
        ...place,
        key,
        allowed_origins: [...new Set([...(entry?.allowed_origins ?? []), origin])],
        allowed_in_path: inPath || entry?.allowed_in_path === true,
      });
    },
  );
}

/** A mutation keeps what it was called with; a value must not stay there, so it is forgotten at once. */
function useEntryMutation<Input, Answer>(mutationFn: (input: Input) => Promise<Answer>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn,
    gcTime: 0,
    onSettled: async () => {
      const keys = ['entries', 'versions'];
      await Promise.all(keys.map(async (key) => await client.invalidateQueries({ queryKey: [key] })));
    },
  });
}
