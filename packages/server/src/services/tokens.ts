import { hash } from 'node:crypto';
import { AppError, isId, type SessionId, type UserId } from '@coffer/core';
import { createSigner, createVerifier } from 'fast-jwt';
import type { Clock } from '../clock.ts';
import type { InstanceKeys } from '../keys/root-key.ts';
import type { Reader } from '../store/database.ts';
import type { RootKeyring } from './root-keyring.ts';

const TOKEN_TTL_SECONDS = 15 * 60;

const ISSUER = 'coffer';
const ALGORITHM = 'HS256';
const KNOWN_TOKENS_MAX = 10_000;
/** The last two bits of 43 characters are not part of a signature of 256 bits; decoders ignore them, so we look. */
const CANONICAL_END = /[AEIMQUYcgkosw048]$/;
/** By how much the clock of another node may be ahead. */
const CLOCK_SKEW_SECONDS = 60;

export type TokenClaims = { uid: UserId; sid: SessionId };

type Claims = Record<string, unknown>;
type Verify = (token: string) => Claims;
type KnownKeys = {
  keys: InstanceKeys;
  sign: (payload: Claims) => string;
  /** The current one, then those that were replaced: what they signed is valid until then. Milliseconds. */
  signers: readonly { until: number; verify: Verify }[];
  /** What verified tokens say, by their hash. Time and session are looked at for each request all the same. */
  verified: Map<string, { claims: Claims; until: number }>;
};

/**
 * The JWTs that programs send. They only say which session; whether it still stands, and what its user may do, is
 * read for each request.
 */
export class Tokens {
  readonly #rootKeys: RootKeyring;
  readonly #audience: string;
  readonly #clock: Clock;
  #known: KnownKeys | undefined;

  /** The audience is the instance: a token of another one is not valid here, even under the same root key. */
  constructor(rootKeys: RootKeyring, audience: string, clock: Clock) {
    this.#rootKeys = rootKeys;
    this.#audience = audience;
    this.#clock = clock;
  }

  /** Fails with `store_unavailable` when we do not have the root key that is the current one in this transaction. */
  async issue(db: Reader, claims: TokenClaims): Promise<{ token: string; expiresAt: number }> {
    const { sign } = await this.#learn(db);
    const iat = Math.floor(this.#clock() / 1000);
    const exp = iat + TOKEN_TTL_SECONDS;
    return {
      token: sign({ ...claims, iat, exp, iss: ISSUER, aud: this.#audience }),
      expiresAt: exp * 1000,
    };
  }

  /** Fails with `token_expired` or `token_invalid`, or as `issue` does. */
  async verify(db: Reader, token: string): Promise<TokenClaims> {
    const { uid, sid, iat, exp, nbf = iat } = await this.#decode(db, token);
    const now = this.#clock() / 1000;
    if (!isTime(iat) || !isTime(nbf) || !isTime(exp)) throw new AppError('token_invalid');
    if (Math.max(iat, nbf) > now + CLOCK_SKEW_SECONDS) throw new AppError('token_invalid');
    if (exp <= now) throw new AppError('token_expired');
    if (typeof uid === 'string' && isId('usr', uid) && typeof sid === 'string' && isId('ses', sid)) {
      return { uid, sid };
    }
    throw new AppError('token_invalid');
  }

  async #decode(db: Reader, token: string): Promise<Claims> {
    const keys = this.#known ?? (await this.#learn(db));
    const hashed = hash('sha256', token, 'binary');
    const verified = keys.verified.get(hashed);
    if (verified !== undefined && this.#clock() < verified.until) return verified.claims;
    if (!CANONICAL_END.test(token)) throw new AppError('token_invalid');
    const claims = this.#tryVerify(keys, hashed, token);
    if (claims !== undefined) return claims;
    // Another process may have replaced the root key, and signed this under the new one.
    const now = await this.#learn(db);
    const claimsNow = now === keys ? undefined : this.#tryVerify(now, hashed, token);
    if (claimsNow === undefined) throw new AppError('token_invalid');
    return claimsNow;
  }

  /** By the current key, or else by those before, while tokens of theirs are valid. */
  #tryVerify({ signers, verified }: KnownKeys, hashed: string, token: string): Claims | undefined {
    const now = this.#clock();
    for (const { until, verify } of signers) {
      if (now >= until) continue;
      try {
        const claims = verify(token);
        const [oldest] = verified.keys();
        if (verified.size >= KNOWN_TOKENS_MAX && oldest !== undefined) verified.delete(oldest);
        verified.set(hashed, { claims, until });
        return claims;
      } catch {
        // Not signed with this one, or not a token of ours.
      }
    }
    return undefined;
  }

  /** What signs and verifies: made anew when the database names another root key than before. */
  async #learn(db: Reader): Promise<KnownKeys> {
    const keys = await this.#rootKeys.current(db);
    if (this.#known?.keys === keys) return this.#known;
    const past = await this.#rootKeys.pastTokenKeys(db);
    this.#known = {
      keys,
      sign: createSigner({ key: keys.tokenKey, algorithm: ALGORITHM }),
      signers: [
        { until: Infinity, verify: this.#verifierOf(keys.tokenKey) },
        ...past.map(({ tokenKey, replacedAt }) => ({
          until: replacedAt + (TOKEN_TTL_SECONDS + CLOCK_SKEW_SECONDS) * 1000,
          verify: this.#verifierOf(tokenKey),
        })),
      ],
      verified: new Map(),
    };
    return this.#known;
  }

  #verifierOf(key: Buffer): Verify {
    return createVerifier({
      key,
      // Fixed: what the token says of its own algorithm is not believed.
      algorithms: [ALGORITHM],
      allowedIss: ISSUER,
      allowedAud: this.#audience,
      requiredClaims: ['uid', 'sid', 'iat', 'exp', 'iss', 'aud'],
      // The library would look at the system's clock.
      ignoreExpiration: true,
      ignoreNotBefore: true,
    });
  }
}

const isTime = (claim: unknown): claim is number => typeof claim === 'number';
