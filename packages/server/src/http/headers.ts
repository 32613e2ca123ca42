/** On every answer. The API shows nothing and loads nothing; pages replace the policy with their own. */
export const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'cache-control': 'no-store',
} as const;

/** One year; only where the server is reached over HTTPS. */
export const STRICT_TRANSPORT_SECURITY = 'max-age=31536000';

/** Where calls of routes are served. */
export const CALL_PREFIX = '/x';

/** On calls of routes by pages of ours. */
export const PAGE_HEADER = 'x-coffer-page';

/** On each answer of ours to a call of a route, and on none of an outside API: the code. */
export const ROUTE_ERROR_HEADER = 'x-coffer-route-error';
