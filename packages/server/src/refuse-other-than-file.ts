import { statSync } from 'node:fs';
import { StartError } from './start-error.ts';

/**
 * Fails with a StartError on a pipe or a device in the place of a root key: it would be waited for, and could not be read again. What is wrong with a
 * directory, or what is not there, reading says.
 */
export function refuseOtherThanFile(path: string): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined || stat.isFile() || stat.isDirectory()) return;
  throw new StartError(`the root key ${path} is no file, and could not be read again; give it as a file`);
}
