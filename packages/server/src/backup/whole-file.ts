import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { StartError } from '../start-error.ts';
import { syncDirectory } from '../sync-directory.ts';

/** Ends the name of what is not whole yet. */
const PARTIAL_SUFFIX = '.partial';

/**
 * Makes a file that is there whole, on disk, or not at all, and never takes the place of another. `write` makes the
 * file at the path that it is given and flushes it. Answers with the size. Fails with a StartError when the directory
 * cannot take it.
 */
export async function writeWholeFile(path: string, write: (draft: string) => Promise<void>): Promise<number> {
  if (existsSync(path)) throw new StartError(`${path} is there already; nothing was written`);
  const draft = `${path}.${randomBytes(6).toString('hex')}${PARTIAL_SUFFIX}`;
  try {
    await write(draft);
    linkSync(draft, path);
    syncDirectory(dirname(path));
    return statSync(path).size;
  } catch (error) {
    throw explain(path, error);
  } finally {
    rmSync(draft, { force: true });
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk is full',
  EFBIG: 'it would be larger than a file may be',
  EROFS: 'the disk is read-only',
  EACCES: 'its directory may not be written',
  EPERM: 'its directory may not be written',
  ENOENT: 'its directory is not there',
  ENOTDIR: 'its directory is none',
  EEXIST: 'it is there already',
  EIO: 'the disk cannot be written',
};

function explain(path: string, error: unknown): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined) return error;
  return new StartError(`${path} cannot be written: ${REASONS[code] ?? code}`, { cause: error });
}
