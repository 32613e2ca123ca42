import { createSecretKey, hkdfSync, randomBytes, timingSafeEqual, type KeyObject } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { Redacted } from '@coffer/core';
import { StartError } from '../start-error.ts';
import { syncDirectory } from '../sync-directory.ts';

export const ROOT_KEY_FILE = 'root.key';

/**
 * The keys that are derived from the root key with HKDF-SHA256, one for each use, so that none can stand in for
 * another. The instance id is the salt: the same root key gives other keys on another instance.
 */
export type InstanceKeys = {
  /** 16 bytes that name the root key in what it wrapped. */
  rootKeyId: Buffer;
  /** Wraps data keys. */
  wrapKey: KeyObject;
  /** Signs tokens: HS256. */
  tokenKey: Buffer;
  /** Says who made a backup: HMAC-SHA256. */
  backupKey: Buffer;
  /** Compared with what a person presents to set the instance up. */
  setupToken: Redacted<string>;
};

/** What tells, at start, whether a root key is the one of this database. It reveals nothing about the key. */
export function rootKeyCheck(rootKey: Redacted<Buffer>, instanceId: string): Buffer {
  return derive(rootKey, instanceId, 'root key check', 32);
}

export function isRootKeyOf(rootKey: Redacted<Buffer>, instanceId: string, check: Uint8Array): boolean {
  const expected = rootKeyCheck(rootKey, instanceId);
  return check.length === expected.length && timingSafeEqual(expected, check);
}

export function deriveInstanceKeys(rootKey: Redacted<Buffer>, instanceId: string): InstanceKeys {
  return {
    rootKeyId: derive(rootKey, instanceId, 'root key id', 16),
    wrapKey: createSecretKey(derive(rootKey, instanceId, 'data key wrap', 32)),
    tokenKey: derive(rootKey, instanceId, 'token signature', 32),
    backupKey: derive(rootKey, instanceId, 'backup seal', 32),
    setupToken: new Redacted(derive(rootKey, instanceId, 'set-up token', 32).toString('base64url')),
  };
}

function derive(rootKey: Redacted<Buffer>, instanceId: string, use: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', rootKey.expose(), instanceId, `coffer v1 ${use}`, bytes));
}

/** The text of the root key file, or undefined when there is none. */
export function readRootKeyFile(dataDir: string): { text: string; readableByOthers: boolean } | undefined {
  const path = join(dataDir, ROOT_KEY_FILE);
  if (!existsSync(path)) return undefined;
  try {
    return { text: readFileSync(path, 'utf8'), readableByOthers: (statSync(path).mode & 0o077) !== 0 };
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new StartError(
      `the root key ${path} cannot be read (${code}); check what it is and who may read it`,
      { cause },
    );
  }
}

/**
 * Makes the root key file, mode 0600. It is on disk before this returns, and it never replaces one that is there:
 * of two processes that start at once, one makes it and both use it.
 */
export function createRootKeyFile(dataDir: string, rootKey: Uint8Array = randomBytes(32)): void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const path = join(dataDir, ROOT_KEY_FILE);
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  const file = openSync(draft, 'wx', 0o600);
  try {
    writeSync(file, `${Buffer.from(rootKey).toString('base64')}\n`);
    fsyncSync(file);
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    closeSync(file);
    rmSync(draft, { force: true });
  }
  syncDirectory(dirname(path));
}
