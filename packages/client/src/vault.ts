import type { ValueCache } from './cache.ts';
import type {
  Api,
  EntryVersion,
  Change,
  VaultEntry,
  VaultEntryWithValue,
  VaultImportAnswer,
  VaultImportInput,
} from './endpoints.generated.ts';
import { answerInvalid } from './answer.ts';
import { checkCount, checkEntry, checkList, isKey } from './checks.ts';
import { CofferError } from './error.ts';
import { readAllEntries, type Place } from './read-all.ts';
import type { CallOptions } from './call.ts';
import type { Transport } from './transport.ts';
import { watchChanges, type WatchOptions } from './watch.ts';

export type SetOptions = CallOptions & {
  /** Left out, the comment that there is stays. */
  comment?: string | undefined;
  /** Only when the entry is at this version; 0: only when there is none. */
  ifVersion?: number | undefined;
};

export type ImportEntry = Omit<VaultImportInput['entries'][number], 'if_version'> & {
  ifVersion?: number | undefined;
};

export type ImportOutcome = Pick<VaultImportAnswer, 'created' | 'updated' | 'unchanged'>;

/** The entries of one environment of a project. All methods fail with a CofferError. */
export type Vault = {
  /** The value as it is now; out of the cache, where there is one. Fails with `entry_not_found`. */
  get(key: string, options?: CallOptions): Promise<string>;
  /** With comment, version, times and authors. Fails with `entry_not_found` or `version_not_found`. */
  entry(key: string, options?: CallOptions & { version?: number | undefined }): Promise<VaultEntryWithValue>;
  /** Every value by its key. What was there all the while is in it, once, whatever others change meanwhile. */
  all(options?: CallOptions): Promise<Record<string, string>>;
  /** Every entry without its value, in the same way. */
  list(options?: CallOptions): Promise<VaultEntry[]>;
  /** Creates the entry, or gives it a new version. Fails with `version_conflict`. */
  set(key: string, value: string, options?: SetOptions): Promise<VaultEntry>;
  /** With all its versions, for good. Fails with `entry_not_found`. */
  remove(key: string, options?: CallOptions): Promise<void>;
  /** All of them or none. Fails with `version_conflict`. */
  import(
    entries: Readonly<Record<string, string>> | readonly ImportEntry[],
    options?: CallOptions,
  ): Promise<ImportOutcome>;
  /** Newest first; 100 unless `limit` says less. Fails with `entry_not_found`. */
  history(
    key: string,
    options?: CallOptions & { limit?: number | undefined; offset?: number | undefined },
  ): Promise<{ versions: readonly EntryVersion[]; amount: number }>;
  /** The old version becomes a new one. Fails with `entry_not_found` or `version_not_found`. */
  restore(key: string, version: number, options?: CallOptions): Promise<VaultEntry>;
  /**
   * Which entries change from now on, each change once, in order; what an entry is now is to be fetched. Goes on over
   * interruptions; ends by `signal`, or with a CofferError when it may not go on (401, 403, 404).
   */
  watch(options?: WatchOptions): AsyncIterable<Change>;
};

/** Of calls that name none. */
const DEFAULT_ENVIRONMENT = 'default';
const PAGE_ENTRIES = 100;
/** How often an entry may come and go while we look for it. */
const SET_TRIES = 5;

/** Under which a value is kept. */
export function cacheName(
  { project_id, environment = DEFAULT_ENVIRONMENT }: { project_id?: unknown; environment?: unknown },
  key: unknown,
): string {
  return JSON.stringify([project_id, environment, key]);
}

