import {
  AppError,
  canonicalJson,
  DEFAULT_ENVIRONMENT,
  keyUses,
  pathSegments,
  pathShape,
  routeKeys,
  type EntryKey,
  type EnvironmentId,
  type FieldError,
  type ProjectAction,
  type ProjectId,
  type RouteDefinition,
  type RouteId,
} from '@coffer/core';
import { compileRoute } from '../outbound/compiled-route.ts';
import { previewOf } from '../outbound/expressions.ts';
import type { Inputs } from '../outbound/inputs.ts';
import { renderPreview } from '../outbound/render.ts';
import { sha256Hex } from '../sha256.ts';
import { listCalls, type Closable as RecordedCall } from '../store/audit.ts';
import type { Reader, Transaction } from '../store/database.ts';
import type { Page } from '../store/page.ts';
import { findProject } from '../store/projects.ts';
import {
  advanceRoute,
  countRoutes,
  findRoute,
  insertRoute,
  insertRouteVersion,
  isPathTaken,
  listRoutes,
  listRouteVersions,
  removeRoute,
  setRouteFirstEvent,
  type Route,
  type RouteVersion,
  type RouteWithVersion,
} from '../store/routes.ts';
import type { Actor, Caller } from './actor.ts';
import { draft, type AuditEvent } from './audit-log.ts';
import { authorizeProject, requireUser, requireWithin } from './authorize.ts';
import type { Context } from './context.ts';
import { findObstacles, type Obstacle } from './route-rights.ts';
import { enter, type Place } from './vaults.ts';

export type { RecordedCall, RouteVersion };

const ROUTES_MAX = 500;

/** With where its project is served. */
export type SavedRoute = RouteWithVersion & { apiPath: string };

type Saving = { projectId: ProjectId; id: RouteId; definition: RouteDefinition };

/** Fails with `route_exists`, `route_path_taken` or `route_limit`, or as `requireRights` and `enter` do. */
export async function createRoute(context: Context, caller: Caller, saving: Saving): Promise<SavedRoute> {
  return await context.store.transaction(async (tx) => {
    await requireRights(context, tx, caller, { action: 'route.create', saving });
    const { projectId, definition } = saving;
    if ((await countRoutes(tx, { projectId })) >= ROUTES_MAX)
      throw new AppError('route_limit', { limit: ROUTES_MAX });
    const route = routeOf(saving, { version: 1, firstEvent: 0 });
    const taken = await insertRoute(tx, route, definition.description);
    if (taken !== undefined) throw new AppError(taken);
    const saved = await writeVersion(context, tx, caller, { route, definition });
    const index = await record(context, tx, caller, { type: 'route_create', route, saved, definition });
    await setRouteFirstEvent(tx, route, index);
    return { route, saved, apiPath: await apiPathOf(tx, caller.actor, projectId) };
  });
}

/** Fails with `route_not_found`, `version_conflict` or `route_path_taken`, or as `requireRights` and `enter` do. */
export async function updateRoute(
  context: Context,
  caller: Caller,
  { ifVersion, ...saving }: Saving & { ifVersion: number | undefined },
): Promise<SavedRoute> {
  return await context.store.transaction(async (tx) => {
    const { projectId, id, definition } = saving;
    const { route: before } = await openRoute(tx, caller.actor, 'route.update', { projectId, id });
    await requireRights(context, tx, caller, { action: 'route.update', saving });
    const { version, firstEvent } = before;
    if (ifVersion !== undefined && ifVersion !== version)
      throw new AppError('version_conflict', { current: version, expected: ifVersion });
    const route = routeOf(saving, { version: version + 1, firstEvent });
    if (await isPathTaken(tx, route)) throw new AppError('route_path_taken');
    if (!(await advanceRoute(tx, route, definition.description)))
      throw new AppError('version_conflict', { current: route.version, expected: version });
    const saved = await writeVersion(context, tx, caller, { route, definition });
    await record(context, tx, caller, { type: 'route_update', route, saved, definition });
    return { route, saved, apiPath: await apiPathOf(tx, caller.actor, projectId) };
  });
}

/** Fails with `route_not_found`, or for the project as `authorizeProject` does. */
export async function deleteRoute(
  { store, audit }: Context,
  caller: Caller,
  { projectId, id }: { projectId: ProjectId; id: RouteId },
): Promise<void> {
  await store.transaction(async (tx) => {
    const { route, saved } = await openRoute(tx, caller.actor, 'route.delete', { projectId, id });
    await removeRoute(tx, route);
    const details = { version: route.version, digest: saved.digest };
    await audit.append(tx, draft(caller, caller.actor, { ...eventAt(route), type: 'route_delete', details }));
  });
}

