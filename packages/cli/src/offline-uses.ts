import { CofferError } from '@coffer/client';
import { appendFileSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { systemCode } from './cli-error.ts';
import { pathOnShelf, type Shelf } from './offline-copy.ts';
import type { Place } from './target.ts';

/** Of one call. */
const REPORTED_MAX = 100;
const REPORT_PATIENCE_MS = 5000;
/** Whoever took uses to report them has long done so, or was killed. */
const ABANDONED_MS = 60_000;

/** Remembers that the copy was used, until the server hears of it. Fails, and so nothing is given out, when it cannot. */
export function noteOfflineUse(shelf: Shelf): void {
  appendFileSync(pathOnShelf(shelf, 'uses'), `${shelf.now().toISOString()}\n`, { mode: 0o600 });
}

/**
 * Tells the server of the uses since the last contact. They are taken away first, so that two processes do not both tell of
 * them, and put back when the server does not take them.
 */
export async function reportOfflineUses(
  shelf: Shelf,
  send: (usedAt: readonly string[]) => Promise<boolean>,
): Promise<void> {
  for (const taken of takeUses(shelf)) {
    const lines = readFileSync(taken, 'utf8').trim().split('\n');
    while (lines.length > 0 && (await send(lines.slice(0, REPORTED_MAX)))) lines.splice(0, REPORTED_MAX);
    if (lines.length > 0)
      appendFileSync(pathOnShelf(shelf, 'uses'), `${lines.join('\n')}\n`, { mode: 0o600 });
    rmSync(taken, { force: true });
  }
}

/** Whether the server has it on record now. */
export async function sendOfflineUses(place: Place, usedAt: readonly string[]): Promise<boolean> {
  const { client, project, environment } = place;
  try {
    await client.api.event.offline(
      { project_id: project, environment, used_at: usedAt },
      { timeoutMs: REPORT_PATIENCE_MS },
    );
    return true;
  } catch (error) {
    if (error instanceof CofferError) return false;
    throw error;
  }
}

/** The files of uses, now under names of our own; those that someone left behind as well. */
function takeUses(shelf: Shelf): string[] {
  const uses = basename(pathOnShelf(shelf, 'uses'));
  const names = readdirSync(shelf.directory).filter((name) => name.startsWith(uses));
  return names.flatMap((name, index) => {
    const path = join(shelf.directory, name);
    const taken = join(shelf.directory, `${uses}.${process.pid}.${index}`);
    try {
      if (name !== uses && Date.now() - statSync(path).mtimeMs < ABANDONED_MS) return [];
      renameSync(path, taken);
      return [taken];
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return [];
      throw error;
    }
  });
}
