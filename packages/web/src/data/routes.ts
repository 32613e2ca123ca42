import type { RouteDefinition } from '@coffer/core';
import { keepPreviousData, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { ApiError, call, type ApiAnswer, type ApiInput } from './api.ts';
import type { Place } from './entries.ts';
import { pageInput, type ListState } from './page.ts';

export type Route = ApiAnswer<'route_fetch_one'>['route'];
export type RouteSummary = ApiAnswer<'route_fetch'>['routes'][number];
export type RouteVersion = ApiAnswer<'route_version_fetch'>['versions'][number];
export type RouteCall = ApiAnswer<'route_call_fetch'>['calls'][number];
export type RoutePreview = ApiAnswer<'route_preview'>;

type Fields = Omit<ApiInput<'route_create'>, 'project_id' | 'id'>;
type At = { project_id: string; id: string };

/** As callers see them: without definitions. */
export const routesQuery = (projectId: string, list: ListState) =>
  queryOptions({
    queryKey: ['routes', projectId, list],
    queryFn: async ({ signal }) =>
      await call('route_fetch', { project_id: projectId, ...pageInput(list) }, signal),
    // Not those of another project: their buttons would act on them.
    placeholderData: (previous, query) => (query?.queryKey[1] === projectId ? previous : undefined),
  });

/** Those that use an entry. */
export const routesOfEntryQuery = (place: Place, key: string) =>
  queryOptions({
    queryKey: ['routes', place.project_id, 'of', place.environment, key],
    queryFn: async ({ signal }) => await call('route_fetch', { ...place, key, limit: '100' }, signal),
    staleTime: 0,
  });

/** With its definition. */
export const routeQuery = (projectId: string, id: string) =>
  queryOptions({
    queryKey: ['route', projectId, id],
    queryFn: async ({ signal }) =>
      (await call('route_fetch_one', { project_id: projectId, id }, signal)).route,
  });

/** What whoever may call it, but not see its definition, is told. */
export const routeSummaryQuery = (projectId: string, id: string) =>
  queryOptions({
    queryKey: ['routes', projectId, 'one', id],
    queryFn: async ({ signal }) => await findSummary(projectId, id, signal),
  });

async function findSummary(projectId: string, id: string, signal: AbortSignal): Promise<RouteSummary> {
  for (let page = 1; ; page += 1) {
    const list = { filter: id, page, size: 100 };
    const { routes, amount } = await call(
      'route_fetch',
      { project_id: projectId, ...pageInput(list) },
      signal,
    );
    const found = routes.find((route) => route.id === id);
    if (found !== undefined) return found;
    if (page * list.size >= amount)
      throw new ApiError({ code: 'route_not_found', status: 404, message: 'There is no such route.' });
  }
}

export const routeVersionsQuery = (at: At, page: { limit: number; offset: number }) =>
  queryOptions({
    queryKey: ['route', at.project_id, at.id, 'versions', page],
    queryFn: async ({ signal }) => await call('route_version_fetch', { ...at, ...texts(page) }, signal),
    placeholderData: keepPreviousData,
  });

export const routeCallsQuery = (at: At, page: { limit: number; offset: number }) =>
  queryOptions({
    queryKey: ['route-calls', at.project_id, at.id, page],
    queryFn: async ({ signal }) => await call('route_call_fetch', { ...at, ...texts(page) }, signal),
    placeholderData: keepPreviousData,
    staleTime: 0,
  });

function texts({ limit, offset }: { limit: number; offset: number }) {
  return { limit: String(limit), offset: String(offset) };
}

/** As it is now, past the cache. */
export async function fetchRoute(projectId: string, id: string): Promise<Route> {
  return (await call('route_fetch_one', { project_id: projectId, id })).route;
}

/** The document that was saved; the types of an answer say less than is known of it. */
export function definitionOf({ definition }: Pick<Route, 'definition'>): RouteDefinition {
  return definition as unknown as RouteDefinition;
}

function fieldsOf(definition: RouteDefinition): Fields {
  return definition as unknown as Fields;
}

export type Saving = At & { definition: RouteDefinition; confirmPublic: boolean };

/** Without `ifVersion` it is a new one. */
export function useSaveRoute() {
  return useRouteMutation(
    async ({
      definition,
      confirmPublic,
      ifVersion,
      ...at
    }: Saving & { ifVersion?: number | undefined }): Promise<Route> => {
      const input = { ...at, ...fieldsOf(definition), confirm_public: confirmPublic };
      const saved =
        ifVersion === undefined
          ? await call('route_create', input)
          : await call('route_update', { ...input, if_version: ifVersion });
      return saved.route;
    },
  );
}

export function useDeleteRoute() {
  return useRouteMutation(async (at: At) => await call('route_delete', at), 'none');
}

/** Nothing is opened by it, and nothing sent. */
export function usePreview() {
  return useMutation({
    mutationFn: async ({
      projectId,
      definition,
      example,
    }: {
      projectId: string;
      definition: RouteDefinition;
      example: ApiInput<'route_preview'>['example'];
    }) => await call('route_preview', { project_id: projectId, ...fieldsOf(definition), example }),
  });
}

function useRouteMutation<Input, Answer>(
  mutationFn: (input: Input) => Promise<Answer>,
  // The page of what is gone may still be open: to fetch it again would end there as "not found".
  refetchOne: 'active' | 'none' = 'active',
) {
  const client = useQueryClient();
  return useMutation({
    mutationFn,
    onSuccess: async () => {
      await Promise.all([
        client.invalidateQueries({ queryKey: ['routes'] }),
        client.invalidateQueries({ queryKey: ['route'], refetchType: refetchOne }),
      ]);
    },
  });
}
