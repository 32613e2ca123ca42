import { keepPreviousData, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { call, type ApiInput } from './api.ts';
import { pageInput, type ListState } from './page.ts';

export const usersQuery = (list: ListState) =>
  queryOptions({
    queryKey: ['users', list],
    queryFn: async ({ signal }) => await call('user_fetch', pageInput(list), signal),
    placeholderData: keepPreviousData,
  });

export function useCreateUser() {
  const invalidate = useInvalidateUsers();
  return useMutation({
    mutationFn: async (input: ApiInput<'user_create'>) => await call('user_create', input),
    onSuccess: invalidate,
  });
}

/** Oneself or, for ROOT, anyone. */
export function useUpdateUser() {
  const invalidate = useInvalidateUsers();
  return useMutation({
    mutationFn: async (input: ApiInput<'user_update'>) => await call('user_update', input),
    onSuccess: invalidate,
  });
}

export function useResetPassword() {
  return useMutation({
    mutationFn: async (input: ApiInput<'user_password_reset'>) => await call('user_password_reset', input),
  });
}

export function useDeleteUser() {
  const invalidate = useInvalidateUsers();
  return useMutation({
    mutationFn: async (uid: string) => await call('user_delete', { uid }),
    onSuccess: invalidate,
  });
}

function useInvalidateUsers(): () => Promise<void> {
  const client = useQueryClient();
  return async () => {
    await Promise.all(
      ['users', 'me', 'members'].map(async (key) => await client.invalidateQueries({ queryKey: [key] })),
    );
  };
}
