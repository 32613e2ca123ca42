import type { VersionName } from '../store/sqlite-recorded-versions.ts';

/**
 * - `database`: its file is damaged, or its tables and indexes are not those of Coffer, so that it may tell less than it holds.
 * - `log`: the log itself is not whole.
 * - `head`: it is whole, and not the one that a server last saw, or does not go on from that.
 * - `missing`: a record says that it is stored, and it is not there; or the data key that it opens with is not.
 * - `exchanged`: what is there is not what a record says was stored.
 * - `unrecorded`: it is there, and no record says so.
 * - `resurrected`: a record says that it was destroyed, and it is there.
 * - `rolled_back`: an entry is at an older version than a record says.
 */
export type DifferenceKind =
  | 'database'
  | 'log'
  | 'head'
  | 'missing'
  | 'exchanged'
  | 'unrecorded'
  | 'resurrected'
  | 'rolled_back';

/** The first difference between the audit log and what is stored. The message is one line and says all of it. */
export class AuditDifference extends Error {
  override readonly name = 'AuditDifference';
  readonly kind: DifferenceKind;
  readonly place: VersionName | undefined;
  /** Of the record that it differs from. */
  readonly index: number | undefined;

  constructor(
    kind: DifferenceKind,
    message: string,
    { place, index }: { place?: VersionName; index?: number } = {},
  ) {
    super(message);
    this.kind = kind;
    this.place = place;
    this.index = index;
  }

  toJSON(): Record<string, string | number | null> {
    return {
      difference: this.kind,
      project_id: this.place?.projectId ?? null,
      environment: this.place?.environment ?? null,
      key: this.place?.key ?? null,
      version: this.place?.version ?? null,
      index: this.index ?? null,
      message: this.message,
    };
  }
}
