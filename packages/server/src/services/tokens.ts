import { hash } from 'node:crypto';
import { AppError, isId, type SessionId, type UserId } from '@coffer/core';
import { createSigner, createVerifier } from 'fast-jwt';
import type { Clock } from '../clock.ts';

const TOKEN_TTL_SECONDS = 15 * 60;

const ISSUER = 'coffer';
const ALGORITHM = 'HS256';
const KNOWN_TOKENS_MAX = 10_000;
/** The last two bits of 43 characters are not part of a signature of 256 bits; decoders ignore them, so we look. */
const CANONICAL_END = /[AEIMQUYcgkosw048]$/;
/** By how much the clock of another node may be ahead. */
const CLOCK_SKEW_SECONDS = 60;

export type TokenClaims = { uid: UserId; sid: SessionId };

/**
 * The JWTs that programs send. They only say which session; whether it still stands, and what its user may do, is
 * read for each request.
 */
export class Tokens {
  readonly #audience: string;
  readonly #clock: Clock;
  readonly #sign: (payload: Record<string, unknown>) => string;
  readonly #verify: (token: string) => Record<string, unknown>;
  /** What verified tokens say, by their hash. Time and session are looked at for each request all the same. */
  readonly #known = new Map<string, Record<string, unknown>>();

  /** The audience is the instance: a token of another one is not valid here, even under the same root key. */
  constructor(key: Buffer, audience: string, clock: Clock) {
    this.#audience = audience;
    this.#clock = clock;
    this.#sign = createSigner({ key, algorithm: ALGORITHM });
    this.#verify = createVerifier({
      key,
      // Fixed: what the token says of its own algorithm is not believed.
      algorithms: [ALGORITHM],
      allowedIss: ISSUER,
      allowedAud: audience,
      requiredClaims: ['uid', 'sid', 'iat', 'exp', 'iss', 'aud'],
      // The library would look at the system's clock.
      ignoreExpiration: true,
      ignoreNotBefore: true,
    });
  }

  issue(claims: TokenClaims): { token: string; expiresAt: number } {
    const iat = Math.floor(this.#clock() / 1000);
    const exp = iat + TOKEN_TTL_SECONDS;
    return {
      token: this.#sign({ ...claims, iat, exp, iss: ISSUER, aud: this.#audience }),
      expiresAt: exp * 1000,
    };
  }

  /** Fails with `token_expired` or `token_invalid`. */
  verify(token: string): TokenClaims {
    const { uid, sid, iat, exp, nbf = iat } = this.#decode(token);
    const now = this.#clock() / 1000;
    if (!isTime(iat) || !isTime(nbf) || !isTime(exp)) throw new AppError('token_invalid');
    if (Math.max(iat, nbf) > now + CLOCK_SKEW_SECONDS) throw new AppError('token_invalid');
    if (exp <= now) throw new AppError('token_expired');
    if (typeof uid === 'string' && isId('usr', uid) && typeof sid === 'string' && isId('ses', sid)) {
      return { uid, sid };
    }
    throw new AppError('token_invalid');
  }

  #decode(token: string): Record<string, unknown> {
    const key = hash('sha256', token, 'binary');
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (!CANONICAL_END.test(token)) throw new AppError('token_invalid');
    const claims = this.#verifyOrRefuse(token);
    const [oldest] = this.#known.keys();
    if (this.#known.size >= KNOWN_TOKENS_MAX && oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(key, claims);
    return claims;
  }

  #verifyOrRefuse(token: string): Record<string, unknown> {
    try {
      return this.#verify(token);
    } catch (cause) {
      throw new AppError('token_invalid', {}, { cause });
    }
  }
}

const isTime = (claim: unknown): claim is number => typeof claim === 'number';
