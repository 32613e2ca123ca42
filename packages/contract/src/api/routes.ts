import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import {
  checksRoute,
  json,
  route,
  routeFields,
  routeId,
  routeSummary,
  routeVersion,
} from '../route-schemas.ts';
import {
  amount,
  entryKey,
  environmentId,
  filter,
  limit,
  offset,
  projectId,
  time,
  version,
} from '../schemas.ts';

const whereabouts = ['project_not_found', 'membership_required', 'environment_not_found'] as const;
const { confirm_public: _, ...previewFields } = routeFields;
const saving = [
  ...whereabouts,
  'route_path_taken',
  'entry_not_found',
  'origin_not_allowed',
  'path_not_allowed',
] as const;

export const routeApi = {
  route_create: endpoint({
    method: 'POST',
    path: '/route/create',
    summary: 'Make a route: an endpoint of the project that calls an outside API with values of the vault.',
    description:
      'It takes `vault.view` on every entry that it names, and each of these must allow the origin of the request: see ' +
      '`/vault/allow/origins`. Both are looked at again at each call, for whoever saved the route. Texts of the request are ' +
      'templates: `${{ vault.KEY }}`, `${{ input.name }}` and functions of these are filled in, once.',
    action: 'route.create',
    event: 'route_create',
    object: 'id',
    input: checksRoute(z.strictObject({ project_id: projectId, id: routeId, ...routeFields })),
    output: { route },
    status: 201,
    message: 'Route created',
    errors: [...saving, 'route_exists', 'route_limit'],
  }),
  route_fetch: endpoint({
    method: 'GET',
    path: '/route/fetch',
    summary: 'List the routes of a project by id, as their callers see them.',
    description:
      'With `key` those that use an entry of `environment`, or of `default`; that takes `route.view`.',
    action: 'route.list',
    event: 'route_list',
    object: 'key',
    input: z.strictObject({
      project_id: projectId,
      environment: environmentId.optional(),
      key: entryKey.optional(),
      limit,
      offset,
      filter,
    }),
    output: { routes: z.array(routeSummary), amount },
    message: 'Routes fetched',
    errors: whereabouts,
  }),
  route_fetch_one: endpoint({
    method: 'GET',
    path: '/route/fetch/one',
    summary: 'Fetch a route with its definition.',
    action: 'route.view',
    event: 'route_view',
    object: 'id',
    input: z.strictObject({ project_id: projectId, id: routeId }),
    output: { route },
    message: 'Route fetched',
    errors: [...whereabouts, 'route_not_found'],
  }),
  route_update: endpoint({
    method: 'PATCH',
    path: '/route/update',
    summary: 'Save a new version of a route: the whole definition.',
    description:
      'With `if_version` it is refused when the route is no longer at that version. From then on the rights of whoever saved it count.',
    action: 'route.update',
    event: 'route_update',
    object: 'id',
    input: checksRoute(
      z.strictObject({ project_id: projectId, id: routeId, ...routeFields, if_version: version.optional() }),
    ),
    output: { route },
    message: 'Route updated',
    errors: [...saving, 'route_not_found', 'version_conflict'],
  }),
  route_delete: endpoint({
    method: 'DELETE',
    path: '/route/delete',
    summary: 'Delete a route with all its versions. This is permanent.',
    action: 'route.delete',
    event: 'route_delete',
    object: 'id',
    input: z.strictObject({ project_id: projectId, id: routeId }),
    output: {},
    message: 'Route deleted',
    errors: [...whereabouts, 'route_not_found'],
  }),
  route_preview: endpoint({
    method: 'POST',
    path: '/route/preview',
    summary:
      'Show the request that a definition would make, with ••• for values, and what stands in its way.',
    description: 'Nothing is opened, and nothing is sent.',
    action: 'route.preview',
    event: 'route_preview',
    input: checksRoute(
      z.strictObject({
        project_id: projectId,
        ...previewFields,
        example: z
          .record(z.string().max(64), json)
          .default({})
          .describe('What a caller might give, by the name of the input.'),
      }),
    ),
    output: {
      preview: z.strictObject({
        method: z.string(),
        url: z.string(),
        headers: z.array(z.strictObject({ name: z.string(), value: z.string() })),
        body: z.string().nullable(),
      }),
      keys: z.array(z.string()).describe('The entries whose values it would use.'),
      problems: z
        .array(z.strictObject({ key: z.string(), origin: z.string(), code: z.string(), message: z.string() }))
        .describe('Why it could not be saved.'),
      errors: z
        .array(z.strictObject({ path: z.string(), message: z.string() }))
        .describe('Fields that cannot be saved as they are.'),
    },
    message: 'Route previewed',
    errors: whereabouts,
  }),
  route_version_fetch: endpoint({
    method: 'GET',
    path: '/route/version/fetch',
    summary: 'List the versions of a route with their definitions, newest first.',
    action: 'route.view',
    event: 'route_version_list',
    object: 'id',
    input: z.strictObject({ project_id: projectId, id: routeId, limit, offset }),
    output: { versions: z.array(routeVersion), amount },
    message: 'Versions fetched',
    errors: [...whereabouts, 'route_not_found'],
  }),
  route_call_fetch: endpoint({
    method: 'GET',
    path: '/route/call/fetch',
    summary: 'List the calls of a route from the audit log, newest first.',
    description: 'A call whose end is not on record is open: it goes on, or the server stopped while it did.',
    action: 'event.list_project',
    event: 'route_call_list',
    object: 'id',
    input: z.strictObject({ project_id: projectId, id: routeId, limit, offset }),
    output: {
      calls: z.array(
        z.strictObject({
          index: z.int().describe('Of its record in the audit log.'),
          at: time,
          uid: z.string().nullable(),
          username: z.string().nullable(),
          ip: z.string().nullable(),
          version: version.nullable(),
          state: z.enum(['refused', 'open', 'done', 'failed']),
          code: z.string().nullable().describe('Why it was refused or failed.'),
          reason: z.string().nullable().describe('The same in words, where the code does not say all.'),
          status: z.int().nullable().describe('Of the outside API.'),
          bytes: z.int().nullable().describe('Passed on to the caller.'),
          duration_ms: z.int().nullable(),
          redactions: z.int().nullable(),
        }),
      ),
      amount,
    },
    message: 'Calls fetched',
    errors: ['project_not_found', 'route_not_found'],
  }),
};
