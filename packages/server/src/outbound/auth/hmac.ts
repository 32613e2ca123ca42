import { createHmac } from 'node:crypto';
import type { HMAC_PARTS, HmacAuth } from '@coffer/core';
import { sha256Hex } from '../../sha256.ts';
import type { OutgoingRequest } from '../request.ts';
import { unusable } from './credential.ts';

type Part = (request: OutgoingRequest, timestamp: string) => string | Buffer;

const NO_BODY = Buffer.alloc(0);

/** As they are sent. Of the body its bytes: a text made from them need not be made of the same ones. */
const PARTS: Record<(typeof HMAC_PARTS)[number], Part> = {
  timestamp: (_, timestamp) => timestamp,
  method: ({ method }) => method,
  host: ({ url }) => url.host,
  path: ({ url }) => url.pathname,
  query: ({ url }) => url.search.slice(1),
  body: ({ body }) => body ?? NO_BODY,
  body_sha256: ({ body }) => sha256Hex(body ?? NO_BODY),
};

const HEADER_PART = 'header:';

/** A signature over parts of the request, as webhooks have it; `now` in milliseconds since 1970. */
export function signWithHmac(
  request: OutgoingRequest,
  auth: HmacAuth,
  now: number,
): { headers: [name: string, value: string][]; secrets: string[] } {
  if (auth.key === '') throw unusable('request.auth.key', 'it is empty');
  const timestamp = String(Math.floor(now / 1000));
  const hmac = createHmac(auth.algorithm, Buffer.from(auth.key));
  for (const [index, part] of auth.parts.entries()) {
    if (index > 0) hmac.update(auth.separator);
    hmac.update(partOf(part)(request, timestamp));
  }
  const signature = hmac.digest(auth.encoding);
  return {
    headers: [
      ...(auth.timestamp_header === null
        ? []
        : [[auth.timestamp_header, timestamp] satisfies [string, string]]),
      [auth.header, `${auth.prefix}${signature}`],
    ],
    secrets: [signature],
  };
}

function partOf(name: string): Part {
  if (isPart(name)) return PARTS[name];
  if (name.startsWith(HEADER_PART)) return headerPart(name.slice(HEADER_PART.length));
  // To leave it out would be to sign less than the route says.
  throw unusable('request.auth.parts', 'one of them is not known');
}

function isPart(name: string): name is keyof typeof PARTS {
  return Object.hasOwn(PARTS, name);
}

function headerPart(name: string): Part {
  return ({ headers }) => {
    const found = headers.filter(([other]) => other.toLowerCase() === name.toLowerCase());
    const [only] = found;
    if (only === undefined || found.length > 1)
      throw unusable('request.auth.parts', 'a header that is signed is not sent exactly once');
    // White space around it is not part of the value (RFC 9110, 5.5): who reads it has it without.
    return only[1].replace(/^[\t ]+|[\t ]+$/g, '');
  };
}
