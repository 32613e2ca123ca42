import { Navigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { lastPage, type ListState } from '../data/page.ts';

type ToLastPageProps = {
  /** Undefined while it is that of another part of the list. */
  amount: number | undefined;
  list: ListState;
};

/** Goes to the last page where the list has no such page, as after its last record was deleted. */
export function ToLastPage({ amount, list }: ToLastPageProps): ReactNode {
  if (amount === undefined) return null;
  const last = lastPage(amount, list.size);
  return list.page > last && <Navigate to="." search={(now) => ({ ...now, page: last })} replace />;
}
