import { AppError } from '@coffer/core';
import { createLocalJWKSet, errors, jwtVerify, type JSONWebKeySet, type JWTPayload } from 'jose';
import { isRecent, type Clock } from '../clock.ts';
import { EgressError, type Egress } from '../egress/egress.ts';

/** Signatures by a key that the issuer alone has. What the token says of its algorithm is only believed if it is one of these. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
const CLOCK_SKEW_SECONDS = 60;
const LIFETIME_SECONDS_MAX = 400 * 24 * 60 * 60;
const KEYS_TTL_MS = 10 * 60 * 1000;
/** A key that is not known makes us look for new ones, but not each time that someone invents one. */
const REFRESH_COOLDOWN_MS = 30 * 1000;
/** An issuer that could not be asked is not asked again at once. */
const FAILURE_COOLDOWN_MS = 5 * 1000;
const ISSUERS_MAX = 200;
const LIMITS = { timeoutMs: 5000, bytesMax: 256 * 1024 };

/** What an identity token says, when its issuer's signature is right. */
export type Identity = {
  claims: JWTPayload;
  subject: string;
  /** Milliseconds. */
  expiresAt: number;
  /** Why it is refused all the same. */
  refusal: string | undefined;
};

type KeySet = ReturnType<typeof createLocalJWKSet>;
type Issuer = {
  keys?: KeySet;
  fetchedAt: number;
  triedAt: number;
  failure?: AppError | undefined;
  fetching?: Promise<KeySet> | undefined;
};

/**
 * Identity tokens (OpenID Connect) of other issuers. Their keys are found through the discovery document, kept for ten
 * minutes, and looked for anew when a token names one that is not there. An issuer is asked once for all who wait, and
 * seldom when it fails: strangers can send tokens, too.
 */
export class IdentityTokens {
  readonly #egress: Egress;
  readonly #clock: Clock;
  readonly #issuers = new Map<string, Issuer>();

  constructor(egress: Egress, clock: Clock) {
    this.#egress = egress;
    this.#clock = clock;
  }

  /**
   * What it says, when it is signed by this issuer. Fails with `identity_refused` when it is not, and with
   * `issuer_unavailable` when that cannot be found out.
   */
  async verify(token: string, { issuer, audience }: { issuer: string; audience: string }): Promise<Identity> {
    const expected = { issuer, audience };
    const state = this.#stateOf(issuer);
    const keys = await this.#keysOf(issuer, state);
    const usedAt = state.fetchedAt;
    try {
      return await this.#check(token, keys, expected);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      if (usedAt === state.fetchedAt && this.#isRecent(state.triedAt, REFRESH_COOLDOWN_MS))
        throw refused(reasonOf(error), error);
    }
    const renewed = usedAt === state.fetchedAt ? await this.#fetchOnce(issuer, state) : (state.keys ?? keys);
    try {
      return await this.#check(token, renewed, expected);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      throw refused(reasonOf(error), error);
    }
  }

