import type {
  EntryKey,
  EnvironmentId,
  ProjectId,
  RouteAccess,
  RouteId,
  RouteMethod,
  UserId,
} from '@coffer/core';
import type { Reader, Transaction } from './database.ts';
import type { Place } from './entries.ts';
import { contains, countRows, toSearchable, type Page } from './page.ts';
import { makeChange, prepared } from './prepared.ts';
import type { RouteRow, RouteVersionRow } from './tables.ts';

/** What a route is found by, and its current version. */
export type Route = {
  projectId: ProjectId;
  id: RouteId;
  method: RouteMethod;
  path: string;
  /** The path without the names in it. */
  shape: string;
  /** The number of segments of the path. */
  segments: number;
  environment: EnvironmentId;
  access: RouteAccess;
  version: number;
  firstEvent: number;
};

export type RouteVersion = {
  version: number;
  digest: string;
  /** JSON, as it was written. */
  definition: string;
  savedAt: number;
  savedBy: { uid: UserId; username: string };
};

export type RouteWithVersion = { route: Route; saved: RouteVersion };

export async function findRoute(
  db: Reader,
  projectId: ProjectId,
  id: RouteId,
): Promise<RouteWithVersion | undefined> {
  const row = await currentRoutes(db, projectId).where('route.id', '=', id).executeTakeFirst();
  return row && toRouteWithVersion(row);
}

export type RouteFilter = {
  environments: readonly EnvironmentId[] | undefined;
  /** Those that use an entry. */
  uses: (Place & { key: EntryKey }) | undefined;
};

/** By id. The filter looks at id, path and description. */
export async function listRoutes(
  db: Reader,
  projectId: ProjectId,
  { environments, uses, ...page }: Page & RouteFilter,
): Promise<{ routes: RouteWithVersion[]; amount: number }> {
  let matching = currentRoutes(db, projectId).where(contains('route.search', page.filter));
  if (environments !== undefined) matching = matching.where('route.environment', 'in', environments);
  if (uses !== undefined) matching = matching.where('route.id', 'in', usersOf(db, uses));
  const rows = await matching.orderBy('route.id').limit(page.limit).offset(page.offset).execute();
  return { routes: rows.map(toRouteWithVersion), amount: await countRows(matching.clearSelect()) };
}

/** The ids of those that use an entry, in order. */
export async function listRoutesUsing(db: Reader, entry: Place & { key: EntryKey }): Promise<RouteId[]> {
  const rows = await routesUsing(db, entry);
  return rows.map(({ route_id: id }) => id as RouteId);
}

export async function countRoutes(db: Reader, place: { projectId: ProjectId; environment?: EnvironmentId }) {
  let matching = db.selectFrom('route').where('project_id', '=', place.projectId);
  if (place.environment !== undefined) matching = matching.where('environment', '=', place.environment);
  return await countRows(matching);
}

/** Newest first. */
export async function listRouteVersions(
  db: Reader,
  { projectId, id }: Pick<Route, 'projectId' | 'id'>,
  page: Omit<Page, 'filter'>,
): Promise<{ versions: RouteVersion[]; amount: number }> {
  const matching = db
    .selectFrom('route_version')
    .where('project_id', '=', projectId)
    .where('route_id', '=', id);
  const rows = await matching
    .selectAll()
    .orderBy('version', 'desc')
    .limit(page.limit)
    .offset(page.offset)
    .execute();
  return { versions: rows.map(toVersion), amount: await countRows(matching) };
}

/** Says what is taken, or nothing. */
export async function insertRoute(
  tx: Transaction,
  route: Route,
  description: string,
): Promise<'route_exists' | 'route_path_taken' | undefined> {
  const taken = await findTaken(tx, route);
  if (taken === undefined)
    await makeChange(tx, tx.insertInto('route').values({ ...toColumns(route, description), id: route.id }));
  return taken;
}

/** False: it is no longer at the version before. A path that is taken is refused by `isPathTaken` first. */
export async function advanceRoute(tx: Transaction, route: Route, description: string): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('route')
    .set(toColumns(route, description))
    .where('project_id', '=', route.projectId)
    .where('id', '=', route.id)
    .where('version', '=', route.version - 1)
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

export async function isPathTaken(db: Reader, route: Route): Promise<boolean> {
  const other = await db
    .selectFrom('route')
    .select('id')
    .where('project_id', '=', route.projectId)
    .where('method', '=', route.method)
    .where('shape', '=', route.shape)
    .where('id', '<>', route.id)
    .executeTakeFirst();
  return other !== undefined;
}

/** A version, and the entries that it names instead of those of the version before. */
export async function insertRouteVersion(
  tx: Transaction,
  { projectId, id, environment }: Route,
  { saved, keys }: { saved: RouteVersion; keys: readonly EntryKey[] },
): Promise<void> {
  await makeChange(
    tx,
    tx.insertInto('route_version').values({
      project_id: projectId,
      route_id: id,
      version: saved.version,
      digest: saved.digest,
      definition: saved.definition,
      saved_at: saved.savedAt,
      saved_by_uid: saved.savedBy.uid,
      saved_by_username: saved.savedBy.username,
    }),
  );
  await tx.deleteFrom('route_key').where('project_id', '=', projectId).where('route_id', '=', id).execute();
  for (const key of keys) {
    await makeChange(
      tx,
      tx.insertInto('route_key').values({ project_id: projectId, route_id: id, environment, key }),
    );
  }
}

