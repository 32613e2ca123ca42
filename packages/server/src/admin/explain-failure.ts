import { ADMIN_EXIT, AppError, type AdminExit } from '@coffer/core';
import { AuditDifference } from '../services/audit-difference.ts';
import { StartError } from '../start-error.ts';
import { NotFound } from './not-found.ts';
import { UsageError } from './usage-error.ts';

/** What to say of it, and how to end. */
export function explainFailure(error: unknown): { line: string; exit: AdminExit } {
  if (error instanceof UsageError) return { line: error.message, exit: ADMIN_EXIT.usage };
  if (error instanceof StartError || error instanceof AuditDifference)
    return { line: error.message, exit: ADMIN_EXIT.failure };
  if ((error as Error).name === 'AbortError')
    return { line: 'called off; nothing was left behind', exit: ADMIN_EXIT.failure };
  if (error instanceof NotFound) return { line: error.message, exit: ADMIN_EXIT.notFound };
  if (error instanceof AppError && error.status === 503) {
    const reason = String(error.detail['reason'] ?? error.code);
    return { line: `the database cannot serve: ${reason}`, exit: ADMIN_EXIT.storeAway };
  }
  return { line: String((error as Error).stack), exit: ADMIN_EXIT.failure };
}
