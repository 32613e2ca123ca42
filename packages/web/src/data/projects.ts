import { keepPreviousData, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { call, type ApiAnswer, type ApiInput } from './api.ts';
import { pageInput, type ListState } from './page.ts';

export type Project = ApiAnswer<'project_fetch_one'>['project'];
export type Member = ApiAnswer<'project_member_fetch'>['members'][number];
export type Candidate = ApiAnswer<'project_member_candidate_fetch'>['candidates'][number];
export type Environment = ApiAnswer<'environment_fetch'>['environments'][number];

/** `ownOnly`: those that one is a member of, also for ROOT. */
export const projectsQuery = (list: ListState, ownOnly = false) =>
  queryOptions({
    queryKey: ['projects', list, ownOnly],
    queryFn: async ({ signal }) =>
      await call('project_fetch', { ...pageInput(list), member: ownOnly ? 'true' : 'false' }, signal),
    placeholderData: keepPreviousData,
  });

export const projectQuery = (projectId: string) =>
  queryOptions({
    queryKey: ['project', projectId],
    queryFn: async ({ signal }) =>
      (await call('project_fetch_one', { project_id: projectId }, signal)).project,
  });

export const membersQuery = (projectId: string, list: ListState) =>
  queryOptions({
    queryKey: ['members', projectId, list],
    queryFn: async ({ signal }) =>
      await call('project_member_fetch', { project_id: projectId, ...pageInput(list) }, signal),
    placeholderData: keepPreviousData,
  });

export const candidatesQuery = (projectId: string, filter: string) =>
  queryOptions({
    queryKey: ['members', projectId, 'candidates', filter],
    queryFn: async ({ signal }) =>
      await call('project_member_candidate_fetch', { project_id: projectId, filter, limit: '8' }, signal),
    placeholderData: keepPreviousData,
  });

export const environmentsQuery = (projectId: string) =>
  queryOptions({
    queryKey: ['environments', projectId],
    queryFn: async ({ signal }) =>
      (await call('environment_fetch', { project_id: projectId }, signal)).environments,
  });

export function useCreateProject() {
  return useProjectMutation(async (input: ApiInput<'project_create'>) => await call('project_create', input));
}

export function useUpdateProject() {
  return useProjectMutation(async (input: ApiInput<'project_update'>) => await call('project_update', input));
}

export function useDeleteProject() {
  return useProjectMutation(
    async (projectId: string) => await call('project_delete', { project_id: projectId }),
    // The page of what is gone is still open: to fetch it again would end there as "not found".
    'none',
  );
}

export function useAddMember() {
  return useProjectMutation(
    async (input: ApiInput<'project_member_add'>) => await call('project_member_add', input),
  );
}

export function useRemoveMember() {
  return useProjectMutation(
    async (input: ApiInput<'project_member_remove'>) => await call('project_member_remove', input),
  );
}

export function useCreateEnvironment() {
  return useProjectMutation(
    async (input: ApiInput<'environment_create'>) => await call('environment_create', input),
  );
}

export function useDeleteEnvironment() {
  return useProjectMutation(
    async (input: ApiInput<'environment_delete'>) => await call('environment_delete', input),
  );
}

/** Whatever changes in a project may show in its lists, in its members and in what one may do there. */
function useProjectMutation<Input, Answer>(
  mutationFn: (input: Input) => Promise<Answer>,
  refetchType: 'active' | 'none' = 'active',
) {
  const client = useQueryClient();
  return useMutation({
    mutationFn,
    onSuccess: async () => {
      const keys = ['projects', 'project', 'members', 'environments'];
      await Promise.all(
        keys.map(async (key) => await client.invalidateQueries({ queryKey: [key], refetchType })),
      );
    },
  });
}