export async function setRouteFirstEvent(
  tx: Transaction,
  { projectId, id }: Route,
  index: number,
): Promise<void> {
  await makeChange(
    tx,
    tx
      .updateTable('route')
      .set({ first_event: index })
      .where('project_id', '=', projectId)
      .where('id', '=', id),
  );
}

/** With all its versions. */
export async function removeRoute(tx: Transaction, { projectId, id }: Route): Promise<void> {
  await makeChange(tx, tx.deleteFrom('route').where('project_id', '=', projectId).where('id', '=', id));
}

/** Those of a project that a path with so many segments could mean. The project is found by its API path. */
export async function listCandidateRoutes(
  db: Reader,
  where: { apiPath: string; method: string; segments: number },
): Promise<Pick<Route, 'projectId' | 'id' | 'path'>[]> {
  const rows = await candidateRoutes(db, where);
  return rows.map((row) => ({
    projectId: row.project_id as ProjectId,
    id: row.id as RouteId,
    path: row.path,
  }));
}

/** Which of them is the API path of a project. They are not above each other, so there is one at most. */
export async function findApiPath(db: Reader, paths: readonly string[]): Promise<string | undefined> {
  const row = await db
    .selectFrom('project')
    .select('api_path')
    .where('api_path', 'in', paths)
    .executeTakeFirst();
  return row?.api_path;
}

/** How many calls there were from the address in this minute, with this one. */
export async function countCall(
  tx: Transaction,
  { projectId, id }: Pick<Route, 'projectId' | 'id'>,
  { address, minute }: { address: string; minute: number },
): Promise<number> {
  await makeChange(tx, tx.deleteFrom('route_rate').where('minute', '<', minute));
  const { calls } = await tx
    .insertInto('route_rate')
    .values({ project_id: projectId, route_id: id, address, minute, calls: 1 })
    .onConflict((conflict) =>
      conflict
        .columns(['project_id', 'route_id', 'address', 'minute'])
        .doUpdateSet((set) => ({ calls: set('route_rate.calls', '+', 1) })),
    )
    .returning('calls')
    .executeTakeFirstOrThrow();
  return calls;
}

export const findCalledRoute = async (
  db: Reader,
  where: Pick<Route, 'projectId' | 'id'>,
): Promise<RouteWithVersion | undefined> => {
  const [row] = await calledRoute(db, where);
  return row && toRouteWithVersion(row);
};

const candidateRoutes = prepared((db, where: { apiPath: string; method: string; segments: number }) =>
  db
    .selectFrom('project')
    .innerJoin('route', 'route.project_id', 'project.id')
    .select(['route.project_id', 'route.id', 'route.path'])
    .where('project.api_path', '=', where.apiPath)
    .where('route.method', '=', where.method)
    .where('route.segments', '=', where.segments),
);

const calledRoute = prepared((db, where: Pick<Route, 'projectId' | 'id'>) =>
  currentRoutes(db, where.projectId).where('route.id', '=', where.id),
);

const routesUsing = prepared((db, entry: Place & { key: EntryKey }) =>
  usersOf(db, entry).orderBy('route_key.route_id'),
);

function currentRoutes(db: Reader, projectId: ProjectId) {
  return db
    .selectFrom('route')
    .innerJoin('route_version', (join) =>
      join
        .onRef('route_version.project_id', '=', 'route.project_id')
        .onRef('route_version.route_id', '=', 'route.id')
        .onRef('route_version.version', '=', 'route.version'),
    )
    .where('route.project_id', '=', projectId)
    .selectAll('route')
    .select([
      'route_version.digest',
      'route_version.definition',
      'route_version.saved_at',
      'route_version.saved_by_uid',
      'route_version.saved_by_username',
    ]);
}

function usersOf(db: Reader, { projectId, environment, key }: Place & { key: EntryKey }) {
  return db
    .selectFrom('route_key')
    .select('route_key.route_id')
    .where('route_key.project_id', '=', projectId)
    .where('route_key.environment', '=', environment)
    .where('route_key.key', '=', key);
}

async function findTaken(db: Reader, route: Route) {
  const same = await db
    .selectFrom('route')
    .select('id')
    .where('project_id', '=', route.projectId)
    .where('id', '=', route.id)
    .executeTakeFirst();
  if (same !== undefined) return 'route_exists';
  return (await isPathTaken(db, route)) ? 'route_path_taken' : undefined;
}

function toColumns(route: Route, description: string): Omit<RouteRow, 'id'> {
  return {
    project_id: route.projectId,
    method: route.method,
    path: route.path,
    shape: route.shape,
    segments: route.segments,
    environment: route.environment,
    access: route.access,
    search: toSearchable(`${route.id}\n${route.path}\n${description}`),
    version: route.version,
    first_event: route.firstEvent,
  };
}

function toRouteWithVersion(
  row: RouteRow & Omit<RouteVersionRow, 'project_id' | 'route_id'>,
): RouteWithVersion {
  const saved = toVersion(row);
  return {
    saved,
    route: {
      projectId: row.project_id as ProjectId,
      id: row.id as RouteId,
      method: row.method as RouteMethod,
      path: row.path,
      shape: row.shape,
      segments: row.segments,
      environment: row.environment as EnvironmentId,
      access: row.access,
      version: row.version,
      firstEvent: row.first_event,
    },
  };
}

function toVersion(row: Omit<RouteVersionRow, 'project_id' | 'route_id'>): RouteVersion {
  return {
    version: row.version,
    digest: row.digest,
    definition: row.definition,
    savedAt: row.saved_at,
    savedBy: { uid: row.saved_by_uid as UserId, username: row.saved_by_username },
  };
}
