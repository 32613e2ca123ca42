import {
  CLIENT_AUTHS,
  checkRoute,
  checkRouteId,
  HMAC_ALGORITHMS,
  HMAC_ENCODINGS,
  INPUT_PLACES,
  INPUT_TYPES,
  REDACT_MODES,
  ROUTE_ACCESS,
  ROUTE_DEFAULTS,
  ROUTE_ID_PATTERN,
  ROUTE_METHODS,
  utf8Bytes,
  type Json,
  type RouteDefinition,
  type RouteId,
} from '@coffer/core';
import { z } from 'zod';
import { by, description, environment, named, time, version } from './schemas.ts';

const { input: INPUT, request: REQUEST, bodies: BODIES, auths: AUTHS, response: RESPONSE } = ROUTE_DEFAULTS;
const { hmac: HMAC, aws_sigv4: AWS, oauth2_client_credentials: OAUTH } = AUTHS;
const DEFINITION_BYTES_MAX = 64 * 1024;
const FIELDS_MAX = 50;

export const routeId = named<RouteId>(checkRouteId, {
  pattern: ROUTE_ID_PATTERN.source,
  maxLength: 50,
  examples: ['create_charge'],
});

/** Text that is not for people: what it may hold follows from where it stands, which `checkRoute` knows. */
function text(max: number, min = 0): z.ZodString {
  return z
    .string()
    .min(min)
    .max(max)
    .refine((given) => given.isWellFormed(), 'must be Unicode text: it has a lone surrogate')
    .refine((given) => !given.includes('\0'), 'must not contain NUL');
}

const oneLine = (max: number, min = 0): z.ZodString =>
  text(max, min).refine((given) => !/[\r\n]/.test(given), 'must not contain line breaks');
const template = oneLine(8192);
const field = z.strictObject({ name: oneLine(200, 1), value: template });
const fields = z.array(field).max(FIELDS_MAX);

const JSON_DEPTH_MAX = 32;

/** Without recursion: it may be nested as deep as a body is long. */
function checkJson(value: unknown): string | undefined {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > JSON_DEPTH_MAX) return `must not be nested more than ${JSON_DEPTH_MAX} deep`;
    const texts = level.flatMap((part) => (isObject(part) ? Object.keys(part) : [part]));
    if (texts.some((text) => typeof text === 'string' && !text.isWellFormed()))
      return 'must be Unicode text: it has a lone surrogate';
    if (level.some((part) => typeof part === 'number' && !Number.isFinite(part)))
      return 'must have no numbers beyond those of 64 bits';
    level = level.flatMap((part) => (isObject(part) ? Object.values<unknown>({ ...part }) : []));
  }
  return undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Kept member by member as it is written: a schema that copies would drop some names. */
export const json = z
  .unknown()
  .transform((value, context) => {
    const broken = value === undefined ? 'is required' : checkJson(value);
    if (broken === undefined) return value as Json;
    context.addIssue({ code: 'custom', message: broken });
    return z.NEVER;
  })
  .meta({ openapi: { description: 'Any JSON; its texts are templates.' } });

const input = z.strictObject({
  name: oneLine(64, 1),
  in: z.enum(INPUT_PLACES),
  type: z.enum(INPUT_TYPES).default(INPUT.type),
  required: z.boolean().default(INPUT.required),
  description: description.default(INPUT.description),
  max_length: z
    .int()
    .min(1)
    .max(65_536)
    .default(INPUT.max_length)
    .describe('Of a text in characters, of JSON in bytes.'),
  minimum: z.number().nullable().default(INPUT.minimum),
  maximum: z.number().nullable().default(INPUT.maximum),
  values: z.array(text(1000)).min(1).max(100).nullable().default(INPUT.values).describe('null: any text.'),
});

const body = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('json'), value: json }),
  z.strictObject({ type: z.literal('form'), fields }),
  z.strictObject({
    type: z.literal('text'),
    content_type: oneLine(100, 1).default(BODIES.text.content_type),
    text: text(32_768),
  }),
]);

const auth = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('bearer'), token: template }),
  z.strictObject({ type: z.literal('basic'), username: template, password: template }),
  z.strictObject({
    type: z.literal('hmac'),
    key: template,
    algorithm: z.enum(HMAC_ALGORITHMS).default(HMAC.algorithm),
    encoding: z.enum(HMAC_ENCODINGS).default(HMAC.encoding),
    parts: z.array(oneLine(120, 1)).min(1).max(20),
    separator: text(8).default(HMAC.separator),
    header: oneLine(100, 1),
    prefix: oneLine(100).default(HMAC.prefix),
    timestamp_header: oneLine(100, 1).nullable().default(HMAC.timestamp_header),
  }),
  z.strictObject({
    type: z.literal('aws_sigv4'),
    access_key_id: template,
    secret_access_key: template,
    session_token: template.nullable().default(AWS.session_token),
    region: z.string().regex(/^[a-z0-9-]{1,50}$/, 'must be a region, as eu-central-1'),
    service: z.string().regex(/^[a-z0-9-]{1,50}$/, 'must be a service, as s3'),
  }),
  z.strictObject({
    type: z.literal('oauth2_client_credentials'),
    token_url: oneLine(1000, 1),
    client_id: template,
    client_secret: template,
    client_auth: z.enum(CLIENT_AUTHS).default(OAUTH.client_auth),
    scope: template.nullable().default(OAUTH.scope),
    audience: template.nullable().default(OAUTH.audience),
  }),
]);

