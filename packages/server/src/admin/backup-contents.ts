import type { BackupHeader, Manifest } from '../backup/format.ts';
import { amountOf } from './amount-of.ts';

/** `2 entries with 5 versions and 90 records`. */
export function contentsOf({ audit }: BackupHeader, manifest: Manifest): string {
  const rowsOf = (table: string): number => manifest[table]?.rows ?? 0;
  const entries = amountOf(rowsOf('entry'), 'entry', 'entries');
  return `${entries} with ${amountOf(rowsOf('entry_version'), 'version')} and ${amountOf(audit.size, 'record')}`;
}
