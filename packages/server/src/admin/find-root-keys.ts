import { existsSync } from 'node:fs';
import type { Config } from '../config/config.ts';
import { rootKeySource } from '../keys/root-key-source.ts';
import type { RootKeys } from '../root-keys.ts';

/**
 * From the settings or the data directory; undefined where there is none, and then `path` is the file that they belong
 * into. Fails with a StartError.
 */
export function findRootKeys({ rootKeys, dataDir }: Config): {
  path: string | undefined;
  rootKeys: RootKeys | undefined;
} {
  const source = rootKeySource(rootKeys, dataDir);
  const { path } = source;
  return { path, rootKeys: path === undefined || existsSync(path) ? source.read() : undefined };
}
