import { answerInvalid } from './answer.ts';
import type { Api, VaultEntry, VaultEntryWithValue } from './endpoints.generated.ts';
import type { CallOptions } from './call.ts';

export type Place = { project_id: string; environment: string };

const PAGE_ENTRIES = 100;
/** Far more than any vault has: a server that never comes to an end must not hold us. */
const PAGES_MAX = 10_000;

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
  for (let pages = 0; pages < PAGES_MAX; pages += 1) {
    const answer = await api.vault.fetch({ ...place, limit: PAGE_ENTRIES, offset, values }, options);
    const vaults: unknown = answer.vaults;
    if (!isList(vaults)) throw answerInvalid();
    const [first] = vaults;
    if (offset > 0 && (first === undefined || !found.has(first.key))) {
      offset = Math.max(0, offset - PAGE_ENTRIES + 1);
      continue;
    }
    for (const entry of vaults) found.set(entry.key, entry);
    if (vaults.length < PAGE_ENTRIES) return [...found.values()];
    offset += PAGE_ENTRIES - 1;
  }
  throw answerInvalid();
}

function isList(vaults: unknown): vaults is readonly (VaultEntry | VaultEntryWithValue)[] {
  return Array.isArray(vaults);
}
