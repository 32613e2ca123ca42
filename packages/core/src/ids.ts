/**
 * Ids that the server makes: a prefix that tells the kind, and 128 random bits in Crockford's base 32, lower case.
 * A branded string was parsed at the edge or made here; a plain string is not an id.
 */
declare const brand: unique symbol;
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };

export type UserId = Brand<string, 'UserId'>;
export type SessionId = Brand<string, 'SessionId'>;
export type EntryId = Brand<string, 'EntryId'>;
export type DataKeyId = Brand<string, 'DataKeyId'>;
export type InstanceId = Brand<string, 'InstanceId'>;
export type TokenId = Brand<string, 'TokenId'>;
export type TrustId = Brand<string, 'TrustId'>;

/** Who can be named as having done something: a user, or a service token, which has no user. */
export type PrincipalId = UserId | TokenId;

type IdKinds = {
  usr: UserId;
  ses: SessionId;
  ent: EntryId;
  dk: DataKeyId;
  ins: InstanceId;
  tok: TokenId;
  trs: TrustId;
};
export type IdPrefix = keyof IdKinds;

export const ID_BYTES = 16;
const ID_CHARACTERS = 26;
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** Makes an id of the kind from 16 bytes. */
export function formatId<P extends IdPrefix>(prefix: P, bytes: Uint8Array): IdKinds[P] {
  if (bytes.length !== ID_BYTES) throw new RangeError(`an id is made of ${ID_BYTES} bytes`);
  let number = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  let text = '';
  for (let index = 0; index < ID_CHARACTERS; index += 1) {
    text = `${ALPHABET[Number(number & 31n)]}${text}`;
    number >>= 5n;
  }
  return `${prefix}_${text}` as IdKinds[P];
}

/** The 16 bytes that an id was made of. */
export function idBytes(id: IdKinds[IdPrefix]): Uint8Array {
  const text = id.slice(id.indexOf('_') + 1);
  let number = 0n;
  for (const character of text) number = (number << 5n) | BigInt(ALPHABET.indexOf(character));
  return Uint8Array.from({ length: ID_BYTES }, (_, index) =>
    Number((number >> BigInt(8 * (ID_BYTES - 1 - index))) & 0xffn),
  );
}

/** The form of an id of the kind. The first character carries only three bits: 26 × 5 is two more than 128. */
export function idPattern(prefix: IdPrefix): RegExp {
  return new RegExp(`^${prefix}_[0-7][${ALPHABET}]{${ID_CHARACTERS - 1}}$`);
}

export function isId<P extends IdPrefix>(prefix: P, text: string): text is IdKinds[P] {
  let pattern = patterns.get(prefix);
  if (pattern === undefined) patterns.set(prefix, (pattern = idPattern(prefix)));
  return pattern.test(text);
}

/** Each is made once: requests ask again and again. */
const patterns = new Map<IdPrefix, RegExp>();
