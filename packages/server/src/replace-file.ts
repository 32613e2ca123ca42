import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { StartError } from './start-error.ts';
import { syncDirectory } from './sync-directory.ts';

export type Owner = { uid: number; gid: number };

/** Nobody else ends a name so: what people keep beside a file is never taken for ours. */
const DRAFT_NAME = /^[.][0-9a-f]{12}[.]draft$/;
/** One that is being written has its name long before. */
const ABANDONED_AFTER_MS = 60_000;

/**
 * A file beside the one that is meant, mode 0600, on disk when this returns, read back. Answers with its path. Fails with a
 * StartError where the disk does not give back the text. What runs that were killed have left there goes first.
 */
export function writeDraft(path: string, text: string, owner?: Owner): string {
  try {
    removeDrafts(path);
  } catch {
    // Who may not remove one may still write another.
  }
  const draft = `${path}.${randomBytes(6).toString('hex')}.draft`;
  const file = openSync(draft, 'wx', 0o600);
  try {
    fchmodSync(file, 0o600);
    // As root for a server that is not: it must be able to read it.
    if (owner !== undefined) fchownSync(file, owner.uid, owner.gid);
    // Unlike a single write, goes on where the disk takes less than all.
    writeFileSync(file, text);
    fsyncSync(file);
    if (readFileSync(draft, 'utf8') !== text)
      throw new StartError(`${path} cannot be written: the disk does not give back what was written to it`);
    return draft;
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}

/** In one step: who reads the file finds what it was or what it is. It has the owner that it had, and mode 0600. */
export function replaceFile(path: string, text: string): void {
  const draft = writeDraft(path, text, statSync(path, { throwIfNoEntry: false }));
  try {
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
  syncDirectory(dirname(path));
}

/**
 * What a kill in the midst of writing the file has left beside it; not what another process is writing now. Should that be so
 * slow that it loses its draft all the same, it fails, and the file stays as it was.
 */
export function removeDrafts(path: string): void {
  const [directory, name] = [dirname(path), basename(path)];
  if (!existsSync(directory)) return;
  for (const found of readdirSync(directory)) {
    if (!found.startsWith(name) || !DRAFT_NAME.test(found.slice(name.length))) continue;
    const draft = join(directory, found);
    const stat = lstatSync(draft, { throwIfNoEntry: false });
    if (stat?.isFile() === true && Date.now() - stat.mtimeMs > ABANDONED_AFTER_MS)
      rmSync(draft, { force: true });
  }
}
