import type { InstanceId, SealContext } from '@coffer/core';
import { open, seal, type SealingKey } from './aead.ts';
import type { InstanceKeys } from './root-key.ts';

/** Which data key of which project. */
export type DataKeyPlace = { instanceId: InstanceId; projectId: string; id: string };

export function wrapDataKey(keys: InstanceKeys, place: DataKeyPlace, bytes: Uint8Array): Uint8Array {
  return seal(wrapping(keys), dataKeyContext(place), bytes);
}

/** Fails with `value_unreadable` when it was altered, or wrapped under another root key or for another place. */
export function unwrapDataKey(keys: InstanceKeys, place: DataKeyPlace, wrapped: Uint8Array): Buffer {
  return open(wrapping(keys), dataKeyContext(place), wrapped);
}

/**
 * What signs tokens under a root key that is being replaced, sealed under the one that replaces it: tokens outlive the
 * rotation, the old root key need not.
 */
export function sealTokenKey(
  current: InstanceKeys,
  instanceId: InstanceId,
  replaced: InstanceKeys,
): Uint8Array {
  const bytes = Buffer.concat([replaced.rootKeyId, replaced.tokenKey]);
  return seal(wrapping(current), tokenKeyContext(instanceId), bytes);
}

/** Fails with `value_unreadable` when it was altered, or sealed under another root key. */
export function openTokenKey(
  keys: InstanceKeys,
  instanceId: InstanceId,
  sealed: Uint8Array,
): Pick<InstanceKeys, 'rootKeyId' | 'tokenKey'> {
  const bytes = open(wrapping(keys), tokenKeyContext(instanceId), sealed);
  const idBytes = keys.rootKeyId.length;
  return { rootKeyId: bytes.subarray(0, idBytes), tokenKey: bytes.subarray(idBytes) };
}

function wrapping(keys: InstanceKeys): SealingKey {
  return { id: keys.rootKeyId, key: keys.wrapKey };
}

function dataKeyContext({ instanceId, projectId, id }: DataKeyPlace): SealContext {
  return { ...nowhere(instanceId), project: projectId, entry: id, field: 'data_key' };
}

function tokenKeyContext(instanceId: InstanceId): SealContext {
  return { ...nowhere(instanceId), field: 'token_key' };
}

function nowhere(instance: InstanceId): Omit<SealContext, 'field'> {
  return { instance, project: '', environment: '', entry: '', version: 0 };
}
