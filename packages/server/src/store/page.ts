import { sql, type RawBuilder, type SelectQueryBuilder, type SqlBool } from 'kysely';

/** A part of a list: `filter` is a part of the name in any case, `offset` the records to skip. */
export type Page = { limit: number; offset: number; filter: string };

/** Whether a column contains the filter, whatever its case. The column holds text of one case alone. */
export function contains(
  column: string,
  filter: string,
  columnCase: 'lower' | 'upper' = 'lower',
): RawBuilder<SqlBool> {
  const text = columnCase === 'lower' ? filter.toLowerCase() : filter.toUpperCase();
  const pattern = `%${text.replace(/[\\%_]/g, String.raw`\$&`)}%`;
  return sql<SqlBool>`${sql.ref(column)} like ${pattern} escape '\\'`;
}

// oxlint-disable-next-line typescript/no-explicit-any -- it counts the rows of any query, whatever its tables are
export async function countRows(query: SelectQueryBuilder<any, any, object>): Promise<number> {
  const { amount } = await query
    .select((select) => select.fn.countAll<number | bigint | string>().as('amount'))
    .executeTakeFirstOrThrow();
  return Number(amount);
}
