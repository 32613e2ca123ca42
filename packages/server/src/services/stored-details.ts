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

/**
 * And of one that was sealed anew: what it took the place of, so that a verification sees whether that was what was on record. Else
 * something that was exchanged would be on record as right from then on.
 */
export function resealedDetails(
  version: number,
  sealed: SealedVersion,
  replaced: SealedVersion,
): Record<string, string | number> {
  return {
    ...storedDetails(version, sealed),
    replaced_ciphertext_sha256: sha256Hex(replaced.valueSealed),
    replaced_comment_ciphertext_sha256: sha256Hex(replaced.commentSealed),
  };
}
