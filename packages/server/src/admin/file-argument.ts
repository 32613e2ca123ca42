import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { UsageError } from './usage-error.ts';

/** The path of the backup that was named. Fails with a UsageError where it can be none. */
export function parseFileArgument(command: 'backup' | 'restore', file: string): string {
  // A backup counts once it is whole, read again, and has its name; a stream is believed too early.
  if (file === '-')
    throw new UsageError(
      `${command}: a backup is a file, not standard ${command === 'backup' ? 'output' : 'input'}; one of this name is ./-`,
    );
  const path = resolve(file);
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true)
    throw new UsageError(`${command}: ${path} is a directory; name the file in it`);
  return path;
}
