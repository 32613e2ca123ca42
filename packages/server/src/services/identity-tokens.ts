import { AppError } from '@coffer/core';
import { createLocalJWKSet, errors, jwtVerify, type JSONWebKeySet, type JWTPayload } from 'jose';
import type { Clock } from '../clock.ts';
import { EgressError, type Egress } from '../egress/egress.ts';

/** Signatures by a key that the issuer alone has. What the token says of its algorithm is only believed if it is one of these. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
const CLOCK_SKEW_SECONDS = 60;
const KEYS_TTL_MS = 10 * 60 * 1000;
/** A key that is not known makes us look for new ones, but not each time that someone invents one. */
const REFRESH_COOLDOWN_MS = 30 * 1000;
const ISSUERS_MAX = 200;
const LIMITS = { timeoutMs: 5000, bytesMax: 256 * 1024 };

type Keys = { keys: ReturnType<typeof createLocalJWKSet>; fetchedAt: number };

/**
 * Identity tokens (OpenID Connect) of other issuers. Their keys are found through the discovery document, kept for ten
 * minutes, and looked for anew when a token names one that is not there.
 */
export class IdentityTokens {
  readonly #egress: Egress;
  readonly #clock: Clock;
  readonly #keys = new Map<string, Promise<Keys>>();

  constructor(egress: Egress, clock: Clock) {
    this.#egress = egress;
    this.#clock = clock;
  }

  /**
   * Its claims, when it is one of this issuer for this audience, signed and within its time. Fails with
   * `identity_refused`, or `issuer_unavailable` when the keys cannot be had.
   */
  async verify(
    token: string,
    { issuer, audience }: { issuer: string; audience: string },
  ): Promise<JWTPayload> {
    const keys = await this.#keysOf(issuer);
    const expected = { issuer, audience };
    try {
      return await this.#check(token, keys, expected);
    } catch (error) {
      const isUnknownKey = error instanceof errors.JWKSNoMatchingKey;
      if (!isUnknownKey || this.#clock() - keys.fetchedAt < REFRESH_COOLDOWN_MS) throw refusal(error);
    }
    const renewed = await this.#fetchOnce(issuer);
    try {
      return await this.#check(token, renewed, expected);
    } catch (error) {
      throw refusal(error);
    }
  }

  async #check(
    token: string,
    { keys }: Keys,
    expected: { issuer: string; audience: string },
  ): Promise<JWTPayload> {
    const { payload } = await jwtVerify(token, keys, {
      ...expected,
      algorithms: ALGORITHMS,
      clockTolerance: CLOCK_SKEW_SECONDS,
      currentDate: new Date(this.#clock()),
      requiredClaims: ['iss', 'aud', 'sub', 'iat', 'exp'],
    });
    if ((payload.iat ?? Infinity) > this.#clock() / 1000 + CLOCK_SKEW_SECONDS)
      throw new AppError('identity_refused', { reason: 'it was issued in the future' });
    return payload;
  }

  async #keysOf(issuer: string): Promise<Keys> {
    const kept = await this.#keys.get(issuer);
    if (kept !== undefined && this.#clock() - kept.fetchedAt < KEYS_TTL_MS) return kept;
    return await this.#fetchOnce(issuer);
  }

  /** Callers that come meanwhile share one fetch. One that fails is forgotten. */
  async #fetchOnce(issuer: string): Promise<Keys> {
    const fetching = this.#fetch(issuer);
    this.#keys.delete(issuer);
    this.#keys.set(issuer, fetching);
    const [oldest] = this.#keys.keys();
    if (this.#keys.size > ISSUERS_MAX && oldest !== undefined) this.#keys.delete(oldest);
    try {
      return await fetching;
    } catch (error) {
      if (this.#keys.get(issuer) === fetching) this.#keys.delete(issuer);
      throw error;
    }
  }

  async #fetch(issuer: string): Promise<Keys> {
    const discovery = await this.#getJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
    if (discovery['issuer'] !== issuer) throw unavailable('its discovery document names another issuer');
    const keysUrl = discovery['jwks_uri'];
    if (typeof keysUrl !== 'string') throw unavailable('its discovery document names no keys');
    const set = await this.#getJson(keysUrl);
    try {
      return { keys: createLocalJWKSet(set as unknown as JSONWebKeySet), fetchedAt: this.#clock() };
    } catch (cause) {
      throw unavailable('its keys cannot be read', cause);
    }
  }

  async #getJson(text: string): Promise<Record<string, unknown>> {
    const url = URL.parse(text);
    if (url === null) throw unavailable('it names a URL that is none');
    try {
      const value: unknown = JSON.parse((await this.#egress.get(url, LIMITS)).toString());
      if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
    } catch (cause) {
      if (cause instanceof EgressError) throw unavailable(cause.message, cause);
      throw unavailable('its answer is not JSON', cause);
    }
    throw unavailable('its answer is not a JSON object');
  }
}

function unavailable(reason: string, cause?: unknown): AppError {
  return new AppError('issuer_unavailable', { reason }, { cause });
}

const CLAIM_REASONS: Readonly<Record<string, string>> = {
  iss: 'it is of another issuer',
  aud: 'it is for another audience',
  nbf: 'it is not valid yet',
};

function refusal(cause: unknown): unknown {
  if (cause instanceof AppError || !(cause instanceof errors.JOSEError)) return cause;
  return new AppError('identity_refused', { reason: reasonOf(cause) }, { cause });
}

function reasonOf(error: errors.JOSEError): string {
  if (error instanceof errors.JWTExpired) return 'it has expired';
  if (error instanceof errors.JWTClaimValidationFailed)
    return CLAIM_REASONS[error.claim] ?? `its claim ${error.claim} is missing or not valid`;
  if (error instanceof errors.JOSEAlgNotAllowed) return 'its algorithm is not accepted';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'its signature is wrong';
  if (error instanceof errors.JWKSNoMatchingKey) return 'its issuer has no such key';
  return 'it is no identity token';
}
