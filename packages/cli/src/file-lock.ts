import { closeSync, lstatSync, openSync, renameSync, rmSync, type Stats } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { CliError, systemCode } from './cli-error.ts';

/** Work under a lock takes milliseconds: who holds one for longer has been killed. */
const STALE_MS = 5_000;
const PATIENCE_MS = 20_000;
const PAUSE_MS = 20;

/**
 * Does the work while no other process does any under the same lock, which is a file beside the one that is changed.
 * Fails with `file_busy` or `file_unwritable`.
 */
export async function withFileLock<T>(path: string, work: () => T): Promise<T> {
  const lock = `${path}.lock`;
  const since = performance.now();
  let held = tryLock(lock);
  while (held === undefined) {
    if (performance.now() - since > PATIENCE_MS) throw new CliError('file_busy', { path });
    if (!removeStale(lock)) await sleep(PAUSE_MS * (1 + Math.random()));
    held = tryLock(lock);
  }
  try {
    return work();
  } finally {
    if (look(lock)?.ino === held.ino) rmSync(lock, { force: true });
  }
}

function tryLock(lock: string): Stats | undefined {
  try {
    closeSync(openSync(lock, 'wx', 0o600));
    return look(lock);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'EEXIST') return undefined;
    throw new CliError('file_unwritable', { path: lock, code });
  }
}

/** By a name of its own first: of two that find the same stale lock, one moves it away, and none a lock made since. */
function removeStale(lock: string): boolean {
  const found = look(lock);
  if (found === undefined || Math.abs(Date.now() - found.mtimeMs) < STALE_MS) return false;
  const aside = `${lock}.${randomBytes(6).toString('hex')}`;
  try {
    renameSync(lock, aside);
    const moved = look(aside);
    if (moved !== undefined && moved.ino !== found.ino) renameSync(aside, lock);
    else rmSync(aside, { force: true });
    return true;
  } catch {
    return false;
  }
}

function look(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}
