import {
  AppError,
  CHANGE_EVENT_TYPES,
  decodeFrontier,
  encodeFrontier,
  EMPTY_FRONTIER,
  type AuditEntry,
  type AuditEventType,
  type Frontier,
  type PrincipalId,
  type ProjectId,
  type RouteId,
  type UserId,
} from '@coffer/core';
import { sql } from 'kysely';
import type { Reader, Transaction } from './database.ts';
import { countRows, type Page } from './page.ts';
import { preparedRows } from './prepared-rows.ts';
import { makeChange, prepared, preparedChange } from './prepared.ts';
import type { AuditEntryRow, AuditHeadRow } from './tables.ts';
import { TransactionMemory } from './transaction-memory.ts';

export type AuditRecord = {
  entry: AuditEntry;
  /** Canonical JSON, as it is hashed. */ body: string;
  at: number;
};

export type AuditFilter = {
  /** Undefined: of all projects and of none. */
  projectId: ProjectId | undefined;
  /** Of projects that are there: of those that this user is a member of, or of whichever is asked for. */
  visible: 'everything' | 'present_project' | { memberUid: UserId };
  type: AuditEventType | undefined;
  uid: PrincipalId | undefined;
  /** Milliseconds; from that moment on. */
  from: number | undefined;
  /** Milliseconds; up to before that moment. */
  to: number | undefined;
};

export type AuditHead = { frontier: Frontier; /** Of the newest entry; milliseconds. */ at: number };

/**
 * The head of the log; in a transaction that writes, held against other writers until it ends. Fails with `store_unavailable` when it
 * is none.
 */
export async function getAuditHead(db: Reader): Promise<AuditHead> {
  const [row] = await auditHead(db, {});
  if (row === undefined) return { frontier: EMPTY_FRONTIER, at: 0 };
  try {
    return { frontier: decodeFrontier(row.size, row.frontier), at: row.at };
  } catch (cause) {
    throw new AppError('store_unavailable', { reason: DAMAGED_HEAD }, { cause });
  }
}

const DAMAGED_HEAD =
  'the head of the audit log was altered: it does not have as many hashes as its size needs; restore the database';

/** Of a failure of `getAuditHead`. */
export function isDamagedHead(error: unknown): boolean {
  return error instanceof AppError && error.detail['reason'] === DAMAGED_HEAD;
}

/** With what the transaction has appended so far. */
const heads = new TransactionMemory<AuditHead>();

/** For whoever appends. */
export async function getHeadToExtend(tx: Transaction): Promise<AuditHead> {
  return await heads.recall(tx, 'head', async () => await getAuditHead(tx));
}

/** In a transaction that will append, or may. */
export function readHeadAhead(tx: Reader): void {
  heads.readAhead(tx, 'head', async () => await getAuditHead(tx));
}

/** The log has no gap: the index is assigned from the head in the same transaction. */
export async function insertAuditEntries(
  tx: Transaction,
  records: readonly AuditRecord[],
  head: AuditHead,
): Promise<void> {
  await insertRows(
    tx,
    records.map(({ entry, body, at }) => {
      const { index: idx, type, uid, project_id } = entry;
      return { idx, type, at, uid, project_id, body, ...linkColumns(entry) };
    }),
  );
  const { frontier, at } = head;
  await saveHead(tx, { size: frontier.size, frontier: encodeFrontier(frontier), at });
  heads.remember(tx, 'head', head);
}

const auditHead = prepared((db) => db.selectFrom('audit_head').selectAll());

const insertRows = preparedRows<AuditEntryRow>('audit_entry', {
  idx: 'integer',
  type: 'text',
  at: 'integer',
  uid: 'text',
  project_id: 'text',
  body: 'text',
  route_id: 'text',
  closes: 'integer',
});

/** What a call of a route is found by, and the end of what has a record for its beginning and one for its end. */
export function linkColumns({
  type,
  object,
  details,
}: AuditEntry): Pick<AuditEntryRow, 'route_id' | 'closes'> {
  return {
    route_id: type === 'route_invoke' ? object : null,
    closes: CLOSING_TYPES.has(type) ? Number(details['begin']) : null,
  };
}

const CLOSING_TYPES: ReadonlySet<AuditEventType> = new Set(['route_invoke_end', 'instance_backup_end']);

