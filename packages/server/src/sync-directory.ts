import { closeSync, fsyncSync, openSync } from 'node:fs';

/** What was made, renamed or removed in it is on disk afterwards. */
export function syncDirectory(path: string): void {
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
