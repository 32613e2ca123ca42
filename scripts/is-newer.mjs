import { globSync, statSync } from 'node:fs';

/**
 * Whether something that a build reads is newer than what it made, or nothing was made yet.
 * @param {{ inputs: string[], built: string }} build patterns of files, and the file that the build writes last
 */
export function isNewer({ inputs, built }) {
  const made = changed(built);
  return globSync(inputs).some((file) => changed(file) > made);
}

/**
 * When, in milliseconds; 0 where there is none.
 * @param {string} file
 */
export function changed(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
