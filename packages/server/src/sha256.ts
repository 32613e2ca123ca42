import { hash } from 'node:crypto';

/** SHA-256 of the parts, one after the other. Copying them together costs less than an object that hashes piece by piece. */
export function sha256(...parts: readonly Uint8Array[]): Buffer {
  const [first] = parts;
  return hash('sha256', parts.length === 1 && first !== undefined ? first : Buffer.concat(parts), 'buffer');
}

export function sha256Hex(bytes: Uint8Array): string {
  return sha256(bytes).toString('hex');
}
