import { sql, type RawBuilder, type SelectQueryBuilder, type SqlBool } from 'kysely';

/** A part of a list: `filter` is a part of the name in any case, `offset` the records to skip. */
export type Page = { limit: number; offset: number; filter: string };

/**
 * Whether a column, whose text went through `toSearchable`, contains the filter, whatever the filter's case; with
 * `before` only where that follows somewhere.
 */
export function contains(column: string, filter: string, before = ''): RawBuilder<SqlBool> {
  const pattern = `%${toSearchable(filter).replace(/[\\%_]/g, String.raw`\$&`)}%${before}%`;
  return sql<SqlBool>`${sql.ref(column)} like ${pattern} escape '\\'`;
}

/** Whether a column matches one of the patterns, in which `*` stands for any characters; undefined: it does. */
export function matchesAny(column: string, patterns: readonly string[] | undefined): RawBuilder<SqlBool> {
  if (patterns === undefined) return sql<SqlBool>`1 = 1`;
  const each = patterns.map((pattern) => {
    const like = pattern.replace(/[\\%_]/g, String.raw`\$&`).replaceAll('*', '%');
    return sql<SqlBool>`${sql.ref(column)} like ${like} escape '\\'`;
  });
  return sql<SqlBool>`(${sql.join(each, sql` or `)})`;
}

/**
 * Text without its case. First lower, then upper: lower case alone tells σ from ς, and ß from ss; upper case alone
 * tells the Kelvin sign from K.
 */
export function toSearchable(text: string): string {
  return text.toLowerCase().toUpperCase();
}

// oxlint-disable-next-line typescript/no-explicit-any -- it counts the rows of any query, whatever its tables are
export async function countRows(query: SelectQueryBuilder<any, any, object>): Promise<number> {
  const { amount } = await query
    .select((select) => select.fn.countAll<number | bigint | string>().as('amount'))
    .executeTakeFirstOrThrow();
  return Number(amount);
}
