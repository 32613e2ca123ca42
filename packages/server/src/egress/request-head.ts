import { EgressError } from './egress-error.ts';

/** Of one connection, not of the request (RFC 9110, 7.6.1), or said by us, from what is really sent. */
const NOT_DECLARED = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
/** They open a tunnel, and ask for the request itself. */
const METHODS_REFUSED = new Set(['CONNECT', 'TRACE']);
const METHODS_WITHOUT_BODY = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS']);

const METHOD = /^[A-Z][A-Z-]{0,30}$/;
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
// No CR, LF or NUL: they would end the header and begin what we did not write.
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * All headers in the order in which they are sent, a name before its value. Fails with an EgressError when the method
 * or a header is none, or not for the caller to set.
 */
export function requestHead(
  url: URL,
  method: string,
  headers: readonly (readonly [name: string, value: string])[],
  body: Buffer | undefined,
): string[] {
  if (!METHOD.test(method) || METHODS_REFUSED.has(method)) throw new EgressError('invalid', { sent: false });
  for (const [name, value] of headers) {
    const lowerCase = name.toLowerCase();
    if (!NAME.test(name) || !VALUE.test(value)) throw new EgressError('invalid', { sent: false });
    if (NOT_DECLARED.has(lowerCase) || lowerCase.startsWith('proxy-'))
      throw new EgressError('invalid', { sent: false });
  }
  const bytes = body?.length ?? (METHODS_WITHOUT_BODY.has(method) ? undefined : 0);
  return [
    'Host',
    url.host,
    ...headers.flat(),
    ...(bytes === undefined ? [] : ['Content-Length', String(bytes)]),
  ];
}
