import type { Redacted } from '@coffer/core';
import { parseRootKey, type Config } from '../config/config.ts';
import { readRootKeyFile, ROOT_KEY_FILE } from '../keys/root-key.ts';

/** From the settings or the data directory; undefined where there is none. Fails with a StartError. */
export function findRootKey({ rootKey, dataDir }: Config): Redacted<Buffer> | undefined {
  return rootKey ?? parseRootKey(`${ROOT_KEY_FILE} in ${dataDir}`, readRootKeyFile(dataDir)?.text);
}
