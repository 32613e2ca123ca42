import {
  decodeFrontier,
  encodeFrontier,
  EMPTY_FRONTIER,
  type AuditEntry,
  type AuditEventType,
  type Frontier,
  type ProjectId,
  type UserId,
} from '@coffer/core';
import type { Reader, Transaction } from './database.ts';
import { countRows, type Page } from './page.ts';

export type AuditRecord = {
  entry: AuditEntry;
  /** Canonical JSON, as it is hashed. */ body: string;
  at: number;
};

export type AuditFilter = {
  /** Undefined: of all projects and of none. */
  projectId: ProjectId | undefined;
  /** Only of projects that this user is a member of. */
  memberUid: UserId | undefined;
  type: AuditEventType | undefined;
  uid: UserId | undefined;
  /** Milliseconds; from that moment on. */
  from: number | undefined;
  /** Milliseconds; up to before that moment. */
  to: number | undefined;
};

const ROWS_PER_INSERT = 50;

/** The head of the log, held against other writers until the transaction ends. */
export async function getAuditHead(db: Reader): Promise<Frontier> {
  const row = await db.selectFrom('audit_head').selectAll().executeTakeFirst();
  return row === undefined ? EMPTY_FRONTIER : decodeFrontier(row.size, row.frontier);
}

/** The log has no gap: the index is assigned from the head in the same transaction. */
export async function insertAuditEntries(
  tx: Transaction,
  records: readonly AuditRecord[],
  head: Frontier,
): Promise<void> {
  for (let start = 0; start < records.length; start += ROWS_PER_INSERT) {
    const rows = records.slice(start, start + ROWS_PER_INSERT).map(({ entry, body, at }) => ({
      idx: entry.index,
      type: entry.type,
      at,
      uid: entry.uid,
      project_id: entry.project_id,
      body,
    }));
    await tx.insertInto('audit_entry').values(rows).execute();
  }
  const values = { size: head.size, frontier: encodeFrontier(head) };
  await tx
    .insertInto('audit_head')
    .values({ singleton: 1, ...values })
    .onConflict((conflict) => conflict.column('singleton').doUpdateSet(values))
    .execute();
}

/** Newest first. */
export async function listAuditEntries(
  db: Reader,
  filter: AuditFilter,
  page: Omit<Page, 'filter'>,
): Promise<{ entries: AuditEntry[]; amount: number }> {
  const { projectId, memberUid, type, uid, from, to } = filter;
  let matching = db.selectFrom('audit_entry');
  if (projectId !== undefined) matching = matching.where('project_id', '=', projectId);
  if (memberUid !== undefined) {
    const own = db.selectFrom('member').select('member.project_id').where('member.uid', '=', memberUid);
    matching = matching.where('project_id', 'in', own);
  }
  if (type !== undefined) matching = matching.where('type', '=', type);
  if (uid !== undefined) matching = matching.where('uid', '=', uid);
  if (from !== undefined) matching = matching.where('at', '>=', from);
  if (to !== undefined) matching = matching.where('at', '<', to);
  const rows = await matching
    .select('body')
    .orderBy('idx', 'desc')
    .limit(page.limit)
    .offset(page.offset)
    .execute();
  return {
    entries: rows.map(({ body }) => JSON.parse(body) as AuditEntry),
    amount: await countRows(matching),
  };
}

/** The bodies from an index on, in order, as they were hashed. */
export async function listAuditBodies(
  db: Reader,
  range: { from: number; limit: number },
): Promise<{ idx: number; body: string }[]> {
  return await db
    .selectFrom('audit_entry')
    .select(['idx', 'body'])
    .where('idx', '>=', range.from)
    .orderBy('idx')
    .limit(range.limit)
    .execute();
}
