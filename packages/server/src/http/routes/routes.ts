import type { Json, RouteDefinition } from '@coffer/core';
import {
  createRoute,
  deleteRoute,
  fetchCalls,
  fetchRoute,
  fetchRoutes,
  fetchRouteVersions,
  previewRoute,
  updateRoute,
} from '../../services/routes.ts';
import type { Handlers } from '../router.ts';
import { callShape, routeShape, routeSummaryShape, routeVersionShape } from './route-shapes.ts';

export const routeHandlers = {
  route_create: async ({ context, caller }, { project_id: projectId, id, ...fields }) => ({
    route: routeShape(
      await createRoute(context, caller, { projectId, id, definition: definitionOf(fields) }),
    ),
  }),
  route_fetch: async ({ context, caller }, { project_id: projectId, environment, key, ...page }) => {
    const { routes, amount } = await fetchRoutes(context, caller, { projectId, environment, key, ...page });
    return { routes: routes.map(routeSummaryShape), amount };
  },
  route_fetch_one: async ({ context, caller }, { project_id: projectId, id }) => ({
    route: routeShape(await fetchRoute(context, caller, { projectId, id })),
  }),
  route_update: async ({ context, caller }, input) => {
    const { project_id: projectId, id, if_version: ifVersion, ...fields } = input;
    const request = { projectId, id, ifVersion, definition: definitionOf(fields) };
    return { route: routeShape(await updateRoute(context, caller, request)) };
  },
  route_delete: async ({ context, caller }, { project_id: projectId, id }) => {
    await deleteRoute(context, caller, { projectId, id });
    return {};
  },
  route_preview: async ({ context, caller }, { project_id: projectId, example, ...fields }) => {
    const { preview, keys, obstacles, errors } = await previewRoute(context, caller, {
      projectId,
      definition: definitionOf({ ...fields, confirm_public: false }),
      example: new Map(Object.entries<Json>(example)),
    });
    const problems = obstacles.map(({ key, origin, error }) => ({
      key,
      origin,
      code: error.code,
      message: error.message,
    }));
    return { preview, keys, problems, errors };
  },
  route_version_fetch: async ({ context, caller }, { project_id: projectId, id, ...page }) => {
    const { current, versions, amount } = await fetchRouteVersions(context, caller, { projectId, id, page });
    return { versions: versions.map((version) => routeVersionShape(version, current)), amount };
  },
  route_call_fetch: async ({ context, caller }, { project_id: projectId, id, ...page }) => {
    const { calls, amount } = await fetchCalls(context, caller, { projectId, id, page });
    return { calls: calls.map(callShape), amount };
  },
} satisfies Partial<Handlers>;

/** What is saved of the fields of a call. */
function definitionOf(fields: RouteDefinition & { confirm_public: boolean }): RouteDefinition {
  const { confirm_public: _, ...definition } = fields;
  return definition;
}
