import {
  appendLeaf,
  EMPTY_FRONTIER,
  firstDifference,
  rootHash,
  type AuditEntry,
  type Frontier,
} from '@coffer/core';
import { formatTime } from '../clock.ts';
import { sha256 } from '../sha256.ts';
import {
  findOldestIndex,
  linkColumns,
  getAuditHead,
  isDamagedHead,
  listStoredAuditEntries,
  type StoredAuditEntry,
} from '../store/audit.ts';
import type { Reader } from '../store/database.ts';
import { AuditDifference } from './audit-difference.ts';

export type LogVerification = { size: number; /** Hexadecimal. */ root: string };

const RECORDS_AT_ONCE = 1000;

/**
 * Recomputes the tree from the stored bodies and compares it with the head, and what each is found by with what it
 * says. Each record is shown to `visit` in its order. Fails with an AuditDifference, the first there is.
 */
export async function verifyAuditLog(
  db: Reader,
  visit: (entry: AuditEntry, size: number) => void = () => undefined,
): Promise<LogVerification> {
  const head = await readHead(db);
  const oldest = (await findOldestIndex(db)) ?? 0;
  if (oldest < 0) {
    const message = `there is a record at index ${oldest}, before the first of the log`;
    throw new AuditDifference('log', message, { index: oldest });
  }
  let frontier: Frontier = EMPTY_FRONTIER;
  for (;;) {
    const stored = await listStoredAuditEntries(db, { from: frontier.size, limit: RECORDS_AT_ONCE });
    for (const row of stored) {
      const entry = parse(row, frontier.size);
      checkPlace(row, entry, frontier.size);
      frontier = appendLeaf(sha256, frontier, Buffer.from(row.body));
      visit(entry, head.size);
    }
    if (stored.length === 0) break;
  }
  if (frontier.size !== head.size) {
    const message = `the log has ${frontier.size} entries, its head says ${head.size}`;
    throw new AuditDifference('log', message, { index: Math.min(frontier.size, head.size) });
  }
  refuseAltered(frontier, head);
  return { size: head.size, root: Buffer.from(rootHash(sha256, frontier)).toString('hex') };
}

/** The head has a hash for each subtree, so which of these differs is known, and not which record in it. */
function refuseAltered(frontier: Frontier, head: Frontier): void {
  const range = firstDifference(frontier, head);
  if (range === undefined) return;
  const { first, last } = range;
  const isOne = first === last;
  const where = isOne ? `the record at index ${first}` : `a record at an index from ${first} to ${last}`;
  const message = `the root of the log is not that of its head: ${where} was altered, or the head was`;
  throw new AuditDifference('log', message, isOne ? { index: first } : {});
}

async function readHead(db: Reader): Promise<Frontier> {
  try {
    return (await getAuditHead(db)).frontier;
  } catch (cause) {
    if (!isDamagedHead(cause)) throw cause;
    throw new AuditDifference('log', 'the head of the log does not have as many hashes as its size needs');
  }
}

function parse({ body }: StoredAuditEntry, index: number): AuditEntry {
  let entry: Partial<AuditEntry> | null;
  try {
    entry = JSON.parse(body) as Partial<AuditEntry> | null;
  } catch {
    entry = null;
  }
  if (typeof entry?.details === 'object' && entry.details !== null) return entry as AuditEntry;
  throw new AuditDifference('log', `the record at index ${index} is none`, { index });
}

/** A record that is filed under something else than it says would not be found, though the tree is whole. */
function checkPlace(stored: StoredAuditEntry, entry: AuditEntry, expected: number): void {
  const { index, type, at, uid, projectId } = stored;
  if (index !== expected || entry.index !== expected)
    throw new AuditDifference('log', `the log has a gap at index ${expected}`, { index: expected });
  const isFiledRight =
    entry.type === type &&
    entry.at === formatTime(at) &&
    entry.uid === uid &&
    entry.project_id === projectId &&
    linkColumns(entry).route_id === stored.routeId &&
    linkColumns(entry).closes === stored.closes;
  if (isFiledRight) return;
  const message = `the record at index ${index} is filed under something else than it says`;
  throw new AuditDifference('log', message, { index });
}
