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
    queryFn: async ({ signal }) => await fetchAllKeys(place, signal),
    staleTime: 0,
    gcTime: 0,
  });

async function fetchAllKeys(place: Place, signal: AbortSignal): Promise<Map<string, number>> {
  const keys = new Map<string, number>();
  for (;;) {
    const page = { limit: '100', offset: String(keys.size) };
    const { vaults, amount } = await call('vault_fetch', { ...place, ...page }, signal);
    for (const { key, version } of vaults) keys.set(key, version);
    if (vaults.length === 0 || keys.size >= amount) return keys;
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
