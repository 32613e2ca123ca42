import { createHash, createHmac } from 'node:crypto';
import type { AwsAuth } from '@coffer/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { OutgoingRequest } from '../request.ts';
import { signForAws } from './aws-signature.ts';

/**
 * A second implementation, from the text of the specification only
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html). The published vectors
 * prove it; then it proves ours.
 */
type Parts = {
  method: string;
  /** Not encoded. */
  path: string;
  query: readonly (readonly [name: string, value: string])[];
  /** All that are signed. */
  headers: readonly (readonly [name: string, value: string])[];
  body: Uint8Array;
  datetime: string;
  region: string;
  service: string;
  secret: string;
  /** Everywhere but in S3 the path is encoded again after it was encoded to be sent. */
  encodings: 1 | 2;
};

function uriEncode(text: string, unreserved = /[A-Za-z0-9\-._~]/): string {
  return Array.from(Buffer.from(text), (byte) => {
    const character = String.fromCharCode(byte);
    return unreserved.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
}

function pathEncode(path: string): string {
  return uriEncode(path, /[A-Za-z0-9\-._~/]/);
}

function ordered(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function referenceSignature(parts: Parts): { signedHeaders: string; signature: string } {
  const query = parts.query
    .map(([name, value]) => [uriEncode(name), uriEncode(value)] as const)
    .toSorted((a, b) => ordered(a[0], b[0]) || ordered(a[1], b[1]))
    .map((pair) => pair.join('='))
    .join('&');
  const headers = parts.headers
    .map(([name, value]) => [name.toLowerCase(), value.trim().replace(/ +/g, ' ')] as const)
    .toSorted((a, b) => ordered(a[0], b[0]));
  const signedHeaders = headers.map(([name]) => name).join(';');
  const canonical = [
    parts.method,
    parts.encodings === 1 ? pathEncode(parts.path) : pathEncode(pathEncode(parts.path)),
    query,
    headers.map(([name, value]) => `${name}:${value}\n`).join(''),
    signedHeaders,
    createHash('sha256').update(parts.body).digest('hex'),
  ].join('\n');
  const scope = [parts.datetime.slice(0, 8), parts.region, parts.service, 'aws4_request'];
  const toSign = [
    'AWS4-HMAC-SHA256',
    parts.datetime,
    scope.join('/'),
    createHash('sha256').update(canonical).digest('hex'),
  ].join('\n');
  const key = scope.reduce(
    (key, part) => createHmac('sha256', key).update(part).digest(),
    Buffer.from(`AWS4${parts.secret}`),
  );
  return { signedHeaders, signature: createHmac('sha256', key).update(toSign).digest('hex') };
}

const SUITE: Parts = {
  method: 'GET',
  path: '/',
  query: [],
  headers: [
    ['Host', 'example.amazonaws.com'],
    ['X-Amz-Date', '20150830T123600Z'],
  ],
  body: Buffer.alloc(0),
  datetime: '20150830T123600Z',
  region: 'us-east-1',
  service: 'service',
  secret: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  encodings: 1,
};

describe('the implementation that ours is compared with has the signatures of the test suite of AWS', () => {
  test.each<[string, Partial<Parts>, string]>([
    ['get-vanilla', {}, '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
    [
      'get-vanilla-query-order-key-case',
      {
        query: [
          ['Param2', 'value2'],
          ['Param1', 'value1'],
        ],
      },
      'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
    ],
    [
      'get-vanilla-empty-query-key',
      { query: [['Param1', 'value1']] },
      'a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb',
    ],
    ['get-utf8', { path: '/ሴ' }, '8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85'],
    [
      'get-space',
      { path: '/example space/' },
      '652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741',
    ],
    [
      'get-unreserved',
      { path: '/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz' },
      '07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f',
    ],
    [
      'get-header-value-trim',
      { headers: [...SUITE.headers, ['My-Header1', ' value1'], ['My-Header2', ' "a   b   c"']] },
      'acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736',
    ],
    ['post-vanilla', { method: 'POST' }, '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b'],
    [
      'post-x-www-form-urlencoded',
      {
        method: 'POST',
        headers: [['Content-Type', 'application/x-www-form-urlencoded'], ...SUITE.headers],
        body: Buffer.from('Param1=value1'),
      },
      'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
    ],
  ])('%s', (_, changes, expected) => {
    expect(referenceSignature({ ...SUITE, ...changes }).signature).toBe(expected);
  });
});

const S3_AUTH: AwsAuth = {
  type: 'aws_sigv4',
  access_key_id: 'AKIAIOSFODNN7EXAMPLE',
  secret_access_key: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  session_token: null,
  region: 'us-east-1',
  service: 's3',
};

const S3_REQUEST: OutgoingRequest = {
  url: new URL('https://examplebucket.s3.amazonaws.com/'),
  method: 'GET',
  headers: [],
  body: undefined,
};

// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
describe('the examples of the documentation of S3', () => {
  test.each<[string, string, Partial<OutgoingRequest>, string, string]>([
    [
      'a part of an object',
      '/test.txt',
      { headers: [['Range', 'bytes=0-9']] },
      'host;range;x-amz-content-sha256;x-amz-date',
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    ],
    [
      'an object is put',
      '/test$file.text',
      {
        method: 'PUT',
        headers: [
          ['Date', 'Fri, 24 May 2013 00:00:00 GMT'],
          ['x-amz-storage-class', 'REDUCED_REDUNDANCY'],
        ],
        body: Buffer.from('Welcome to Amazon S3.'),
      },
      'date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class',
      '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
    ],
    [
      'a name without a value in the query',
      '/?lifecycle',
      {},
      'host;x-amz-content-sha256;x-amz-date',
      'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
    ],
    [
      'a query',
      '/?max-keys=2&prefix=J',
      {},
      'host;x-amz-content-sha256;x-amz-date',
      '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    ],
  ])('%s', async (_, target, changes, signedHeaders, signature) => {
    const request = { ...S3_REQUEST, url: new URL(target, S3_REQUEST.url), ...changes };
    const signed = await signForAws(request, S3_AUTH, Date.UTC(2013, 4, 24));
    const { body = Buffer.alloc(0) } = request;
    expect(signed.headers).toEqual([
      ['X-Amz-Date', '20130524T000000Z'],
      ['X-Amz-Content-Sha256', createHash('sha256').update(body).digest('hex')],
      [
        'Authorization',
        `AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, SignedHeaders=${signedHeaders}, Signature=${signature}`,
      ],
    ]);
    expect(signed.secrets).toEqual([signature]);
  });
});

const text = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((value) => value.isWellFormed());
const name = text.filter((value) => value !== '');
/** One or more, without what URLs take away. */
const segment = name.filter((value) => value.split('/').every((part) => !['', '.', '..'].includes(part)));
const headerName = fc.constantFrom(
  'Content-Type',
  'User-Agent',
  'Range',
  'X-Amz-Target',
  'x-tenant',
  'Accept',
);

describe('any request', () => {
  test('has the signature that the specification says', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          method: fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE'),
          port: fc.constantFrom('', ':8443'),
          segments: fc.array(segment, { maxLength: 4 }),
          slash: fc.boolean(),
          query: fc.uniqueArray(fc.tuple(name, text), { maxLength: 5, selector: ([key]) => key }),
          headers: fc.uniqueArray(fc.tuple(headerName, fc.stringMatching(/^[\x20-\x7e]{0,20}$/)), {
            maxLength: 5,
            selector: ([key]) => key,
          }),
          body: fc.option(fc.uint8Array({ maxLength: 100 }), { nil: undefined }),
          second: fc.integer({ min: 946_684_800, max: 4_102_444_799 }),
          region: fc.constantFrom('us-east-1', 'eu-central-1'),
          service: fc.constantFrom('s3', 'service', 'execute-api', 'dynamodb', 'iotdevicegateway'),
          secret: fc.stringMatching(/^[\x21-\x7e]{1,60}$/),
          session: fc.option(fc.stringMatching(/^[\x21-\x7e]{1,60}$/), { nil: null }),
        }),
        async ({ method, port, segments, slash, query, headers, body, second, ...drawn }) => {
          const path = `/${segments.join('/')}${slash && segments.length > 0 ? '/' : ''}`;
          const search = query.map(([key, value]) => `${uriEncode(key)}=${uriEncode(value)}`).join('&');
          const url = new URL(`https://api.example.org${port}${pathEncode(path)}?${search}`);
          const { region, service, secret, session } = drawn;
          const signed = await signForAws(
            { url, method, headers, body: body === undefined ? undefined : Buffer.from(body) },
            {
              type: 'aws_sigv4',
              access_key_id: 'AKIDEXAMPLE',
              secret_access_key: secret,
              session_token: session,
              region,
              service,
            },
            second * 1000 + 999,
          );
          const datetime = new Date(second * 1000).toISOString().replace(/[:-]|\.000/g, '');
          const expected = referenceSignature({
            method,
            path,
            query,
            headers: [
              ['host', `api.example.org${port}`],
              ...headers,
              ...signed.headers.filter(([header]) => header !== 'Authorization'),
            ],
            body: body ?? Buffer.alloc(0),
            datetime,
            region,
            service,
            secret,
            encodings: service === 's3' ? 1 : 2,
          });
          expect(signed.headers.map(([header]) => header)).toEqual([
            'X-Amz-Date',
            'X-Amz-Content-Sha256',
            ...(session === null ? [] : ['X-Amz-Security-Token']),
            'Authorization',
          ]);
          expect(signed.headers.at(-1)?.[1]).toBe(
            `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/${datetime.slice(0, 8)}/${region}/${service}/aws4_request, ` +
              `SignedHeaders=${expected.signedHeaders}, Signature=${expected.signature}`,
          );
          expect(signed.secrets).toEqual([expected.signature, ...(session === null ? [] : [session])]);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

test.each([
  ['access_key_id', ''],
  ['access_key_id', 'AKIDEXAMPLE\r\nX-Other: 1'],
  ['secret_access_key', ''],
  ['secret_access_key', 'secret\n'],
  ['session_token', ''],
  ['session_token', 'tokén'],
])('half a credential, or one with a line break, signs nothing: %s %j', async (field, value) => {
  await expect(signForAws(S3_REQUEST, { ...S3_AUTH, [field]: value }, 0)).rejects.toMatchObject({
    code: 'route_value_unusable',
    detail: { place: `request.auth.${field}` },
  });
});
