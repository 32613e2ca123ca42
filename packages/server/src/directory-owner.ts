import { statSync } from 'node:fs';
import type { Owner } from './replace-file.ts';

/**
 * Whose a new file in the directory is to be, where that is not whoever makes it: what root makes for a server that is
 * not root, that must be able to use.
 */
export function ownerFor(directory: string): Owner | undefined {
  if (process.geteuid?.() !== 0) return undefined;
  const { uid, gid } = statSync(directory);
  return { uid, gid };
}
