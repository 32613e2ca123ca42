import { AppError, type RouteAuth } from '@coffer/core';
import { canRedact } from '../redactor.ts';
import type { OutgoingRequest } from '../request.ts';
import { signForAws } from './aws-signature.ts';
import { checkCredential, unusable } from './credential.ts';
import { signWithHmac } from './hmac.ts';
import type { OAuthTokens } from './oauth-tokens.ts';

/** With its templates filled in. */
export type FilledAuth = RouteAuth;

export type Authenticated = {
  /** To be sent after those of the request. */
  headers: [name: string, value: string][];
  /** What was made or fetched for it: none of it may come back in an answer. */
  secrets: string[];
  /** For when the API answered 401: what it refused is not used again. */
  forget: () => void;
};

export type AuthTools = {
  /** Milliseconds since 1970. */
  now: number;
  tokens: OAuthTokens;
  /** Routes do not share tokens. */
  routeKey: string;
  /** Of who waits: what is fetched for others as well goes on. */
  signal?: AbortSignal | undefined;
};

type Proof = Omit<Authenticated, 'forget'> & Partial<Pick<Authenticated, 'forget'>>;

/** Printable, and what HTTP calls white space: anything else could end the header. */
const HEADER_VALUE = /^[\t\x20-\x7e]*$/;

/**
 * Proves to the outside API who is calling. Fails with `route_value_unusable`; where a token has to be fetched, also
 * with `route_upstream_unreachable`, `route_upstream_timeout` and `route_response_refused`.
 */
export async function authenticateRequest(
  request: OutgoingRequest,
  auth: FilledAuth,
  tools: AuthTools,
): Promise<Authenticated> {
  checkHeaders(request.headers);
  const proof = await prove(request, auth, tools);
  checkHeaders(proof.headers);
  return { forget: () => {}, ...proof };
}

async function prove(request: OutgoingRequest, auth: FilledAuth, tools: AuthTools): Promise<Proof> {
  switch (auth.type) {
    case 'bearer':
      return withBearer(auth.token);
    case 'basic':
      return withBasic(auth.username, auth.password);
    case 'hmac':
      return signWithHmac(request, auth, tools.now);
    case 'aws_sigv4':
      return await signForAws(request, auth, tools.now);
    case 'oauth2_client_credentials': {
      const { tokens, routeKey, signal } = tools;
      const grant = await tokens.get({ routeKey, auth, signal });
      if (!canRedact(grant.token))
        throw new AppError('route_response_refused', {
          reason: 'its token is too short to be kept out of answers',
        });
      const { headers } = withBearer(grant.token);
      return { headers, secrets: [...grant.secrets], forget: () => tokens.forget(grant) };
    }
  }
}

function withBearer(token: string): Proof {
  checkCredential('request.auth.token', token, 'visible ASCII');
  return { headers: [['Authorization', `Bearer ${token}`]], secrets: [token] };
}

/** RFC 7617, in UTF-8. */
function withBasic(username: string, password: string): Proof {
  if (username.includes(':')) throw unusable('request.auth.username', 'it has a colon');
  // One of the two may be empty: some APIs take a key for the name, and no password.
  if (username !== '') checkCredential('request.auth.username', username, 'no control characters');
  if (password !== '') checkCredential('request.auth.password', password, 'no control characters');
  if (username === '' && password === '') throw unusable('request.auth.password', 'it is empty');
  const credentials = Buffer.from(`${username}:${password}`).toString('base64');
  return { headers: [['Authorization', `Basic ${credentials}`]], secrets: [credentials, password] };
}

function checkHeaders(headers: OutgoingRequest['headers']): void {
  for (const [name, value] of headers) {
    if (!HEADER_VALUE.test(value))
      throw unusable(`the header ${name}`, 'it has characters that a header cannot hold');
  }
}
