import type { Json } from '../canonical-json.ts';
import type { RouteAuth, RouteBody, RouteDefinition, RouteRequest } from './definition.ts';

/** Where a template of a route stands: what may be filled in there, and how it is written, follows from it. */
export type Sink = 'path' | 'query' | 'header' | 'json' | 'form' | 'text' | 'auth';

/** `path` leads to it in the definition: `request.headers.0.value`. */
export type PlacedTemplate = { path: string; sink: Sink; text: string };

/** Every template of a route. What is not listed here is never looked at for expressions. */
export function* templatesOf({ request }: Pick<RouteDefinition, 'request'>): Generator<PlacedTemplate> {
  yield { path: 'request.path', sink: 'path', text: request.path };
  yield* fieldTemplates(request.query, 'request.query', 'query');
  yield* fieldTemplates(request.headers, 'request.headers', 'header');
  if (request.body !== null) yield* bodyTemplates(request.body);
  if (request.auth !== null) yield* authTemplates(request.auth);
}

function* fieldTemplates(fields: RouteRequest['query'], path: string, sink: Sink): Generator<PlacedTemplate> {
  for (const [index, { value }] of fields.entries())
    yield { path: `${path}.${index}.value`, sink, text: value };
}

function* bodyTemplates(body: RouteBody): Generator<PlacedTemplate> {
  if (body.type === 'json') yield* jsonTemplates(body.value, 'request.body.value');
  else if (body.type === 'form') yield* fieldTemplates(body.fields, 'request.body.fields', 'form');
  else yield { path: 'request.body.text', sink: 'text', text: body.text };
}

function* jsonTemplates(value: Json, path: string): Generator<PlacedTemplate> {
  if (typeof value === 'string') yield { path, sink: 'json', text: value };
  else if (typeof value === 'object' && value !== null)
    for (const [name, member] of Object.entries(value)) yield* jsonTemplates(member, `${path}.${name}`);
}

/** Those fields of each kind that are templates. */
const AUTH_TEMPLATES = {
  bearer: ['token'],
  basic: ['username', 'password'],
  hmac: ['key'],
  aws_sigv4: ['access_key_id', 'secret_access_key', 'session_token'],
  oauth2_client_credentials: ['client_id', 'client_secret', 'scope', 'audience'],
} as const satisfies Record<RouteAuth['type'], readonly string[]>;

function* authTemplates(auth: RouteAuth): Generator<PlacedTemplate> {
  const texts: Readonly<Record<string, unknown>> = auth;
  for (const field of AUTH_TEMPLATES[auth.type]) {
    const text = texts[field];
    if (typeof text === 'string') yield { path: `request.auth.${field}`, sink: 'auth', text };
  }
}
