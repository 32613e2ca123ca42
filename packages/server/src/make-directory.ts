import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * With those above it, where they are not there yet; for the owner alone. Node's own `recursive` never comes back where a parent
 * takes no directories but says that there is none, as below `/proc`.
 */
export function makeDirectory(path: string): void {
  if (existsSync(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeDirectory(parent);
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another process was first.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
