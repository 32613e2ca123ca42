import { sha256Hex } from '../sha256.ts';
import type { SealedVersion } from './vault-cipher.ts';

/** What the record of a stored version says of it: one that was replaced later can be told from the one that was stored. */
export function storedDetails(version: number, sealed: SealedVersion): Record<string, string | number> {
  return {
    version,
    data_key_id: sealed.dataKeyId,
    ciphertext_sha256: sha256Hex(sealed.valueSealed),
    comment_ciphertext_sha256: sha256Hex(sealed.commentSealed),
  };
}
