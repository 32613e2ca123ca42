import { parseListState, type ListState } from '../data/page.ts';

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
