import { CofferError } from '@coffer/client';

const PAGE = 100;
const PAGES_MAX = 1000;

/** All rows of a list. Fails with `answer_invalid` when it has no end. */
export async function readPages<T>(
  fetchPage: (page: { limit: number; offset: number }) => Promise<readonly T[]>,
): Promise<T[]> {
  const found: T[] = [];
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const rows = await fetchPage({ limit: PAGE, offset: found.length });
    if (!Array.isArray(rows) || rows.length > PAGE) break;
    for (const row of rows) found.push(row as T);
    if (rows.length < PAGE) return found;
  }
  throw new CofferError('answer_invalid', 'The list that came back has no end.');
}
