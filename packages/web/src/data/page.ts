/** What part of a list is shown. It lives in the URL, so that reload, back and a shared link keep it. */
export type ListState = {
  filter: string;
  /** 1, 2, 3… */
  page: number;
  size: number;
};

export const PAGE_SIZES = [10, 25, 50, 100] as const;

export function pageInput({ filter, page, size }: ListState): {
  limit: string;
  offset: string;
  filter: string;
} {
  return { limit: String(size), offset: String((page - 1) * size), filter };
}

/** The number of the last page; a list without records has one page, too. */
export function lastPage(amount: number, size: number): number {
  return Math.max(1, Math.ceil(amount / size));
}

/** From the search part of a URL; what makes no sense there becomes the default. */
export function parseListState(search: Record<string, unknown>, defaultSize = 10): ListState {
  const page = numberOf(search['page'] ?? 1);
  const size = numberOf(search['size'] ?? defaultSize);
  return {
    filter:
      typeof search['filter'] === 'string' || typeof search['filter'] === 'number'
        ? String(search['filter'])
        : '',
    page: Number.isSafeInteger(page) && page >= 1 ? page : 1,
    size: size >= 1 && size <= 100 && Number.isSafeInteger(size) ? size : defaultSize,
  };
}

/** Not of an object: an address can hold one that cannot be made a number at all. */
function numberOf(value: unknown): number {
  return typeof value === 'number' || typeof value === 'string' ? Number(value) : Number.NaN;
}
