import { answerInvalid } from './answer.ts';
import { isKey } from './checks.ts';
import type { Api, VaultEntry, VaultEntryWithValue } from './endpoints.generated.ts';
import type { CallOptions } from './call.ts';

export type Place = { project_id: string; environment: string };

const PAGE_ENTRIES = 100;
/** Far more than any vault has: a server that never comes to an end must not hold us. */
const PAGES_MAX = 10_000;
const VALUE_CHARACTERS_MAX = 256 * 1024 * 1024;

/**
 * Every entry of a place, page by page. Entries that others add and remove meanwhile move the rest from page to page,
 * so each page begins with one that we have: then nothing between them was skipped. Where it does not, something
 * before it was removed, and we go back. What was there all the while is there once; the newest that we saw of it.
 */
export async function readAllEntries(
  api: Api,
  place: Place,
  { values, ...options }: CallOptions & { values: boolean },
): Promise<(VaultEntry | VaultEntryWithValue)[]> {
  const found = new Map<string, VaultEntry | VaultEntryWithValue>();
  let offset = 0;
  let characters = 0;
  for (let pages = 0; pages < PAGES_MAX; pages += 1) {
    const answer = await api.vault.fetch({ ...place, limit: PAGE_ENTRIES, offset, values }, options);
    const vaults: unknown = answer.vaults;
    if (!isPage(vaults)) throw answerInvalid();
    const [first] = vaults;
    if (offset > 0 && (first === undefined || !found.has(first.key))) {
      offset = Math.max(0, offset - PAGE_ENTRIES + 1);
      continue;
    }
    for (const entry of vaults) {
      found.set(entry.key, entry);
      if ('value' in entry) characters += entry.value.length;
    }
    if (characters > VALUE_CHARACTERS_MAX) throw answerInvalid();
    if (vaults.length < PAGE_ENTRIES) return [...found.values()];
    offset += PAGE_ENTRIES - 1;
  }
  throw answerInvalid();
}

function isPage(vaults: unknown): vaults is readonly (VaultEntry | VaultEntryWithValue)[] {
  return Array.isArray(vaults) && vaults.length <= PAGE_ENTRIES && vaults.every(isEntry);
}

function isEntry(entry: unknown): boolean {
  const { key, value } = (entry ?? {}) as { key?: unknown; value?: unknown };
  return isKey(key) && (value === undefined || typeof value === 'string');
}
