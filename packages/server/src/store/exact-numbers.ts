import { StartError } from '../start-error.ts';

/**
 * A number beyond 2^53 comes rounded from either engine: whoever goes on behind its row would meet the row again, without end, and a
 * copy of it would be another. Nothing here writes one. Fails with a StartError that names the row.
 */
export function refuseInexact(table: string, row: Readonly<Record<string, unknown>>): void {
  for (const [column, value] of Object.entries(row)) {
    if (typeof value !== 'number' || Number.isSafeInteger(value)) continue;
    const name = Object.entries(row).find(
      ([, first]) => typeof first === 'string' || typeof first === 'number',
    );
    throw new StartError(
      `a row of the table ${table} was not written by Coffer: its ${column} is ${value}, beyond what is exact (${name?.join(' ')})`,
    );
  }
}
