import { AppError } from '@coffer/core';
import { findInstance } from '../store/instance.ts';
import { backupWarnings } from './backup-log.ts';
import type { Context } from './context.ts';

const PATIENCE_MS = 5000;

/**
 * Whether the store answers and is the one that this process was started on, whether we have its root key, whether what was
 * committed is on disk, and whether the audit log can be written. Reading suffices while records get through; once one failed, writing is
 * tried, to find out whether the cause is gone. Answers with what should be looked into though all that works. Fails with
 * `not_ready`.
 */
export async function checkReady(context: Context): Promise<{ warnings: string[] }> {
  try {
    return { warnings: await inTime(check(context)) };
  } catch (cause) {
    if (!(cause instanceof AppError) || cause.status !== 503) throw cause;
    throw new AppError('not_ready', { reason: String(cause.detail['reason'] ?? cause.code) }, { cause });
  }
}

async function check({
  store,
  audit,
  instance,
  rootKeys,
  backupSchedule,
  savedHead,
}: Context): Promise<string[]> {
  const found = await findInstance(store.db);
  if (found?.id !== instance.id) throw new AppError('not_ready', { reason: 'the database was replaced' });
  await rootKeys.current(store.db);
  await store.flush();
  if (audit.failure !== undefined) await audit.probe();
  const ofBackups = backupSchedule === undefined ? [] : await backupWarnings(store.db);
  return [...savedHead.warnings, ...ofBackups];
}

/** Requests may wait for longer; whoever asks whether to send any should know before. */
async function inTime<T>(checked: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new AppError('not_ready', { reason: 'the database does not answer' })),
    PATIENCE_MS,
  );
  return await Promise.race([checked, late]).finally(() => clearTimeout(timer));
}
