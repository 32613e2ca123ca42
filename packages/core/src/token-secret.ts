/**
 * The secret of an access token as its holder has it: `cofp_` (personal) or `cofs_` (service), 43 random characters
 * and a checksum of 6, all of them letters and digits. The prefix and the checksum let scanners find a leaked one
 * without asking the server: `cof[ps]_[0-9A-Za-z]{49}`, then `isTokenSecret`.
 */
export const TOKEN_KINDS = ['personal', 'service'] as const;
export type TokenKind = (typeof TOKEN_KINDS)[number];

const PREFIXES: Readonly<Record<TokenKind, string>> = { personal: 'cofp_', service: 'cofs_' };
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const RANDOM_CHARACTERS = 43;
const CHECKSUM_CHARACTERS = 6;
/** 62 fits four times below 256: bytes from here on would make some characters likelier. */
const BYTES_USED = 248;
const PATTERN = new RegExp(`^cof[ps]_[0-9A-Za-z]{${RANDOM_CHARACTERS + CHECKSUM_CHARACTERS}}$`);

/** Makes a secret of 256 random bits. `randomBytes` answers with that many random bytes. */
export function makeTokenSecret(kind: TokenKind, randomBytes: (amount: number) => Uint8Array): string {
  let text = '';
  while (text.length < RANDOM_CHARACTERS) {
    for (const byte of randomBytes(RANDOM_CHARACTERS)) {
      if (byte < BYTES_USED && text.length < RANDOM_CHARACTERS) text += ALPHABET[byte % 62];
    }
  }
  const body = `${PREFIXES[kind]}${text}`;
  return `${body}${checksum(body)}`;
}

/** Whether a text has the form of a secret and its checksum is right: a typing error is found without asking. */
export function isTokenSecret(text: string): boolean {
  if (!PATTERN.test(text)) return false;
  return checksum(text.slice(0, -CHECKSUM_CHARACTERS)) === text.slice(-CHECKSUM_CHARACTERS);
}

/** Whether a text claims to be one: then it is no JWT. */
export function looksLikeTokenSecret(text: string): boolean {
  return Object.values(PREFIXES).some((prefix) => text.startsWith(prefix));
}

function checksum(text: string): string {
  let number = crc32(text);
  let digits = '';
  for (let index = 0; index < CHECKSUM_CHARACTERS; index += 1) {
    digits = `${ALPHABET[number % 62]}${digits}`;
    number = Math.floor(number / 62);
  }
  return digits;
}

/** CRC-32 as in RFC 1952, of ASCII text. */
function crc32(text: string): number {
  let crc = 0xff_ff_ff_ff;
  for (const character of text) {
    crc ^= character.charCodeAt(0);
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ ((crc & 1) === 1 ? 0xed_b8_83_20 : 0);
  }
  return (crc ^ 0xff_ff_ff_ff) >>> 0;
}
