import { projectAbilities, type Action } from '@coffer/core';
import {
  keepPreviousData,
  queryOptions,
  useMutation,
  useQueryClient,
  useSuspenseQuery,
} from '@tanstack/react-query';
import { call, type ApiAnswer, type ApiInput } from './api.ts';
import { claimPage, setPageOwner } from './page-owner.ts';
import { tellTabs } from './tabs.ts';

export type Me = ApiAnswer<'user_me'>;
export type User = Me['user'];

/** Who is signed in, and what they may do on the instance. */
export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: async ({ signal }) => {
    const me = await call('user_me', {}, signal);
    await claimPage(me.user.uid);
    return me;
  },
  staleTime: 60_000,
  retry: false,
});

export function useMe(): User {
  return useSuspenseQuery(meQuery).data.user;
}

/** The same with what they may do on the instance. */
export function useMyself(): Me {
  return useSuspenseQuery(meQuery).data;
}

/** What the pages may offer. The server decides again at each call. */
export function useMay(action: Action): boolean {
  const { abilities } = useSuspenseQuery(meQuery).data;
  return abilities.includes(action);
}

/** In the projects that they are a member of. */
export function useMayCallRoutes(): boolean {
  return projectAbilities(useMe().role, true).includes('route.list');
}

export function useSignIn() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (input: ApiInput<'user_login'>) => await call('user_login', input),
    onSuccess: ({ user }) => {
      client.clear();
      setPageOwner(user.uid);
      tellTabs({ kind: 'signed-in', uid: user.uid });
    },
  });
}

/** On a page whose session has ended; as someone else it does not go on. */
export function useSignInAgain() {
  return useMutation({
    mutationFn: async (input: ApiInput<'user_login'>) => {
      const { user } = await call('user_login', input);
      tellTabs({ kind: 'signed-in', uid: user.uid });
      await claimPage(user.uid);
    },
  });
}

export function useSetUp() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (input: ApiInput<'setup'>) => await call('setup', input),
    onSuccess: ({ user }) => {
      client.clear();
      setPageOwner(user.uid);
      tellTabs({ kind: 'signed-in', uid: user.uid });
    },
  });
}

export function useSignOut() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async () => await call('user_logout', {}),
    onSuccess: () => {
      client.clear();
      tellTabs({ kind: 'signed-out' });
    },
  });
}

/** The session goes on while a page is open. */
export async function refreshSession(): Promise<void> {
  await call('user_refresh', {});
}

export type Session = ApiAnswer<'user_session_fetch'>['sessions'][number];

export const sessionsQuery = (page: { limit: number; offset: number }) =>
  queryOptions({
    queryKey: ['sessions', page],
    queryFn: async ({ signal }) =>
      await call('user_session_fetch', { limit: String(page.limit), offset: String(page.offset) }, signal),
    placeholderData: keepPreviousData,
  });

export function useEndSession() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (id: string) => await call('user_session_delete', { id }),
    onSettled: async () => await client.invalidateQueries({ queryKey: ['sessions'] }),
  });
}

export function useChangePassword() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (input: ApiInput<'user_password'>) => await call('user_password', input),
    onSuccess: async () => await client.invalidateQueries({ queryKey: ['sessions'] }),
  });
}
