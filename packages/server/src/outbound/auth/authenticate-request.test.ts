import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { OutgoingRequest } from '../request.ts';
import { authenticateRequest, type Authenticated, type FilledAuth } from './authenticate-request.ts';
import { OAuthTokens } from './oauth-tokens.ts';

const REQUEST: OutgoingRequest = {
  url: new URL('https://api.example.org/v1/charges'),
  method: 'GET',
  headers: [['Accept', 'application/json']],
  body: undefined,
};

const HMAC = {
  type: 'hmac',
  key: 'walnut-kestrel-52',
  algorithm: 'sha256',
  encoding: 'base64',
  parts: ['method', 'path'],
  separator: '',
  header: 'X-Signature',
  prefix: '',
  timestamp_header: null,
} as const;

const AWS = {
  type: 'aws_sigv4',
  access_key_id: 'AKIDEXAMPLE',
  secret_access_key: 'secret',
  session_token: null,
  region: 'us-east-1',
  service: 's3',
} as const;

async function authenticate(auth: FilledAuth, request: OutgoingRequest = REQUEST): Promise<Authenticated> {
  let issued = 0;
  const tokens = new OAuthTokens({
    clock: () => 0,
    send: async () => {
      issued += 1;
      const answer = { access_token: `fetched-token-${issued}`, token_type: 'Bearer', expires_in: 3600 };
      return {
        status: 200,
        headers: [['content-type', 'application/json']],
        body: Readable.from([Buffer.from(JSON.stringify(answer))]),
      };
    },
  });
  return await authenticateRequest(request, auth, { now: 0, tokens, routeKey: 'route' });
}

describe('bearer', () => {
  test('sends the token, and has it redacted', async () => {
    const { headers, secrets } = await authenticate({ type: 'bearer', token: 'walnut-kestrel-52' });
    expect(headers).toEqual([['Authorization', 'Bearer walnut-kestrel-52']]);
    expect(secrets).toEqual(['walnut-kestrel-52']);
  });
});

describe('basic', () => {
  // RFC 7617, 2 and 2.1.
  test.each([
    ['Aladdin', 'open sesame', 'QWxhZGRpbjpvcGVuIHNlc2FtZQ=='],
    ['test', '123£', 'dGVzdDoxMjPCow=='],
  ])('has the credentials of the examples of RFC 7617: %s', async (username, password, expected) => {
    const { headers, secrets } = await authenticate({ type: 'basic', username, password });
    expect(headers).toEqual([['Authorization', `Basic ${expected}`]]);
    expect(secrets).toEqual([expected, password]);
  });

  test('takes a key for the name, without a password', async () => {
    const { headers } = await authenticate({ type: 'basic', username: 'sk_test', password: '' });
    expect(headers).toEqual([['Authorization', `Basic ${btoa('sk_test:')}`]]);
  });

  test('lets the password have colons', async () => {
    const { headers } = await authenticate({ type: 'basic', username: 'a', password: 'b:c' });
    expect(headers).toEqual([['Authorization', `Basic ${btoa('a:b:c')}`]]);
  });
});

test('client credentials become a bearer token, and both are redacted', async () => {
  const { headers, secrets } = await authenticate({
    type: 'oauth2_client_credentials',
    token_url: 'https://login.example.org/token',
    client_id: 'client',
    client_secret: 'client-secret',
    client_auth: 'basic',
    scope: null,
    audience: null,
  });
  expect(headers).toEqual([['Authorization', 'Bearer fetched-token-1']]);
  expect(secrets).toEqual(['fetched-token-1', 'client-secret', btoa('client:client-secret')]);
});

describe('what cannot be sent is refused, and is not in the error', () => {
  const canary = 'walnut-kestrel-52';
  test.each<[string, FilledAuth, string]>([
    ['an empty token', { type: 'bearer', token: '' }, 'request.auth.token'],
    ['a token that ends a line', { type: 'bearer', token: `${canary}\n` }, 'request.auth.token'],
    ['a token with a space', { type: 'bearer', token: `${canary} x` }, 'request.auth.token'],
    ['a token that is not ASCII', { type: 'bearer', token: `${canary}é` }, 'request.auth.token'],
    [
      'a name with a colon',
      { type: 'basic', username: `a:${canary}`, password: 'b' },
      'request.auth.username',
    ],
    [
      'a password that ends a line',
      { type: 'basic', username: 'a', password: `${canary}\r\n` },
      'request.auth.password',
    ],
    ['no credentials', { type: 'basic', username: '', password: '' }, 'request.auth.password'],
    ['a prefix with a line break', { ...HMAC, prefix: `${canary}\r\nX: ` }, 'the header X-Signature'],
    ['a region with a line break', { ...AWS, region: `${canary}\n` }, 'the header Authorization'],
  ])('%s', async (_, auth, place) => {
    await expectUnusable(authenticate(auth), place, canary);
  });

  test.each(['\r\nX-Other: 1', '\0', 'é', '☃'])('a header of the request with %j', async (end) => {
    const request: OutgoingRequest = { ...REQUEST, headers: [['X-Tenant', `${canary}${end}`]] };
    await expectUnusable(authenticate(AWS, request), 'the header X-Tenant', canary);
  });
});

async function expectUnusable(call: Promise<unknown>, place: string, canary: string): Promise<void> {
  const error = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(error).toMatchObject({ code: 'route_value_unusable', detail: { place } });
  expect(JSON.stringify([error, String(error)])).not.toContain(canary);
}
