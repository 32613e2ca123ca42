import type { AuditEntry, AuditEventType, ProjectId, UserId } from '@coffer/core';
import { listAuditEntries } from '../store/audit.ts';
import type { Caller } from './actor.ts';
import { draft } from './audit-log.ts';
import { authorize, authorizeProject } from './authorize.ts';
import type { Context } from './context.ts';

export type EventQuery = {
  projectId: ProjectId | undefined;
  type: AuditEventType | undefined;
  uid: UserId | undefined;
  from: number | undefined;
  to: number | undefined;
  limit: number;
  offset: number;
};

/**
 * ROOT reads the whole log, ADMIN what concerns the projects they are a member of (R35). Reading is on record, too.
 * Fails with `forbidden`, `project_not_found`, `audit_unavailable` or `overloaded`.
 */
export async function fetchEvents(
  { store, audit }: Context,
  caller: Caller,
  query: EventQuery,
): Promise<{ entries: AuditEntry[]; amount: number }> {
  const { actor } = caller;
  authorize(actor, 'event.list');
  const seesAll = actor.role === 'ROOT';
  // ROOT also asks for what was done in projects that are no more.
  if (query.projectId !== undefined && !seesAll) {
    await authorizeProject(store.db, actor, 'event.list_project', query.projectId);
  }
  const memberUid = seesAll ? undefined : actor.uid;
  const events = await listAuditEntries(store.db, { ...query, memberUid }, query);
  await audit.record(
    draft(caller, actor, {
      type: 'event_list',
      ...(query.projectId === undefined ? {} : { project: query.projectId }),
      details: { events: events.entries.length },
    }),
  );
  return events;
}
