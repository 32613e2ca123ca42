/** Of requests: those that a route does not set, because HTTP itself, the connection or the body decides them. */
const NEVER_SENT: ReadonlySet<string> = new Set([
  'accept-encoding',
  'connection',
  'content-encoding',
  'content-length',
  'expect',
  'forwarded',
  'host',
  'http2-settings',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
]);

/** Of answers: those that would speak for this server, or that say how bytes were sent that are no longer the same. */
const NEVER_PASSED_ON: ReadonlySet<string> = new Set([
  'age',
  'alt-svc',
  'cache-control',
  'clear-site-data',
  'connection',
  'content-encoding',
  'content-length',
  'content-security-policy',
  'content-security-policy-report-only',
  'date',
  'expect-ct',
  'expires',
  'keep-alive',
  'link',
  'nel',
  'origin-agent-cluster',
  'permissions-policy',
  'pragma',
  'public-key-pins',
  'referrer-policy',
  'refresh',
  'report-to',
  'reporting-endpoints',
  'server',
  'service-worker-allowed',
  'set-cookie',
  'set-cookie2',
  'sourcemap',
  'speculation-rules',
  'strict-transport-security',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
  'www-authenticate',
]);

/** Of callers: what is for this server. */
const NEVER_AN_INPUT: ReadonlySet<string> = new Set([
  ...NEVER_SENT,
  'accept',
  'authorization',
  'content-type',
  'cookie',
  'origin',
  'referer',
  'user-agent',
]);

const PREFIXES_NEVER_SENT = ['proxy-', 'x-forwarded-'];
const PREFIXES_NEVER_PASSED_ON = [
  'access-control-',
  'cdn-',
  'cross-origin-',
  'proxy-',
  'sec-',
  'surrogate-',
  // Servers in front of this one do as these say.
  'x-accel-',
  'x-coffer-',
  'x-content-type-',
  'x-dns-prefetch-',
  'x-frame-',
  'x-lighttpd-',
  'x-litespeed-',
  'x-permitted-cross-domain-',
  'x-reproxy-',
  'x-request-id',
  'x-sendfile',
  'x-xss-',
];
const PREFIXES_NEVER_AN_INPUT = [...PREFIXES_NEVER_SENT, 'sec-', 'x-coffer-'];

/** A token (RFC 9110, 5.6.2). */
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/;

/** A header of the request that a route makes. */
export function checkRequestHeader(name: string): string | undefined {
  return checkHeader(name, NEVER_SENT, PREFIXES_NEVER_SENT, 'is not for a route to set');
}

/** A header of the answer that is passed on. */
export function checkResponseHeader(name: string): string | undefined {
  return checkHeader(name, NEVER_PASSED_ON, PREFIXES_NEVER_PASSED_ON, 'is never passed on');
}

/** A header in which a caller gives an input. */
export function checkInputHeader(name: string): string | undefined {
  return checkHeader(
    name,
    NEVER_AN_INPUT,
    PREFIXES_NEVER_AN_INPUT,
    'is the name of a header that is for this server',
  );
}

function checkHeader(
  name: string,
  names: ReadonlySet<string>,
  prefixes: readonly string[],
  refusal: string,
): string | undefined {
  if (!HEADER_NAME.test(name)) return 'must be the name of a header';
  const lower = name.toLowerCase();
  return names.has(lower) || prefixes.some((prefix) => lower.startsWith(prefix)) ? refusal : undefined;
}
