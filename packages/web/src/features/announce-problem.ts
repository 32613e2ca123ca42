import { ApiError } from '../data/api.ts';
import { announce } from '../ui/toast.tsx';

/** Says briefly why something did not work. Of a session that ended the sign-in page speaks, which comes by itself. */
export function announceProblem(error: unknown, otherwise: string, consequence = ''): void {
  if (error instanceof ApiError && error.status === 401) return;
  if (error instanceof DOMException && error.name === 'AbortError') return;
  announce(error instanceof ApiError ? `${consequence} ${error.message}`.trimStart() : otherwise);
}
