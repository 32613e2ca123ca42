import { createHmac } from 'node:crypto';
import type { HmacAuth } from '@coffer/core';
import { describe, expect, test } from 'vitest';
import type { OutgoingRequest } from '../request.ts';
import { signWithHmac } from './hmac.ts';

const NOW = 1_531_420_618_999;

function request(changes: Partial<OutgoingRequest> = {}): OutgoingRequest {
  return {
    url: new URL('https://api.example.org:8443/v1/a%20b?x=1&y=%C3%BC'),
    method: 'POST',
    headers: [],
    body: undefined,
    ...changes,
  };
}

function auth(changes: Partial<HmacAuth> = {}): HmacAuth {
  return {
    type: 'hmac',
    key: 'walnut-kestrel-52',
    algorithm: 'sha256',
    encoding: 'hex',
    parts: ['body'],
    separator: '',
    header: 'X-Signature',
    prefix: '',
    timestamp_header: null,
    ...changes,
  };
}

describe('signs as published schemes do', () => {
  test('GitHub: the example of its documentation', () => {
    const signed = signWithHmac(
      request({ body: Buffer.from('Hello, World!') }),
      auth({ key: "It's a Secret to Everybody", header: 'X-Hub-Signature-256', prefix: 'sha256=' }),
      NOW,
    );
    const signature = '757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';
    expect(signed.headers).toEqual([['X-Hub-Signature-256', `sha256=${signature}`]]);
    expect(signed.secrets).toEqual([signature]);
  });

  test('Slack: the example of its documentation, the version from a header', () => {
    const body =
      'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c';
    const signed = signWithHmac(
      request({ headers: [['X-Version', 'v0']], body: Buffer.from(body) }),
      auth({
        key: '8f742231b10e8888abcd99yyyzzz85a5',
        parts: ['header:x-version', 'timestamp', 'body'],
        separator: ':',
        header: 'X-Slack-Signature',
        prefix: 'v0=',
        timestamp_header: 'X-Slack-Request-Timestamp',
      }),
      NOW,
    );
    expect(signed.headers).toEqual([
      ['X-Slack-Request-Timestamp', '1531420618'],
      ['X-Slack-Signature', 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503'],
    ]);
  });

  test('Stripe: time and body with a point between', () => {
    const signed = signWithHmac(
      request({ body: Buffer.from('{"id":"evt_1"}') }),
      auth({
        key: 'whsec_test_secret',
        parts: ['timestamp', 'body'],
        separator: '.',
        timestamp_header: 'X-Timestamp',
      }),
      NOW,
    );
    // printf '1531420618.{"id":"evt_1"}' | openssl dgst -sha256 -hmac whsec_test_secret
    expect(signed.headers[1]).toEqual([
      'X-Signature',
      '70d9df1b8be551cf987e38ee6198e50a80368d6b4242cbfd7e570ad6e1bb59f5',
    ]);
  });

  test.each([
    ['sha1', 'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79'],
    ['sha256', '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'],
    [
      'sha512',
      '164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737',
    ],
  ] as const)('%s: test case 2 of RFC 2202 and 4231, in both encodings', (algorithm, expected) => {
    const outgoing = request({ body: Buffer.from('what do ya want for nothing?') });
    expect(signWithHmac(outgoing, auth({ key: 'Jefe', algorithm }), NOW).secrets).toEqual([expected]);
    expect(signWithHmac(outgoing, auth({ key: 'Jefe', algorithm, encoding: 'base64' }), NOW).secrets).toEqual(
      [Buffer.from(expected, 'hex').toString('base64')],
    );
  });
});

describe('what is signed', () => {
  test('is each part as it is sent, in the order of the route', () => {
    const signed = signWithHmac(
      request({ headers: [['X-Tenant', ' blue team ']], body: Buffer.from('abc') }),
      auth({
        parts: ['method', 'host', 'path', 'query', 'header:x-tenant', 'body_sha256', 'timestamp', 'body'],
        separator: '\n',
        timestamp_header: 'X-Time',
      }),
      NOW,
    );
    const message =
      'POST\napi.example.org:8443\n/v1/a%20b\nx=1&y=%C3%BC\nblue team\n' +
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n1531420618\nabc';
    expect(signed.secrets).toEqual([createHmac('sha256', 'walnut-kestrel-52').update(message).digest('hex')]);
  });

  test('is the bytes of a body that are no text', () => {
    const body = Buffer.from([0xff, 0x00, 0xc3, 0x28]);
    const signed = signWithHmac(request({ body }), auth({ key: 'clé' }), NOW);
    // printf '\xff\x00\xc3\x28' | openssl dgst -sha256 -hmac 'clé'
    expect(signed.secrets).toEqual(['9b48d6ee98d86b5ca3d95ce7e34d2c4b6701e41f09aacf3f57a042cad6f10ea8']);
  });

  test('is nothing where there is no body and no query', () => {
    const outgoing = request({ url: new URL('https://api.example.org') });
    const signed = signWithHmac(
      outgoing,
      auth({ parts: ['path', 'query', 'body', 'body_sha256'], separator: '|' }),
      NOW,
    );
    const message = '/|||e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
    expect(signed.secrets).toEqual([createHmac('sha256', 'walnut-kestrel-52').update(message).digest('hex')]);
  });
});

describe('is refused', () => {
  test.each([
    ['without a key', auth({ key: '' }), 'request.auth.key'],
    ['with a part that is not known', auth({ parts: ['body', 'trailers'] }), 'request.auth.parts'],
    ['with a name that every object has', auth({ parts: ['constructor'] }), 'request.auth.parts'],
    ['with a header that is not sent', auth({ parts: ['header:x-tenant'] }), 'request.auth.parts'],
    ['with a header that is sent twice', auth({ parts: ['header:x-twice'] }), 'request.auth.parts'],
  ])('%s', (_, broken, place) => {
    const headers = [
      ['X-Twice', 'a'],
      ['x-twice', 'b'],
    ] as const;
    expect(() => signWithHmac(request({ headers }), broken, NOW)).toThrow(
      expect.objectContaining({
        code: 'route_value_unusable',
        detail: expect.objectContaining({ place }) as unknown,
      }),
    );
  });
});