const request = z.strictObject({
  origin: oneLine(300, 1).meta({
    openapi: { type: 'string', maxLength: 300, examples: ['https://api.example.org'] },
  }),
  method: z.enum(ROUTE_METHODS),
  path: oneLine(2000, 1).describe('A template.'),
  query: fields.default([...REQUEST.query]),
  headers: fields.default([...REQUEST.headers]),
  body: body.nullable().default(REQUEST.body),
  auth: auth.nullable().default(REQUEST.auth),
});

const response = z.strictObject({
  statuses: z.array(z.int().min(200).max(599)).min(1).max(100).nullable().default(RESPONSE.statuses),
  headers: z
    .array(oneLine(100, 1))
    .max(FIELDS_MAX)
    .default([...RESPONSE.headers]),
  max_bytes: z.int().min(0).max(104_857_600).default(RESPONSE.max_bytes),
  timeout_seconds: z
    .int()
    .min(1)
    .max(60)
    .default(RESPONSE.timeout_seconds)
    .describe('Until the answer begins.'),
  max_seconds: z.int().min(1).max(3600).default(RESPONSE.max_seconds).describe('Until the answer has ended.'),
  redact: z.enum(REDACT_MODES).default(RESPONSE.redact),
  retries: z.int().min(0).max(3).default(RESPONSE.retries),
});

/** The fields of a definition, as a route is made and changed. */
export const routeFields = {
  method: z.enum(ROUTE_METHODS),
  path: oneLine(200, 1).meta({ openapi: { type: 'string', maxLength: 200, examples: ['/charges/:id'] } }),
  environment,
  description: description.default(''),
  access: z.enum(ROUTE_ACCESS).default('members'),
  confirm_public: z
    .boolean()
    .default(false)
    .describe('Must be true with access public: anyone who reaches the server can call the route.'),
  rate_per_minute: z.int().min(1).max(10_000).default(60).describe('Of a public route, for each address.'),
  inputs: z.array(input).max(FIELDS_MAX).default([]),
  request,
  response: response.prefault({}),
};

/** What holds for the fields together: beside `checkRoute`, that a public route is meant to be one. */
export function checksRoute<S extends z.ZodObject>(schema: S): S {
  return schema.superRefine((given, context) => {
    const route = given as unknown as RouteDefinition & { confirm_public?: boolean };
    if (utf8Bytes(JSON.stringify(route)) > DEFINITION_BYTES_MAX)
      context.addIssue({
        code: 'custom',
        message: `must have at most ${DEFINITION_BYTES_MAX} bytes as JSON`,
      });
    if (route.access === 'public' && route.confirm_public === false)
      context.addIssue({
        code: 'custom',
        path: ['confirm_public'],
        message: 'must be true: anyone who reaches the server could call the route',
      });
    for (const { path, message } of checkRoute(route))
      context.addIssue({ code: 'custom', path: path.split('.').map(toIndex), message });
  });
}

function toIndex(part: string): string | number {
  return /^\d{1,4}$/.test(part) ? Number(part) : part;
}

// --- Answers ------------------------------------------------------------------------------------------------------

const head = {
  project_id: z.string(),
  id: z.string(),
  version,
  digest: z.string().describe('SHA-256 of the definition as canonical JSON (RFC 8785), in hexadecimal.'),
  saved_at: time,
  saved_by: by,
};

/** What a caller has to know. */
export const routeSummary = z.strictObject({
  ...head,
  url: z.string().describe('Where it is served, below the address of the server.'),
  method: z.string(),
  path: z.string(),
  environment: z.string(),
  description: z.string(),
  access: z.enum(ROUTE_ACCESS),
  inputs: z.array(input),
  origin: z.string(),
});

/** What was saved. */
const routeDefinition = z.strictObject({
  method: z.string(),
  path: z.string(),
  environment: z.string(),
  description: z.string(),
  access: z.enum(ROUTE_ACCESS),
  rate_per_minute: z.int(),
  inputs: z.array(input),
  request,
  response,
});

export const route = z.strictObject({
  ...head,
  url: z.string(),
  definition: routeDefinition,
  keys: z.array(z.string()).describe('The entries whose values it uses.'),
});

export const routeVersion = z.strictObject({
  version,
  digest: z.string(),
  saved_at: time,
  saved_by: by,
  current: z.boolean(),
  definition: routeDefinition,
});
