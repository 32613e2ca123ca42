import type { AuditEntry, AuditEventType, PrincipalId, ProjectId } from '@coffer/core';
import { formatTime } from '../clock.ts';
import { listAuditEntries, type AuditFilter } from '../store/audit.ts';
import type { Reader } from '../store/database.ts';
import type { Place } from '../store/entries.ts';
import type { Actor, Caller } from './actor.ts';
import { draft } from './audit-log.ts';
import { authorize, authorizeProject } from './authorize.ts';
import type { Context } from './context.ts';
import { enter } from './vaults.ts';

export type EventQuery = {
  projectId: ProjectId | undefined;
  type: AuditEventType | undefined;
  uid: PrincipalId | undefined;
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
  const visible = await visibleTo(store.db, actor, query.projectId);
  const events = await listAuditEntries(store.db, { ...query, visible }, query);
  await audit.record(
    draft(caller, actor, {
      type: 'event_list',
      ...(query.projectId === undefined ? {} : { project: query.projectId }),
      details: { events: events.entries.length },
    }),
  );
  return events;
}

/**
 * That an offline copy was used while the server was away. Fails as reading the values does, or with
 * `audit_unavailable` or `overloaded`.
 */
export async function recordOfflineUse(
  { store, audit }: Context,
  caller: Caller,
  { place, usedAt }: { place: Place; usedAt: readonly number[] },
): Promise<void> {
  await enter(store.db, caller, 'vault.view', place);
  const event = { type: 'vault_offline', project: place.projectId, environment: place.environment } as const;
  await audit.record(
    ...usedAt.map((at) => draft(caller, caller.actor, { ...event, details: { used_at: formatTime(at) } })),
  );
}

/** What of the log the actor may read; with a project, that is all that they will get to read of it. */
async function visibleTo(
  db: Reader,
  actor: Actor,
  projectId: ProjectId | undefined,
): Promise<AuditFilter['visible']> {
  // The role is looked at first: who may read no log learns nothing of any project.
  if (actor.by === 'session' || projectId === undefined) authorize(actor, 'event.list');
  // ROOT also asks for what was done in projects that are no more.
  if (actor.by === 'session' && actor.role === 'ROOT') return 'everything';
  if (projectId !== undefined) await authorizeProject(db, actor, 'event.list_project', projectId);
  if (actor.by === 'service' || actor.grant?.projectId !== undefined) return 'present_project';
  return actor.role === 'ROOT' ? 'everything' : { memberUid: actor.uid };
}
