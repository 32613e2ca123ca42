import type { AuditEntry } from '@coffer/core';
import { fetchEvents, recordOfflineUse } from '../../services/events.ts';
import type { Handlers } from '../router.ts';

export const eventHandlers = {
  event_fetch: async ({ context, caller }, { project_id: projectId, type, uid, from, to, limit, offset }) => {
    const query = { projectId, type, uid, from, to, limit, offset };
    const { entries, amount } = await fetchEvents(context, caller, query);
    return { events: entries.map(eventShape), amount };
  },
  event_offline: async ({ context, caller }, { project_id: projectId, environment, used_at: usedAt }) => {
    await recordOfflineUse(context, caller, { place: { projectId, environment }, usedAt });
    return {};
  },
} satisfies Partial<Handlers>;

/** The entry as it is hashed, without the version of its format. */
function eventShape({ v: _format, ...event }: AuditEntry): Omit<AuditEntry, 'v'> {
  return event;
}