const saveHead = preparedChange((db, { size, frontier, at }: Omit<AuditHeadRow, 'singleton'>) =>
  db
    .insertInto('audit_head')
    .values({ singleton: 1, size, frontier, at })
    .onConflict((conflict) => conflict.column('singleton').doUpdateSet({ size, frontier, at })),
);

/** As much as the largest record and the pages that all indexes take when they split at once. */
const LARGE_BODY_CHARACTERS = 64 * 1024;

/**
 * Writes all that an append writes, and takes it back before anyone can see it: when that can be committed, a record
 * can. Its size is that of a large one.
 */
export async function tryAuditAppend(tx: Transaction): Promise<void> {
  const head = await getAuditHead(tx);
  const idx = head.frontier.size;
  const body = ' '.repeat(LARGE_BODY_CHARACTERS);
  const row = { idx, at: 0, uid: '', project_id: '', body, route_id: null, closes: null };
  await insertRows(tx, [{ ...row, type: 'event_list' }]);
  await insertAuditEntries(tx, [], head);
  await makeChange(tx, tx.deleteFrom('audit_entry').where('idx', '=', idx));
}

/** Newest first. */
export async function listAuditEntries(
  db: Reader,
  filter: AuditFilter,
  page: Omit<Page, 'filter'>,
): Promise<{ entries: AuditEntry[]; amount: number }> {
  const { projectId, visible, type, uid, from, to } = filter;
  // A row before the first is none of the log. The sign keeps SQLite from counting by the table itself, which is large.
  let matching = db.selectFrom('audit_entry').where(sql<boolean>`+audit_entry.idx >= 0`);
  if (projectId !== undefined) matching = matching.where('project_id', '=', projectId);
  if (visible !== 'everything') {
    matching = matching.where((where) => {
      const present = where
        .selectFrom('project')
        .select('project.id')
        .whereRef('project.id', '=', 'audit_entry.project_id')
        .whereRef('project.first_event', '<=', 'audit_entry.idx');
      return where.exists(
        visible === 'present_project'
          ? present
          : present
              .innerJoin('member', 'member.project_id', 'project.id')
              .where('member.uid', '=', visible.memberUid),
      );
    });
  }
  if (type !== undefined) matching = matching.where('type', '=', type);
  if (uid !== undefined) matching = matching.where('uid', '=', uid);
  // Times become indexes first: the log is in order of time, and a search by both would read all of it.
  if (from !== undefined) matching = matching.where('idx', '>=', await firstIndexAt(db, from));
  if (to !== undefined) matching = matching.where('idx', '<', await firstIndexAt(db, to));
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

/** Of all rows, also one that is none of the log. Undefined: there is none. */
export async function findOldestIndex(db: Reader): Promise<number | undefined> {
  const row = await db.selectFrom('audit_entry').select('idx').orderBy('idx').limit(1).executeTakeFirst();
  return row?.idx;
}

/** -1 while the log is empty. */
export async function findNewestIndex(db: Reader): Promise<number> {
  const [row] = await newestIndex(db, {});
  return row?.idx ?? -1;
}

const newestIndex = prepared((db) =>
  db.selectFrom('audit_entry').select('idx').orderBy('idx', 'desc').limit(1),
);

/** What changed entries of a project as it is now, in order; not of one of the same id that was deleted. */
export async function listChanges(
  db: Reader,
  { projectId, after, upTo, limit }: { projectId: ProjectId; after: number; upTo: number; limit: number },
): Promise<AuditEntry[]> {
  const rows = await db
    .selectFrom('audit_entry')
    .innerJoin('project', 'project.id', 'audit_entry.project_id')
    .select('audit_entry.body')
    .where('audit_entry.project_id', '=', projectId)
    .where('audit_entry.type', 'in', CHANGE_EVENT_TYPES)
    .where('audit_entry.idx', '>', after)
    .where('audit_entry.idx', '<=', upTo)
    .whereRef('audit_entry.idx', '>=', 'project.first_event')
    .orderBy('audit_entry.idx')
    .limit(limit)
    .execute();
  return rows.map(({ body }) => JSON.parse(body) as AuditEntry);
}

/** The projects whose entries changed. */
export async function listChangedProjects(
  db: Reader,
  { after, upTo }: { after: number; upTo: number },
): Promise<ProjectId[]> {
  const rows = await db
    .selectFrom('audit_entry')
    .select('project_id')
    .distinct()
    .where('type', 'in', CHANGE_EVENT_TYPES)
    .where('idx', '>', after)
    .where('idx', '<=', upTo)
    .execute();
  return rows.flatMap(({ project_id: id }) => (id === null ? [] : [id as ProjectId]));
}

/** What has a record for its beginning and one for its end. */
export type Closable = {
  begin: AuditEntry;
  /** Undefined: not yet, or never. */ end: AuditEntry | undefined;
};

/** The calls of a route as it is now, newest first; not of one of the same id that was deleted. */
export async function listCalls(
  db: Reader,
  { projectId, routeId, firstEvent }: { projectId: ProjectId; routeId: RouteId; firstEvent: number },
  page: Omit<Page, 'filter'>,
): Promise<{ calls: Closable[]; amount: number }> {
  const matching = db
    .selectFrom('audit_entry as begin')
    .where('begin.route_id', '=', routeId)
    .where('begin.project_id', '=', projectId)
    .where('begin.idx', '>', firstEvent);
  const rows = await matching
    .leftJoin('audit_entry as end', (join) =>
      join.onRef('end.closes', '=', 'begin.idx').onRef('end.idx', '>', 'begin.idx'),
    )
    .select(['begin.body', 'end.body as end_body'])
    .orderBy('begin.idx', 'desc')
    .limit(page.limit)
    .offset(page.offset)
    .execute();
  return {
    calls: rows.map(toClosable),
    amount: await countRows(matching),
  };
}

/** Entries of a type between two indexes, newest first, each with the one that closes it. */
export async function listWithClosing(
  db: Reader,
  type: AuditEventType,
  { after, before, limit }: { after: number; before: number; limit: number },
): Promise<Closable[]> {
  const rows = await db
    .selectFrom('audit_entry as begin')
    .leftJoin('audit_entry as end', (join) =>
      join.onRef('end.closes', '=', 'begin.idx').onRef('end.idx', '>', 'begin.idx'),
    )
    .select(['begin.body', 'end.body as end_body'])
    .where('begin.type', '=', type)
    .where('begin.idx', '>', after)
    .where('begin.idx', '<', before)
    .orderBy('begin.idx', 'desc')
    .limit(limit)
    .execute();
  return rows.map(toClosable);
}

/** The entry that closes the one at this index. */
export async function findClosing(db: Reader, index: number): Promise<AuditEntry | undefined> {
  const row = await db
    .selectFrom('audit_entry')
    .select('body')
    .where('closes', '=', index)
    .where('idx', '>', index)
    .executeTakeFirst();
  return row && (JSON.parse(row.body) as AuditEntry);
}

/** The index of the newest entry of a type. */
export async function findNewestOfType(db: Reader, type: AuditEventType): Promise<number | undefined> {
  const row = await db
    .selectFrom('audit_entry')
    .select('idx')
    .where('type', '=', type)
    .where('idx', '>=', 0)
    .orderBy('idx', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.idx;
}

function toClosable({ body, end_body: endBody }: { body: string; end_body: string | null }): Closable {
  return {
    begin: JSON.parse(body) as AuditEntry,
    end: endBody === null ? undefined : (JSON.parse(endBody) as AuditEntry),
  };
}

/** The index of the first entry at or after a moment; that of the next one when there is none yet. */
async function firstIndexAt(db: Reader, at: number): Promise<number> {
  const row = await db
    .selectFrom('audit_entry')
    .select('idx')
    .where('at', '>=', at)
    .where(sql<boolean>`+idx >= 0`)
    .orderBy('at')
    .orderBy('idx')
    .limit(1)
    .executeTakeFirst();
  return row?.idx ?? (await getAuditHead(db)).frontier.size;
}

/** An entry as it is stored: the body as it was hashed, and beside it what it is found by. */
export type StoredAuditEntry = {
  index: number;
  body: string;
  type: string;
  /** Milliseconds. */
  at: number;
  uid: string | null;
  projectId: string | null;
  routeId: string | null;
  closes: number | null;
};

/** From an index on, in order. */
export async function listStoredAuditEntries(
  db: Reader,
  range: { from: number; limit: number },
): Promise<StoredAuditEntry[]> {
  const rows = await db
    .selectFrom('audit_entry')
    .selectAll()
    .where('idx', '>=', range.from)
    .orderBy('idx')
    .limit(range.limit)
    .execute();
  return rows.map(({ idx, project_id: projectId, route_id: routeId, ...row }) => ({
    ...row,
    index: idx,
    projectId,
    routeId,
  }));
}
