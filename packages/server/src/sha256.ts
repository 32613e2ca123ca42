import { createHash, hash } from 'node:crypto';

/** SHA-256 of the parts, one after the other. */
export function sha256(...parts: readonly Uint8Array[]): Buffer {
  const [first] = parts;
  if (parts.length === 1 && first !== undefined) return hash('sha256', first, 'buffer');
  const digest = createHash('sha256');
  for (const part of parts) digest.update(part);
  return digest.digest();
}

export function sha256Hex(bytes: Uint8Array): string {
  return sha256(bytes).toString('hex');
}
