import { ApiError } from '../data/api.ts';
import { announce } from '../ui/toast.tsx';

/** Says briefly why something did not work. Of a session that ended the sign-in page speaks, which comes by itself. */
export function announceProblem(error: unknown, otherwise: string): void {
  if (error instanceof ApiError && error.status === 401) return;
  announce(error instanceof ApiError ? error.message : otherwise);
}
