import { keepPreviousData, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { call, type ApiAnswer, type ApiInput } from './api.ts';
import { pageInput, type ListState } from './page.ts';

export type AccessToken = ApiAnswer<'token_fetch'>['access_tokens'][number];
export type Trust = ApiAnswer<'token_trust_fetch'>['trusts'][number];
export type TokenKind = AccessToken['kind'];

/** The service tokens of a project, or without one one's own personal tokens. */
export const tokensQuery = (projectId: string | undefined, list: ListState) =>
  queryOptions({
    queryKey: ['tokens', projectId ?? null, list],
    queryFn: async ({ signal }) => {
      const of = projectId === undefined ? {} : { project_id: projectId };
      const { access_tokens: tokens, amount } = await call(
        'token_fetch',
        { ...of, ...pageInput(list) },
        signal,
      );
      return { tokens, amount };
    },
    // Not those of another project: their buttons would act on them.
    placeholderData: (previous, query) => (query?.queryKey[1] === (projectId ?? null) ? previous : undefined),
  });

export const trustsQuery = (projectId: string, list: ListState) =>
  queryOptions({
    queryKey: ['trusts', projectId, list],
    queryFn: async ({ signal }) =>
      await call('token_trust_fetch', { project_id: projectId, ...pageInput(list) }, signal),
    placeholderData: keepPreviousData,
  });

/** The secret goes straight to who asked, past every cache; what the mutation keeps is the token without it. */
export function useCreateToken() {
  return useTokenMutation(
    async ({ input, onSecret }: { input: ApiInput<'token_create'>; onSecret: (secret: string) => void }) => {
      const { token: secret, access_token: token } = await call('token_create', input);
      onSecret(secret);
      return token;
    },
  );
}

export function useUpdateToken() {
  return useTokenMutation(async (input: ApiInput<'token_update'>) => await call('token_update', input));
}

export function useRevokeToken() {
  return useTokenMutation(async (id: string) => await call('token_revoke', { id }));
}

export function useCreateTrust() {
  return useTokenMutation(
    async (input: ApiInput<'token_trust_create'>) => await call('token_trust_create', input),
  );
}

export function useDeleteTrust() {
  return useTokenMutation(async (id: string) => await call('token_trust_delete', { id }));
}

function useTokenMutation<Input, Answer>(mutationFn: (input: Input) => Promise<Answer>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn,
    onSuccess: async () => {
      const keys = ['tokens', 'trusts'];
      await Promise.all(keys.map(async (key) => await client.invalidateQueries({ queryKey: [key] })));
    },
  });
}
