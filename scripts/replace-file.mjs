import { renameSync, writeFileSync } from 'node:fs';

/**
 * In one step, so that nobody reads half a file, and two builds at once do not get into each other's way.
 * @param {string} path
 * @param {string | Uint8Array} content
 * @param {number} [mode]
 */
export function replaceFile(path, content, mode) {
  const draft = `${path}.${process.pid}.next`;
  writeFileSync(draft, content, { mode });
  renameSync(draft, path);
}
