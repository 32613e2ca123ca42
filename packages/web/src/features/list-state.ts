import { lastPage, parseListState, type ListState } from '../data/page.ts';

/** The list state that a page's search part says, with the defaults filled in. */
export function listStateOf(search: Partial<ListState>, defaultSize = 10): ListState {
  return parseListState(search, defaultSize);
}

/** The search part after the list state changed: another filter or size begins at the first page again. */
export function withListState<Search extends Partial<ListState>>(
  search: Search,
  change: Partial<ListState>,
): Search {
  const restarts = change.filter !== undefined || change.size !== undefined;
  return { ...search, ...(restarts ? { page: 1 } : {}), ...change };
}

/** Whether the list has no such page, as after its last record was deleted. */
export function isPastEnd(amount: number, { page, size }: ListState): boolean {
  return page > lastPage(amount, size);
}

/** The search part of the last page there is. */
export function withLastPage<Search extends Partial<ListState>>(
  search: Search,
  amount: number,
  size: number,
): Search {
  return { ...search, page: lastPage(amount, size) };
}
