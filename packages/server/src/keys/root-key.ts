import { createSecretKey, hkdfSync, timingSafeEqual, type KeyObject } from 'node:crypto';
import { Redacted } from '@coffer/core';

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
  /** Says who saved a head of the audit log: HMAC-SHA256. */
  headKey: Buffer;
  /** Compared with what a person presents to set the instance up. */
  setupToken: Redacted<string>;
};

/** What tells, at start, whether a root key is the one of this database. It reveals nothing about the key. */
export function rootKeyCheck(rootKey: Redacted<Buffer>, instanceId: string): Buffer {
  return derive(rootKey, instanceId, 'root key check', 32);
}

/** Of these the one that the check is of. */
export function findRootKeyOf(
  rootKeys: readonly Redacted<Buffer>[],
  instanceId: string,
  check: Uint8Array,
): Redacted<Buffer> | undefined {
  return rootKeys.find((rootKey) => {
    const own = rootKeyCheck(rootKey, instanceId);
    return own.length === check.length && timingSafeEqual(own, check);
  });
}

export function deriveInstanceKeys(rootKey: Redacted<Buffer>, instanceId: string): InstanceKeys {
  return {
    rootKeyId: derive(rootKey, instanceId, 'root key id', 16),
    wrapKey: createSecretKey(derive(rootKey, instanceId, 'data key wrap', 32)),
    tokenKey: derive(rootKey, instanceId, 'token signature', 32),
    backupKey: derive(rootKey, instanceId, 'backup seal', 32),
    headKey: derive(rootKey, instanceId, 'audit head seal', 32),
    setupToken: new Redacted(derive(rootKey, instanceId, 'set-up token', 32).toString('base64url')),
  };
}

function derive(rootKey: Redacted<Buffer>, instanceId: string, use: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', rootKey.expose(), instanceId, `coffer v1 ${use}`, bytes));
}
