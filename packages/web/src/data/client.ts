import { QueryClient } from '@tanstack/react-query';
import { ApiError } from './api.ts';

/** Answers are kept for a while, values never: they do not go through queries at all (see `values.ts`). */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      retry: (failures, error) => failures < 2 && error instanceof ApiError && isPassing(error),
      refetchOnWindowFocus: false,
    },
    mutations: { retry: false },
  },
});

function isPassing({ status, code }: ApiError): boolean {
  return status === 503 || status === 429 || code === 'unreachable';
}