  /** Fails with `identity_refused`, or as it comes when the keys lack the one that it names. */
  async #check(
    token: string,
    keys: KeySet,
    expected: { issuer: string; audience: string },
  ): Promise<Identity> {
    try {
      const { payload } = await jwtVerify(token, keys, {
        ...expected,
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_SKEW_SECONDS,
        currentDate: new Date(this.#clock()),
        requiredClaims: ['iss', 'aud', 'sub', 'iat', 'exp'],
      });
      return this.#identity(payload, undefined);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) throw error;
      // The signature is looked at before the claims: this token is one of theirs.
      if (error instanceof errors.JWTExpired || error instanceof errors.JWTClaimValidationFailed)
        return this.#identity(error.payload, reasonOf(error));
      if (error instanceof AppError) throw error;
      throw refused(reasonOf(error), error);
    }
  }

  #identity(claims: JWTPayload, refusal: string | undefined): Identity {
    const now = this.#clock() / 1000;
    const { sub, iat = 0, exp = now } = claims;
    if (typeof sub !== 'string' || !sub.isWellFormed())
      throw refused('its claim sub is missing or not valid');
    const expiresAt = Math.ceil(exp) * 1000;
    if (!(exp - now <= LIFETIME_SECONDS_MAX) || !Number.isSafeInteger(expiresAt))
      throw refused('it is valid for too long');
    const isEarly = iat > now + CLOCK_SKEW_SECONDS;
    return {
      claims,
      subject: sub,
      expiresAt,
      refusal: refusal ?? (isEarly ? 'it was issued in the future' : undefined),
    };
  }

  #isRecent(then: number, withinMs: number): boolean {
    return isRecent(then, { now: this.#clock(), withinMs });
  }

  #stateOf(issuer: string): Issuer {
    const known = this.#issuers.get(issuer);
    if (known !== undefined) return known;
    const [oldest] = this.#issuers.keys();
    if (this.#issuers.size >= ISSUERS_MAX && oldest !== undefined) this.#issuers.delete(oldest);
    const state = { fetchedAt: -Infinity, triedAt: -Infinity };
    this.#issuers.set(issuer, state);
    return state;
  }

  async #keysOf(issuer: string, state: Issuer): Promise<KeySet> {
    const isFresh = this.#isRecent(state.fetchedAt, KEYS_TTL_MS);
    return state.keys !== undefined && isFresh ? state.keys : await this.#fetchOnce(issuer, state);
  }

  /** Callers that come meanwhile share one fetch. The keys that there were stay until there are new ones. */
  async #fetchOnce(issuer: string, state: Issuer): Promise<KeySet> {
    if (state.fetching !== undefined) return await state.fetching;
    if (state.failure !== undefined && this.#isRecent(state.triedAt, FAILURE_COOLDOWN_MS))
      throw state.failure;
    state.triedAt = this.#clock();
    state.fetching = this.#fetch(issuer);
    try {
      state.keys = await state.fetching;
      state.fetchedAt = this.#clock();
      state.failure = undefined;
      return state.keys;
    } catch (error) {
      state.failure = error instanceof AppError ? error : unavailable('its keys cannot be had', error);
      throw state.failure;
    } finally {
      state.fetching = undefined;
    }
  }

  async #fetch(issuer: string): Promise<KeySet> {
    const discovery = await this.#getJson(
      issuer,
      `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
    );
    if (discovery['issuer'] !== issuer) throw unavailable('its discovery document names another issuer');
    const keysUrl = discovery['jwks_uri'];
    if (typeof keysUrl !== 'string') throw unavailable('its discovery document names no keys');
    const set = await this.#getJson(issuer, keysUrl);
    try {
      return createLocalJWKSet(set as unknown as JSONWebKeySet);
    } catch (cause) {
      throw unavailable('its keys cannot be read', cause);
    }
  }

  /** What the operator allows is for the issuers that are there: no issuer sends us to another's. */
  async #getJson(issuer: string, text: string): Promise<Record<string, unknown>> {
    const url = URL.parse(text);
    if (url === null) throw unavailable('it names a URL that is none');
    if (url.origin !== new URL(issuer).origin && !this.#egress.isPublic(url))
      throw unavailable('it names an address that may not be called');
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

export function refused(reason: string, cause?: unknown): AppError {
  return new AppError('identity_refused', { reason }, { cause });
}

function unavailable(reason: string, cause?: unknown): AppError {
  return new AppError('issuer_unavailable', { reason }, { cause });
}

const CLAIM_REASONS: Readonly<Record<string, string>> = {
  iss: 'it is of another issuer',
  aud: 'it is for another audience',
  nbf: 'it is not valid yet',
};

function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'it has expired';
  if (error instanceof errors.JWTClaimValidationFailed)
    return CLAIM_REASONS[error.claim] ?? `its claim ${error.claim} is missing or not valid`;
  if (error instanceof errors.JOSEAlgNotAllowed) return 'its algorithm is not accepted';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'its signature is wrong';
  if (error instanceof errors.JWKSNoMatchingKey) return 'its issuer has no such key';
  if (error instanceof errors.JOSEError) return 'it is no identity token';
  return 'its signature cannot be checked with the key that its issuer has';
}
