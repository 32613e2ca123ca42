import type { Json } from '../canonical-json.ts';
import type { Brand } from '../ids.ts';
import type { EnvironmentId } from '../names.ts';

/**
 * A route: an HTTP endpoint of a project, and the request to an outside API that a call of it becomes. Values of the
 * vault are filled in on the server. The document is kept and shown as it is written here; a text named a template may
 * hold expressions (see `parseTemplate`).
 */
export type RouteDefinition = {
  method: RouteMethod;
  /** Below the API path of the project: `/charges/:id`. */
  path: string;
  /** Whose values it uses. */
  environment: EnvironmentId;
  description: string;
  access: RouteAccess;
  /** Calls of a public route from one address. */
  rate_per_minute: number;
  inputs: readonly RouteInput[];
  request: RouteRequest;
  response: RouteResponse;
};

export type RouteId = Brand<string, 'RouteId'>;
export const ROUTE_ID_PATTERN = /^[a-z][a-z0-9_-]{0,49}$/;

export const ROUTE_METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
export type RouteMethod = (typeof ROUTE_METHODS)[number];

/** `members`: those who have `route.invoke`. `public`: anyone. */
export const ROUTE_ACCESS = ['members', 'public'] as const;
export type RouteAccess = (typeof ROUTE_ACCESS)[number];

export const INPUT_PLACES = ['path', 'query', 'header', 'body'] as const;
export const INPUT_TYPES = ['string', 'integer', 'number', 'boolean', 'json'] as const;
export type InputType = (typeof INPUT_TYPES)[number];

/** What a caller may give. A header is named like it, with hyphens for underscores. */
export type RouteInput = {
  name: string;
  in: (typeof INPUT_PLACES)[number];
  type: InputType;
  required: boolean;
  description: string;
  /** Of a text, in characters; of JSON, in bytes. */
  max_length: number;
  /** Of a number. */
  minimum: number | null;
  maximum: number | null;
  /** The texts that it may be; null: any. */
  values: readonly string[] | null;
};

export type Field = { name: string; /** A template. */ value: string };

export type RouteRequest = {
  /** `https://api.example.org`; no template. */
  origin: string;
  method: RouteMethod;
  /** A template. */
  path: string;
  query: readonly Field[];
  headers: readonly Field[];
  body: RouteBody | null;
  auth: RouteAuth | null;
};

export type RouteBody =
  /** Its texts are templates, its member names are not. */
  | { type: 'json'; value: Json }
  | { type: 'form'; fields: readonly Field[] }
  | { type: 'text'; content_type: string; /** A template. */ text: string };

/** What proves to the outside API who is calling. Texts are templates, but for those that say otherwise. */
export type RouteAuth =
  | { type: 'bearer'; token: string }
  | { type: 'basic'; username: string; password: string }
  | HmacAuth
  | AwsAuth
  | OAuthAuth;

/** A signature over parts of the request, in a header. */
export type HmacAuth = {
  type: 'hmac';
  key: string;
  algorithm: 'sha1' | 'sha256' | 'sha512';
  encoding: 'hex' | 'base64';
  /** What is signed, in order: see `HMAC_PARTS`, or `header:` and the name of a declared header. */
  parts: readonly string[];
  /** Between the parts; no template. */
  separator: string;
  /** The header that holds it, and what stands before it there; no templates. */
  header: string;
  prefix: string;
  /** The header that holds the time, in seconds since 1970; no template. */
  timestamp_header: string | null;
};

/** AWS Signature Version 4. Region and service are no templates. */
export type AwsAuth = {
  type: 'aws_sigv4';
  access_key_id: string;
  secret_access_key: string;
  session_token: string | null;
  region: string;
  service: string;
};

/** OAuth 2.0 client credentials (RFC 6749, 4.4). The URL is no template; its origin needs the leave of the entries
 * beside that of the request, which gets the token. */
export type OAuthAuth = {
  type: 'oauth2_client_credentials';
  token_url: string;
  client_id: string;
  client_secret: string;
  client_auth: 'basic' | 'post';
  scope: string | null;
  audience: string | null;
};

export const HMAC_ALGORITHMS = ['sha1', 'sha256', 'sha512'] as const;
export const HMAC_ENCODINGS = ['hex', 'base64'] as const;
export const HMAC_PARTS = ['timestamp', 'method', 'host', 'path', 'query', 'body', 'body_sha256'] as const;
export const CLIENT_AUTHS = ['basic', 'post'] as const;

export type RouteResponse = {
  /** Those that are passed on; null: all. */
  statuses: readonly number[] | null;
  /** Those that are passed on. */
  headers: readonly string[];
  max_bytes: number;
  /** Until the answer begins. */
  timeout_seconds: number;
  /** Until it has ended. */
  max_seconds: number;
  redact: 'auto' | 'fail';
  /** Of a request that may be sent twice. */
  retries: number;
};

export const REDACT_MODES = ['auto', 'fail'] as const;

/** The methods that may be sent twice (RFC 9110, 9.2.2). */
export const IDEMPOTENT_METHODS: ReadonlySet<RouteMethod> = new Set<RouteMethod>(['GET', 'PUT', 'DELETE']);
/** Those that have a body. */
export const BODY_METHODS: ReadonlySet<RouteMethod> = new Set<RouteMethod>(['POST', 'PUT', 'PATCH']);

export function checkRouteId(text: string): string | undefined {
  if (text.length < 1 || text.length > 50) return 'must have 1 to 50 characters';
  if (/[^a-z0-9_-]/.test(text))
    return 'must contain only lower-case letters a-z, digits, underscores and hyphens';
  if (/^[^a-z]/.test(text)) return 'must start with a letter a-z';
  return undefined;
}

/** The header that an input is given in. */
export function inputHeader(name: string): string {
  return name.replaceAll('_', '-');
}

/** Of the path of a route: each a literal, or `:name`. */
export function pathSegments(path: string): string[] {
  return path === '/' ? [] : path.slice(1).split('/');
}

/** The same for all paths that the same calls match. */
export function pathShape(path: string): string {
  return `/${pathSegments(path)
    .map((segment) => (segment.startsWith(':') ? ':' : segment))
    .join('/')}`;
}
