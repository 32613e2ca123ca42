import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { CliError, systemCode } from './cli-error.ts';

const OTHERS = 0o077;
const OTHERS_WRITE = 0o022;

/** Writes a file for us alone, in one step: who reads it meanwhile has the old one or the new one. */
export function writePrivateFile(path: string, data: string | Uint8Array): void {
  const next = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`);
  try {
    const file = openSync(next, 'wx', 0o600);
    try {
      writeFileSync(file, data);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(next, path);
  } catch (error) {
    rmSync(next, { force: true });
    throw new CliError('file_unwritable', { path, code: systemCode(error) });
  }
}

/** Makes the directory and those above it, for us alone. */
export function makePrivateDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new CliError('file_unwritable', { path, code: systemCode(error) });
  }
}

/**
 * The text of a file that only we can read and replace; undefined when there is none. Fails with `credentials_unsafe`
 * when others could have read it. The open file is looked at, so that it cannot be exchanged in between.
 */
export function readPrivateFile(path: string): string | undefined {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new CliError('file_unreadable', { path, code });
  }
  try {
    const why = reasonForMistrust(file, path);
    if (why !== undefined) throw new CliError('credentials_unsafe', { path, why });
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}

function reasonForMistrust(file: number, path: string): string | undefined {
  const us = process.getuid?.();
  // Windows keeps the profile of a user from others by itself.
  if (us === undefined) return undefined;
  const { uid, mode } = fstatSync(file);
  if (uid !== us) return 'belongs to someone else';
  if ((mode & OTHERS) !== 0) return 'can be read by others';
  const directory = statSync(dirname(path));
  if (directory.uid !== us && directory.uid !== 0) return 'lies in a directory of someone else';
  if ((directory.mode & OTHERS_WRITE) !== 0) return 'lies in a directory that others can write to';
  return undefined;
}
