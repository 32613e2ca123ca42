import { QueryClient } from '@tanstack/react-query';
import { ApiError } from './api.ts';

/** Answers are kept for a while, values never: they do not go through queries at all (see `fetchValue`). */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      retry: (failures, error) => failures < 2 && error instanceof ApiError && isPassing(error),
      refetchOnWindowFocus: false,
      networkMode: 'always',
    },
    // Sent now or refused now: what waits for the network would be sent after one has given it up. And forgotten with
    // the form that sent it, because it may hold a password or a value.
    mutations: { retry: false, networkMode: 'always', gcTime: 0 },
  },
});

/** Runs what may start mutations; the answer tells, whenever it is called, whether one of those is still under way. */
export function watchMutations(run: () => void): () => boolean {
  const cache = queryClient.getMutationCache();
  const before = new Set(cache.getAll());
  run();
  const started = cache.getAll().filter((mutation) => !before.has(mutation));
  return () => started.some(({ state }) => state.status === 'pending');
}

function isPassing({ status, code }: ApiError): boolean {
  return status === 503 || status === 429 || code === 'unreachable';
}
