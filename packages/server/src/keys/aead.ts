import { createCipheriv, createDecipheriv, randomBytes, type KeyObject } from 'node:crypto';
import {
  AppError,
  decodeEnvelope,
  encodeAssociatedData,
  encodeEnvelope,
  NONCE_BYTES,
  TAG_BYTES,
  type SealContext,
} from '@coffer/core';

const CIPHER = 'aes-256-gcm';
// Without it Node takes tags of 4 and 8 bytes, which can be guessed.
const TAG_OPTION = { authTagLength: TAG_BYTES };

export type SealingKey = { id: Uint8Array; key: KeyObject };

/** Seals under AES-256-GCM with a fresh random nonce, bound to the context. */
export function seal(sealing: SealingKey, context: SealContext, plaintext: Uint8Array): Uint8Array {
  return sealWithNonce(sealing, context, plaintext, randomBytes(NONCE_BYTES));
}

/** For the published vectors alone: a nonce that is used twice under one key gives both plaintexts away. */
export function sealWithNonce(
  { id, key }: SealingKey,
  context: SealContext,
  plaintext: Uint8Array,
  nonce: Uint8Array,
): Uint8Array {
  const cipher = createCipheriv(CIPHER, key, nonce, TAG_OPTION);
  cipher.setAAD(encodeAssociatedData(context));
  const ciphertext = cipher.update(plaintext);
  cipher.final();
  return encodeEnvelope({ keyId: id, nonce, ciphertext, tag: cipher.getAuthTag() });
}

/** Fails with `value_unreadable` when the envelope was altered, or sealed under another key or for another place. */
export function open({ id, key }: SealingKey, context: SealContext, envelope: Uint8Array): Buffer {
  try {
    const { keyId, nonce, ciphertext, tag } = decodeEnvelope(envelope);
    // The cipher does not cover the key id, so an altered one has to be refused here.
    if (Buffer.compare(keyId, id) !== 0) throw new RangeError('sealed under another key');
    const decipher = createDecipheriv(CIPHER, key, nonce, TAG_OPTION);
    decipher.setAAD(encodeAssociatedData(context));
    decipher.setAuthTag(tag);
    const plaintext = decipher.update(ciphertext);
    decipher.final();
    return plaintext;
  } catch (cause) {
    throw new AppError('value_unreadable', {}, { cause });
  }
}