export function openVault({
  api,
  transport,
  cache,
  place,
}: {
  api: Api;
  transport: Transport;
  cache: ValueCache | undefined;
  place: Place;
}): Vault {
  const cached = (key: string): string => cacheName(place, key);
  /** Whether it succeeds or not: after a failure it is unknown what is there. */
  const changing = async <T>(keys: readonly string[], work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } finally {
      for (const key of keys) cache?.forget(cached(key));
    }
  };
  const entry: Vault['entry'] = async (key, { version, ...options } = {}) => {
    const { vault } = await api.vault.fetchOne({ ...place, key, version }, options);
    if (typeof checkEntry(vault, key).value !== 'string') throw answerInvalid();
    return vault;
  };
  return {
    entry,
    get: async (key, options) => {
      if (cache !== undefined) await transport.lookAtToken(options);
      const kept = cache?.find(cached(key));
      if (kept !== undefined) return kept;
      const ticket = cache?.ticket() ?? 0;
      const { value } = await entry(key, options);
      cache?.keep(cached(key), value, ticket);
      return value;
    },
    all: async (options) => {
      const entries = await readAllEntries(api, place, { ...options, values: true });
      return Object.fromEntries(entries.map((found) => [found.key, valueOf(found)]));
    },
    list: async (options) => await readAllEntries(api, place, { ...options, values: false }),
    set: async (key, value, options) =>
      await changing([key], async () => await setEntry(api, place, { key, value }, options)),
    remove: async (key, options) =>
      await changing([key], async () => void (await api.vault.delete({ ...place, key }, options))),
    import: async (given, options) => {
      const entries = Array.isArray(given)
        ? (given as readonly ImportEntry[]).map(({ ifVersion, ...rest }) => ({
            ...rest,
            if_version: ifVersion,
          }))
        : Object.entries(given as Readonly<Record<string, string>>).map(([key, value]) => ({ key, value }));
      const keys = entries.map(({ key }) => key);
      return await changing(keys, async () => {
        const { created, updated, unchanged } = await api.vault.import({ ...place, entries }, options);
        for (const list of [created, updated, unchanged]) checkList(list, isKey);
        return { created, updated, unchanged };
      });
    },
    history: async (key, { limit = PAGE_ENTRIES, offset, ...options } = {}) => {
      const { versions, amount } = await api.vault.versionFetch({ ...place, key, limit, offset }, options);
      return { versions: checkList(versions, isVersion), amount: checkCount(amount) };
    },
    restore: async (key, version, options) =>
      await changing([key], async () =>
        checkEntry((await api.vault.versionRestore({ ...place, key, version }, options)).vault, key),
      ),
    async *watch(options) {
      for await (const change of watchChanges(transport, place, options)) {
        cache?.forget(cached(change.key));
        yield change;
      }
    },
  };
}

async function setEntry(
  api: Api,
  place: Place,
  { key, value }: { key: string; value: string },
  { comment, ifVersion, ...options }: SetOptions = {},
): Promise<VaultEntry> {
  const entry = { ...place, key, value, comment };
  if (ifVersion !== undefined && ifVersion > 0) {
    return checkEntry((await api.vault.update({ ...entry, if_version: ifVersion }, options)).vault, key);
  }
  for (let tries = 1; ; tries += 1) {
    try {
      if (ifVersion === undefined) return checkEntry((await api.vault.update(entry, options)).vault, key);
      return checkEntry((await api.vault.create(entry, options)).vault, key);
    } catch (error) {
      if (ifVersion === 0 && isCode(error, 'entry_exists')) throw conflict(error);
      if (!isCode(error, 'entry_not_found') || tries >= SET_TRIES) throw error;
    }
    try {
      return checkEntry((await api.vault.create(entry, options)).vault, key);
    } catch (error) {
      if (!isCode(error, 'entry_exists') || tries >= SET_TRIES) throw error;
    }
  }
}

function conflict({ message, ...details }: CofferError): CofferError {
  return new CofferError('version_conflict', message, details);
}

function isCode(error: unknown, code: CofferError['code']): error is CofferError {
  return error instanceof CofferError && error.code === code;
}

function isVersion(version: unknown): boolean {
  return Number.isSafeInteger((version as Partial<EntryVersion> | null)?.version);
}

function valueOf(entry: VaultEntry | VaultEntryWithValue): string {
  if (!('value' in entry) || typeof entry.value !== 'string') throw answerInvalid();
  return entry.value;
}
