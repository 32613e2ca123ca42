import { randomBytes } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  linkSync,
  lstatSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { Redacted } from '@coffer/core';
import { ownerFor } from '../directory-owner.ts';
import { isMountPoint } from '../is-mount-point.ts';
import { isWithoutLinks } from '../is-without-links.ts';
import { makeDirectory } from '../make-directory.ts';
import { refuseOtherThanFile } from '../refuse-other-than-file.ts';
import { replaceFile, writeDraft, type Owner } from '../replace-file.ts';
import { formatRootKeys, parseRootKeys, type RootKeys } from '../root-keys.ts';
import { StartError } from '../start-error.ts';
import { syncDirectory } from '../sync-directory.ts';

const ROOT_KEY_FILE = 'root.key';

/** Where the root keys come from. */
export type RootKeySource = {
  /** As messages name it. */
  name: string;
  /** Of the file, which can be read again while we run. Undefined: a variable. */
  path: string | undefined;
  /** Fails with a StartError. */
  read(): RootKeys;
};

/** What the settings gave; else the file in the data directory. */
export function rootKeySource(
  given: { keys: RootKeys; path: string | undefined } | undefined,
  dataDir: string,
): RootKeySource {
  if (given !== undefined && given.path === undefined)
    return { name: 'COFFER_ROOT_KEY', path: undefined, read: () => given.keys };
  const path = given?.path ?? join(dataDir, ROOT_KEY_FILE);
  const name = given === undefined ? `${ROOT_KEY_FILE} in ${dataDir}` : `COFFER_ROOT_KEY_FILE (${path})`;
  return { name, path, read: () => parseRootKeys(name, readText(path)) };
}

export function isReadableByOthers(path: string): boolean {
  return (statSync(path).mode & 0o077) !== 0;
}

function readText(path: string): string {
  refuseOtherThanFile(path);
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new StartError(
      `the root key ${path} cannot be read (${code}); check what it is and who may read it`,
      { cause },
    );
  }
}

/**
 * Makes a file with a root key, a new one where none is given, mode 0600. It is on disk before this returns, and it never replaces one that is there:
 * of two processes that start at once, one makes it and both use it. Fails with a StartError.
 */
export function createRootKeyFile(
  path: string,
  rootKey: Redacted<Buffer> = new Redacted(randomBytes(32)),
  owner?: Owner,
): void {
  writing(path, () => {
    makeDirectory(dirname(path));
    const draft = writeDraft(path, formatRootKeys([rootKey]), owner ?? ownerFor(dirname(path)));
    try {
      linkSync(draft, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    } finally {
      rmSync(draft, { force: true });
    }
    syncDirectory(dirname(path));
  });
}

function writing(path: string, write: () => void): void {
  try {
    write();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (cause instanceof StartError || code === undefined) throw cause;
    const reason = isWithoutLinks(cause) ? 'its disk has no hard links' : code;
    throw new StartError(`the root key file ${path} cannot be written (${reason})`, {
      cause,
    });
  }
}

/**
 * Puts a key that is about to be taken out of the file into one of its own beside it, mode 0600, on disk when this returns:
 * something that we do not know of may need it. Answers with its path. Fails with a StartError where another key is there.
 */
export function keepRetiredRootKey(path: string, rootKeyId: Buffer, rootKey: Redacted<Buffer>): string {
  const kept = `${path}.retired-${rootKeyId.toString('hex')}`;
  createRootKeyFile(kept, rootKey, statSync(path));
  const [found, ...others] = parseRootKeys(kept, readText(kept));
  if (others.length > 0 || !found.expose().equals(rootKey.expose()))
    throw new StartError(`${kept} holds another key than its name says; take it away and run this again`);
  return kept;
}

/** The one key in the file, which is made when it is not there. Fails with a StartError. */
export function readOrCreateRootKey(path: string): Redacted<Buffer> {
  if (!existsSync(path)) createRootKeyFile(path);
  const [rootKey, ...others] = parseRootKeys(path, readText(path));
  if (others.length > 0) throw new StartError(`${path} must hold the new root key and nothing else`);
  return rootKey;
}

/** A file that is mounted, by itself or read-only, or a link to where something else keeps it, is not for us to replace. */
export function canReplace(path: string): boolean {
  try {
    accessSync(dirname(path), constants.W_OK);
    return lstatSync(path).isFile() && !isMountPoint(path);
  } catch {
    return false;
  }
}

/** In one step: who reads the file finds the old keys or the new ones. Fails with a StartError. */
export function replaceRootKeyFile(path: string, keys: readonly Redacted<Buffer>[]): void {
  writing(path, () => replaceFile(path, formatRootKeys(keys)));
}