/** Fails with `route_not_found`, or for the project as `authorizeProject` does. */
export async function fetchRoute(
  { store }: Context,
  { actor }: Caller,
  place: { projectId: ProjectId; id: RouteId },
): Promise<SavedRoute> {
  const found = await openRoute(store.db, actor, 'route.view', place);
  return { ...found, apiPath: await apiPathOf(store.db, actor, place.projectId) };
}

/** Those in environments that the caller may see. Fails for the place as `enter` does. */
export async function fetchRoutes(
  { store }: Context,
  caller: Caller,
  request: Page & { projectId: ProjectId; environment: EnvironmentId | undefined; key: EntryKey | undefined },
): Promise<{ routes: SavedRoute[]; amount: number }> {
  const { projectId, key, ...page } = request;
  const environment = request.environment ?? (key === undefined ? undefined : DEFAULT_ENVIRONMENT);
  const { actor } = caller;
  await authorizeProject(store.db, actor, 'route.list', projectId);
  if (environment !== undefined) {
    const place = { projectId, environment };
    await enter(store.db, caller, key === undefined ? 'route.list' : 'route.view', place, key);
  }
  const { routes, amount } = await listRoutes(store.db, projectId, {
    ...page,
    environments: environment === undefined ? actor.grant?.environments : [environment],
    uses: key === undefined || environment === undefined ? undefined : { projectId, environment, key },
  });
  const apiPath = await apiPathOf(store.db, actor, projectId);
  return { routes: routes.map((route) => ({ ...route, apiPath })), amount };
}

/** Newest first. Fails with `route_not_found`, or for the project as `authorizeProject` does. */
export async function fetchRouteVersions(
  { store }: Context,
  { actor }: Caller,
  { page, ...place }: { projectId: ProjectId; id: RouteId; page: Omit<Page, 'filter'> },
): Promise<{ current: number; versions: RouteVersion[]; amount: number }> {
  const { route } = await openRoute(store.db, actor, 'route.view', place);
  const { versions, amount } = await listRouteVersions(store.db, route, page);
  // An older one may have named what a token leaves out.
  for (const version of versions) requireInside(actor, definitionOf(version));
  return { current: route.version, versions, amount };
}

/** Newest first. Fails with `route_not_found`, or for the project as `authorizeProject` does. */
export async function fetchCalls(
  { store }: Context,
  { actor }: Caller,
  { projectId, id, page }: { projectId: ProjectId; id: RouteId; page: Omit<Page, 'filter'> },
): Promise<{ calls: RecordedCall[]; amount: number }> {
  await authorizeProject(store.db, actor, 'event.list_project', projectId);
  const { route } = await getRoute(store.db, projectId, id);
  return await listCalls(store.db, { projectId, routeId: id, firstEvent: route.firstEvent }, page);
}

type Preview = {
  preview: ReturnType<typeof renderPreview>;
  keys: EntryKey[];
  obstacles: Obstacle[];
  /** Fields that cannot be saved as they are. */
  errors: FieldError[];
};

/** What would be sent, without values, and what stands in its way. Fails for the place as `enter` does. */
export async function previewRoute(
  context: Context,
  caller: Caller,
  { projectId, definition, example }: { projectId: ProjectId; definition: RouteDefinition; example: Inputs },
): Promise<Preview> {
  const { store } = context;
  const place: Place = { projectId, environment: definition.environment };
  const actor = await enter(store.db, caller, 'route.preview', place);
  const keys = routeKeys(definition);
  for (const key of keys) requireWithin(actor, place.environment, key);
  const filling = { inputs: example, evaluate: previewOf(example) };
  return {
    preview: renderPreview(compileRoute(definition), filling),
    keys,
    obstacles: await findObstacles(store.db, place, keyUses(definition)),
    errors: closedOrigins(context, definition),
  };
}

/**
 * The right to save a route, and to each entry that it names. Fails with `route_entry_missing`, `origin_not_allowed`,
 * `path_not_allowed`, or for the place as `enter` does.
 */
