import { AUDIT_EVENT_TYPES } from '@coffer/core';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { amount, environment, event, limit, offset, principalId, projectId, moment } from '../schemas.ts';

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
  event_offline: endpoint({
    method: 'POST',
    path: '/event/offline',
    summary: 'Report that values were used from an offline copy while the server was away.',
    description:
      'Each use becomes a record; `used_at` is what the caller says. Takes what reading the values takes.',
    action: 'vault.view',
    event: 'vault_offline',
    input: z.strictObject({
      project_id: projectId,
      environment,
      used_at: z.array(moment).min(1).max(100),
    }),
    output: {},
    message: 'Use reported',
    errors: ['project_not_found', 'membership_required', 'environment_not_found', 'overloaded'],
  }),
};
