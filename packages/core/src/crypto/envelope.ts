/**
 * The byte format of everything that is encrypted at rest, without the cipher itself (`docs/crypto.md` has it in
 * words and pictures, `envelope.vectors.json` has published examples).
 *
 *     format (1) | key id (16) | nonce (12) | ciphertext (n) | tag (16)
 *
 * Format 1 is AES-256-GCM with a fresh random 96-bit nonce and a 128-bit tag. The associated data are the canonical
 * bytes of the place that the ciphertext belongs to, so that it opens nowhere else (R9).
 */
export const ENVELOPE_FORMAT = 1;
export const KEY_ID_BYTES = 16;
export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;
export const ENVELOPE_OVERHEAD_BYTES = 1 + KEY_ID_BYTES + NONCE_BYTES + TAG_BYTES;

export type Envelope = {
  keyId: Uint8Array;
  nonce: Uint8Array;
  ciphertext: Uint8Array;
  tag: Uint8Array;
};

/** The place that a ciphertext belongs to. Keys have no environment and version 0; that of tokens belongs to the instance. */
export type SealContext = {
  instance: string;
  project: string;
  environment: string;
  entry: string;
  /** 1, 2, 3… */
  version: number;
  field: 'value' | 'comment' | 'data_key' | 'token_key';
};

export function encodeEnvelope({ keyId, nonce, ciphertext, tag }: Envelope): Uint8Array {
  if (keyId.length !== KEY_ID_BYTES || nonce.length !== NONCE_BYTES || tag.length !== TAG_BYTES) {
    throw new RangeError('an envelope has a 16-byte key id, a 12-byte nonce and a 16-byte tag');
  }
  return concatBytes([Uint8Array.of(ENVELOPE_FORMAT), keyId, nonce, ciphertext, tag]);
}

/** Fails with a RangeError when the bytes are not an envelope of a known format. The parts are views, not copies. */
export function decodeEnvelope(bytes: Uint8Array): Envelope {
  if (bytes.length < ENVELOPE_OVERHEAD_BYTES) throw new RangeError('too short for an envelope');
  if (bytes[0] !== ENVELOPE_FORMAT) throw new RangeError('not a known envelope format');
  const nonceAt = 1 + KEY_ID_BYTES;
  const ciphertextAt = nonceAt + NONCE_BYTES;
  const tagAt = bytes.length - TAG_BYTES;
  return {
    keyId: bytes.subarray(1, nonceAt),
    nonce: bytes.subarray(nonceAt, ciphertextAt),
    ciphertext: bytes.subarray(ciphertextAt, tagAt),
    tag: bytes.subarray(tagAt),
  };
}

/**
 * The canonical bytes of (format, instance, project, environment, entry, version, field): the format is one byte, the
 * version eight bytes big-endian, each text its UTF-8 bytes behind their number in four bytes big-endian. No two
 * places have the same bytes.
 */
export function encodeAssociatedData(context: SealContext): Uint8Array {
  const { instance, project, environment, entry, version, field } = context;
  if (!Number.isSafeInteger(version) || version < 0) throw new RangeError('a version is a whole number');
  const texts = [instance, project, environment, entry];
  // UTF-8 has at most three bytes for each UTF-16 code unit.
  const characters = texts.reduce((sum, text) => sum + text.length, field.length);
  const bytes = new Uint8Array(1 + (texts.length + 1) * 4 + characters * 3 + 8);
  const view = new DataView(bytes.buffer);
  let offset = 1;
  const write = (text: string): void => {
    const { written } = utf8.encodeInto(text, bytes.subarray(offset + 4));
    view.setUint32(offset, written);
    offset += 4 + written;
  };
  bytes[0] = ENVELOPE_FORMAT;
  for (const text of texts) write(text);
  view.setUint32(offset, Math.floor(version / 2 ** 32));
  view.setUint32(offset + 4, version % 2 ** 32);
  offset += 8;
  write(field);
  return bytes.subarray(0, offset);
}

const utf8 = new TextEncoder();

function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}
