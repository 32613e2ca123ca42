import { AppError, type OAuthAuth } from '@coffer/core';
import type { Clock } from '../../clock.ts';
import { sha256Hex } from '../../sha256.ts';
import { requestToken, type Send } from './token-endpoint.ts';

export type Grant = {
  token: string;
  /** What was sent and received to have it. */
  secrets: readonly string[];
  /** What it is kept by. */
  key: string;
  /** From then on another is asked for. */
  renewAt: number;
  /** From then on it may have ended before it arrives. */
  usableUntil: number;
};

/** A grant that there is, or that is asked for: then it is still undefined. */
type Kept = { promise: Promise<Grant>; grant: Grant | undefined };

export type TokenRequest = { routeKey: string; auth: OAuthAuth; signal?: AbortSignal | undefined };

const GRANTS_MAX = 1000;
const TIMEOUT_MS = 15_000;
/** What an endpoint should say but need not (RFC 6749, 5.1): short enough to be true of any. */
const LIFE_SECONDS_UNKNOWN = 60;
const LIFE_SECONDS_MAX = 24 * 60 * 60;
const RENEWED_AT = 0.8;
/** For clocks that differ, and for the request that the token is sent with. */
const MARGIN_MS = 10_000;
/** After a renewal that failed, while the token can still be used. */
const RENEWED_AGAIN_MS = 5000;

/**
 * OAuth 2.0 access tokens by client credentials, in memory only. Any number of callers share one request for a token,
 * and then the token, for as long as nothing about the client changes. What failed is not kept: the next caller asks again.
 */
export class OAuthTokens {
  readonly #send: Send;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #grantsMax: number;
  /** The one used last is the last. */
  readonly #kept = new Map<string, Kept>();

  constructor(options: { send: Send; clock: Clock; timeoutMs?: number; grantsMax?: number }) {
    this.#send = options.send;
    this.#clock = options.clock;
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    this.#grantsMax = options.grantsMax ?? GRANTS_MAX;
  }

  /**
   * Fails with `route_value_unusable`, `route_upstream_unreachable`, `route_upstream_timeout` and
   * `route_response_refused`. Whose signal aborts stops waiting; the others have the token all the same.
   */
  async get({ routeKey, auth, signal }: TokenRequest): Promise<Grant> {
    const key = keyOf(routeKey, auth);
    const known = this.#kept.get(key);
    const kept = known !== undefined && this.#isFresh(known) ? known : this.#start(key, auth, known?.grant);
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= this.#grantsMax) break;
      this.#kept.delete(oldest);
    }
    return await unlessAborted(kept.promise, signal);
  }

  /** The API does not take it. Of many who say so only the first has an effect: the next token stays. */
  forget({ key, token }: Pick<Grant, 'key' | 'token'>): void {
    if (this.#kept.get(key)?.grant?.token === token) this.#kept.delete(key);
  }

  #isFresh({ grant }: Kept): boolean {
    return grant === undefined || this.#clock() < grant.renewAt;
  }

  #start(key: string, auth: OAuthAuth, previous: Grant | undefined): Kept {
    const promise = this.#obtain(key, auth).catch((error: unknown) => {
      // An endpoint that is down for a while does not take away what is still good; one that says no does.
      const saysNo = error instanceof AppError && error.code === 'route_response_refused';
      const now = this.#clock();
      if (saysNo || previous === undefined || previous.usableUntil <= now) throw error;
      return { ...previous, renewAt: Math.min(now + RENEWED_AGAIN_MS, previous.usableUntil) };
    });
    const kept: Kept = { promise, grant: undefined };
    promise.then(
      (grant) => {
        kept.grant = grant;
      },
      () => {
        if (this.#kept.get(key) === kept) this.#kept.delete(key);
      },
    );
    return kept;
  }

  async #obtain(key: string, auth: OAuthAuth): Promise<Grant> {
    const askedAt = this.#clock();
    const { token, lifeSeconds, secrets } = await requestToken(this.#send, auth, this.#timeoutMs);
    const lifeMs = Math.min(lifeSeconds ?? LIFE_SECONDS_UNKNOWN, LIFE_SECONDS_MAX) * 1000;
    const usableUntil = askedAt + lifeMs - MARGIN_MS;
    return {
      token,
      secrets,
      key,
      renewAt: Math.min(askedAt + lifeMs * RENEWED_AT, usableUntil),
      usableUntil,
    };
  }
}

function keyOf(routeKey: string, auth: OAuthAuth): string {
  const { token_url: url, client_id: id, client_secret: secret, client_auth: method, scope, audience } = auth;
  const secretHash = sha256Hex(Buffer.from(secret));
  return sha256Hex(Buffer.from(JSON.stringify([routeKey, url, id, secretHash, method, scope, audience])));
}

async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await promise;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(new AppError('route_upstream_timeout'));
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort);
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
