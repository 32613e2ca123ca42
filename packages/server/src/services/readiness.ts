import { AppError } from '@coffer/core';
import { findInstance } from '../store/instance.ts';
import type { Context } from './context.ts';

/**
 * Whether the store answers and is the one that this process was started on, and whether the audit log can be
 * written. Reading suffices while records get through; once one failed, writing is tried, to find out whether the
 * cause is gone. Fails with `not_ready`.
 */
export async function checkReady({ store, audit, instance }: Context): Promise<void> {
  try {
    const found = await findInstance(store.db);
    if (found?.id !== instance.id) throw new AppError('not_ready', { reason: 'the database was replaced' });
    if (audit.failure !== undefined) await audit.probe();
  } catch (cause) {
    if (!(cause instanceof AppError) || cause.status !== 503) throw cause;
    throw new AppError('not_ready', { reason: String(cause.detail['reason'] ?? cause.code) }, { cause });
  }
}
