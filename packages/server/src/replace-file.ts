import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { syncDirectory } from './sync-directory.ts';

/** A file beside the one that is meant, mode 0600, on disk when this returns. Answers with its path. */
export function writeDraft(path: string, text: string, owner?: { uid: number; gid: number }): string {
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  const file = openSync(draft, 'wx', 0o600);
  try {
    fchmodSync(file, 0o600);
    // As root for a server that is not: it must be able to read it.
    if (owner !== undefined) fchownSync(file, owner.uid, owner.gid);
    writeSync(file, text);
    fsyncSync(file);
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
