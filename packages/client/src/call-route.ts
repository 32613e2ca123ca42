import type { CallOptions } from './call.ts';
import { queryOf, type Transport } from './transport.ts';

/** The inputs of a route, by where they stand; those of its path are in the path. */
export type RouteCall = CallOptions & {
  /** Of the route. Default: GET. */
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | undefined;
  query?: Readonly<Record<string, string | number | boolean | undefined>> | undefined;
  headers?: Readonly<Record<string, string>> | undefined;
  /** By name; sent as JSON. */
  body?: Readonly<Record<string, unknown>> | undefined;
};

/** Where all routes are served. */
const PREFIX = '/x/';
/** What would end the path, or would be read as another one. */
const NOT_IN_PATH = /[?#\\\s]|%(?![\da-f]{2})|\/(?:\.|%2e){1,2}(?:\/|$)/i;
/** What HTTP takes: anything else would break the header, and the platform would repeat it in its error. */
const HEADER = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * What the outside API answers, whatever its status, as soon as it begins; it is sent once. Fails with a CofferError
 * when Coffer refuses the call or has no answer, and with a TypeError when the path is none of a route, since the token is
 * not sent elsewhere, or a header cannot be sent.
 */
export async function callRoute(
  transport: Transport,
  path: string,
  { method = 'GET', query, headers, body, ...options }: RouteCall = {},
): Promise<Response> {
  if (!path.startsWith(PREFIX) || NOT_IN_PATH.test(path))
    throw new TypeError('the path must be that of a route, as in /x/shop/charges, its parts encoded');
  if (!Object.values(headers ?? {}).every((value) => HEADER.test(value)))
    throw new TypeError('a header has a line break, or a character beyond Latin-1');
  return await transport.callRoute(
    {
      method,
      path: `${path}${queryOf(query ?? {})}`,
      headers: { ...headers },
      body: body && JSON.stringify(body),
    },
    options,
  );
}
