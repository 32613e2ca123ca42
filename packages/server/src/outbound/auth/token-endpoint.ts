import type { Readable } from 'node:stream';
import { AppError, type OAuthAuth } from '@coffer/core';
import { EgressError } from '../../egress/egress.ts';
import { checkCredential, unusable } from './credential.ts';

/** As `Egress` sends. */
export type Send = (request: {
  url: URL;
  method: string;
  headers: readonly (readonly [name: string, value: string])[];
  body: Buffer;
  headTimeoutMs: number;
  idleTimeoutMs: number;
  signal: AbortSignal;
}) => Promise<{
  status: number;
  headers: readonly (readonly [name: string, value: string])[];
  body: Readable;
}>;

export type IssuedToken = {
  token: string;
  /** From when it was asked for; undefined: the endpoint does not say. */
  lifeSeconds: number | undefined;
  /** What was sent and received that proves something. */
  secrets: string[];
};

const ANSWER_BYTES_MAX = 64 * 1024;
/** RFC 6749, 5.2. Anything else that an endpoint says about an error could be made from what it was sent. */
const ERROR_CODES: ReadonlySet<unknown> = new Set([
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
]);
/** RFC 6749, A.12. */
const ACCESS_TOKEN = /^[\x21-\x7e]+$/;

/** One request for a token (RFC 6749, 4.4). */
export async function requestToken(send: Send, auth: OAuthAuth, timeoutMs: number): Promise<IssuedToken> {
  const url = URL.parse(auth.token_url);
  if (url === null) throw unusable('request.auth.token_url', 'it is not a URL');
  checkCredential('request.auth.client_id', auth.client_id, 'no control characters');
  checkCredential('request.auth.client_secret', auth.client_secret, 'no control characters');
  const { headers, body, secrets } = tokenRequest(auth);
  const signal = AbortSignal.timeout(timeoutMs);
  const request = { url, method: 'POST', headers, body, signal };
  try {
    const answer = await send({ ...request, headTimeoutMs: timeoutMs, idleTimeoutMs: timeoutMs });
    const read = readAnswer(answer.status, answer.headers, await readBody(answer.body));
    return { ...read, secrets: [read.token, ...secrets] };
  } catch (error) {
    throw translate(error, signal);
  }
}

function tokenRequest(auth: OAuthAuth): { headers: [string, string][]; body: Buffer; secrets: string[] } {
  const { client_id: id, client_secret: secret } = auth;
  const fields = new URLSearchParams({ grant_type: 'client_credentials' });
  if (auth.scope !== null) fields.set('scope', auth.scope);
  if (auth.audience !== null) fields.set('audience', auth.audience);
  const headers: [string, string][] = [
    ['Accept', 'application/json'],
    ['Accept-Encoding', 'identity'],
    ['Content-Type', 'application/x-www-form-urlencoded'],
    ['User-Agent', 'coffer'],
  ];
  const secrets = [secret];
  if (auth.client_auth === 'post') {
    fields.set('client_id', id);
    fields.set('client_secret', secret);
  } else {
    // Each encoded as in a form before they are put together (RFC 6749, 2.3.1), so that a colon divides them.
    const credentials = Buffer.from(`${formEncoded(id)}:${formEncoded(secret)}`).toString('base64');
    headers.push(['Authorization', `Basic ${credentials}`]);
    secrets.push(credentials);
  }
  return { headers, body: Buffer.from(fields.toString()), secrets };
}

function formEncoded(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1);
}

async function readBody(body: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) throw refused('the answer of the token endpoint is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function readAnswer(
  status: number,
  headers: readonly (readonly [string, string])[],
  body: Buffer,
): Omit<IssuedToken, 'secrets'> {
  const json = isJson(headers) ? parseObject(body) : undefined;
  if (status === 429 || status >= 500) throw unreachable('the token endpoint cannot answer now');
  if (status !== 200) {
    const error = json?.['error'];
    throw refused(
      typeof error === 'string' && ERROR_CODES.has(error)
        ? `the token endpoint answered ${error}`
        : 'the token endpoint gave no token',
    );
  }
  if (json === undefined) throw refused('the answer of the token endpoint is not a JSON object');
  const { access_token: token, token_type: type, expires_in: life } = json;
  // Case does not count (RFC 6749, 5.1). A token of a type that is not understood must not be used (7.1).
  if (typeof type !== 'string' || type.toLowerCase() !== 'bearer')
    throw refused('the token of the token endpoint is not a bearer token');
  if (typeof token !== 'string' || !ACCESS_TOKEN.test(token))
    throw refused('the answer of the token endpoint has no token that can be sent');
  return { token, lifeSeconds: seconds(life) };
}

function isJson(headers: readonly (readonly [string, string])[]): boolean {
  const type = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '';
  return /^application\/(?:[a-z0-9.-]+\+)?json[\t ]*(?:;|$)/i.test(type);
}

function parseObject(body: Buffer): Record<string, unknown> | undefined {
  try {
    const json: unknown = JSON.parse(body.toString());
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? { ...json } : undefined;
  } catch {
    // What it says quotes the answer.
    return undefined;
  }
}

/** A number, or the text of one, which some endpoints send. */
function seconds(life: unknown): number | undefined {
  const number = typeof life === 'string' && /^\d{1,10}$/.test(life) ? Number(life) : life;
  return typeof number === 'number' && Number.isFinite(number) && number >= 0 ? number : undefined;
}

function refused(reason: string): AppError {
  return new AppError('route_response_refused', { reason });
}

function unreachable(reason: string, cause?: EgressError): AppError {
  return new AppError('route_upstream_unreachable', { reason }, { cause });
}

function translate(error: unknown, signal: AbortSignal): unknown {
  if (error instanceof AppError) return error;
  if (signal.aborted) return new AppError('route_upstream_timeout');
  if (!(error instanceof EgressError)) return error;
  const reason: string = error.reason;
  return reason === 'timeout'
    ? new AppError('route_upstream_timeout')
    : unreachable(`the token endpoint gave no answer (${error.message})`, error);
}