async function requireRights(
  context: Context,
  tx: Transaction,
  caller: Caller,
  { action, saving }: { action: 'route.create' | 'route.update'; saving: Saving },
): Promise<void> {
  const { projectId, definition } = saving;
  requireUser(caller.actor);
  const place: Place = { projectId, environment: definition.environment };
  await enter(tx, caller, action, place);
  for (const key of routeKeys(definition)) await enter(tx, caller, 'vault.view', place, key);
  const fields = closedOrigins(context, definition);
  if (fields.length > 0) throw new AppError('invalid_input', {}, { fields });
  const [obstacle] = await findObstacles(tx, place, keyUses(definition));
  if (obstacle !== undefined) throw obstacle.error;
}

/** Where the server may not send anything to, whatever the entries say. */
function closedOrigins({ egress }: Context, { request }: RouteDefinition): FieldError[] {
  const { origin, auth } = request;
  const urls = { 'request.origin': origin } as Record<string, string>;
  if (auth?.type === 'oauth2_client_credentials') urls['request.auth.token_url'] = auth.token_url;
  const message =
    'must be https at a public address, or an origin that the operator allows (COFFER_EGRESS_ALLOW)';
  return Object.entries(urls).flatMap(([path, url]) =>
    egress.permits(new URL(url)) ? [] : [{ path, message }],
  );
}

async function openRoute(
  db: Reader,
  actor: Actor,
  action: ProjectAction,
  { projectId, id }: { projectId: ProjectId; id: RouteId },
): Promise<RouteWithVersion> {
  const now = await authorizeProject(db, actor, action, projectId);
  const found = await getRoute(db, projectId, id);
  requireInside(now, definitionOf(found.saved));
  return found;
}

/** What a token leaves out of a project it does not see in definitions either. Fails with `token_not_permitted`. */
function requireInside(actor: Actor, definition: RouteDefinition): void {
  requireWithin(actor, definition.environment);
  for (const key of routeKeys(definition)) requireWithin(actor, definition.environment, key);
}

async function getRoute(db: Reader, projectId: ProjectId, id: RouteId): Promise<RouteWithVersion> {
  const found = await findRoute(db, projectId, id);
  if (found === undefined) throw new AppError('route_not_found');
  return found;
}

/** As it was saved. */
export function definitionOf({ definition }: Pick<RouteVersion, 'definition'>): RouteDefinition {
  return JSON.parse(definition) as RouteDefinition;
}

async function writeVersion(
  { clock }: Context,
  tx: Transaction,
  { actor }: Caller,
  { route, definition }: { route: Route; definition: RouteDefinition },
): Promise<RouteVersion> {
  requireUser(actor);
  const saved: RouteVersion = {
    version: route.version,
    digest: sha256Hex(Buffer.from(canonicalJson(definition))),
    definition: JSON.stringify(definition),
    savedAt: clock(),
    savedBy: { uid: actor.uid, username: actor.username },
  };
  await insertRouteVersion(tx, route, { saved, keys: routeKeys(definition) });
  return saved;
}

async function record(
  { audit }: Context,
  tx: Transaction,
  caller: Caller,
  {
    type,
    route,
    saved,
    definition,
  }: {
    type: 'route_create' | 'route_update';
    route: Route;
    saved: RouteVersion;
    definition: RouteDefinition;
  },
): Promise<number> {
  const details = {
    version: saved.version,
    digest: saved.digest,
    served: `${route.method} ${route.path}`,
    access: route.access,
    origins: [
      ...new Set([definition.request.origin, ...keyUses(definition).map(({ origin }) => origin)]),
    ].join(' '),
    entries: routeKeys(definition).join(' '),
  };
  return await audit.append(tx, draft(caller, caller.actor, { ...eventAt(route), type, details }));
}

function eventAt(route: Route): Pick<AuditEvent, 'project' | 'environment' | 'object'> {
  return { project: route.projectId, environment: route.environment, object: route.id };
}

function routeOf({ projectId, id, definition }: Saving, at: Pick<Route, 'version' | 'firstEvent'>): Route {
  const { method, path, environment, access } = definition;
  return {
    projectId,
    id,
    method,
    path,
    shape: pathShape(path),
    segments: pathSegments(path).length,
    environment,
    access,
    ...at,
  };
}

async function apiPathOf(db: Reader, { uid }: Actor, projectId: ProjectId): Promise<string> {
  const project = await findProject(db, projectId, uid);
  if (project === undefined) throw new AppError('project_not_found');
  return project.apiPath;
}
