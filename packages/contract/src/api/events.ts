import { AUDIT_EVENT_TYPES } from '@coffer/core';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { amount, event, limit, offset, principalId, projectId, moment } from '../schemas.ts';

export const eventApi = {
  event_fetch: endpoint({
    method: 'GET',
    path: '/event/fetch',
    summary:
      'Read the audit log, newest first. ROOT reads all of it, ADMIN the projects they are a member of.',
    action: 'event.list',
    event: 'event_list',
    input: z.strictObject({
      project_id: projectId.optional(),
      type: z.enum(AUDIT_EVENT_TYPES).optional(),
      uid: principalId.optional(),
      from: moment.optional(),
      to: moment.optional(),
      limit,
      offset,
    }),
    output: { events: z.array(event), amount },
    message: 'Events fetched',
    errors: ['project_not_found', 'overloaded'],
  }),
};
