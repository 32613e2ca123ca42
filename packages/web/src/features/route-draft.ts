import {
  pathSegments,
  ROUTE_DEFAULTS,
  type Field,
  type InputType,
  type RouteAccess,
  type RouteAuth,
  type RouteBody,
  type RouteDefinition,
  type RouteInput,
  type RouteMethod,
} from '@coffer/core';

/** A definition while someone writes it: what has to be read first, as numbers and JSON, is text still. */
export type RouteDraft = {
  id: string;
  method: RouteMethod;
  path: string;
  environment: string;
  description: string;
  access: RouteAccess;
  isPublicConfirmed: boolean;
  ratePerMinute: string;
  inputs: readonly InputDraft[];
  origin: string;
  sentMethod: RouteMethod;
  sentPath: string;
  query: readonly Field[];
  headers: readonly Field[];
  bodyType: RouteBody['type'] | 'none';
  json: string;
  form: readonly Field[];
  contentType: string;
  text: string;
  authType: RouteAuth['type'] | 'none';
  /** By the name of the field; what another kind needs is kept while one tries this one. */
  auth: Readonly<Record<string, string>>;
  statuses: string;
  answerHeaders: string;
  maxBytes: string;
  timeoutSeconds: string;
  maxSeconds: string;
  redact: 'auto' | 'fail';
  retries: string;
};

export type InputDraft = {
  name: string;
  place: RouteInput['in'];
  type: InputType;
  isRequired: boolean;
  description: string;
  maxLength: string;
  minimum: string;
  maximum: string;
  values: string;
};

export const NEW_INPUT: InputDraft = {
  name: '',
  place: 'query',
  type: 'string',
  isRequired: true,
  description: '',
  maxLength: String(ROUTE_DEFAULTS.input.max_length),
  minimum: '',
  maximum: '',
  values: '',
};

const RESPONSE = ROUTE_DEFAULTS.response;

const AUTH_DEFAULTS: Readonly<Record<string, string>> = {
  algorithm: 'sha256',
  encoding: 'hex',
  parts: 'timestamp\nbody',
  separator: String.raw`\n`,
  header: 'X-Signature',
  timestamp_header: 'X-Timestamp',
  client_auth: 'basic',
};

/** What needs no thought is there already. */
export const NEW_DRAFT: RouteDraft = {
  id: '',
  method: 'GET',
  path: '/',
  environment: 'default',
  description: '',
  access: 'members',
  isPublicConfirmed: false,
  ratePerMinute: String(ROUTE_DEFAULTS.definition.rate_per_minute),
  inputs: [],
  origin: 'https://',
  sentMethod: 'GET',
  sentPath: '/',
  query: [],
  headers: [],
  bodyType: 'none',
  json: '{}',
  form: [],
  contentType: 'text/plain',
  text: '',
  authType: 'none',
  auth: AUTH_DEFAULTS,
  statuses: '',
  answerHeaders: RESPONSE.headers.join(' '),
  maxBytes: String(RESPONSE.max_bytes),
  timeoutSeconds: String(RESPONSE.timeout_seconds),
  maxSeconds: String(RESPONSE.max_seconds),
  redact: RESPONSE.redact,
  retries: String(RESPONSE.retries),
};

/** Of a definition that was saved. */
export function draftOf(id: string, definition: RouteDefinition): RouteDraft {
  const { request, response } = definition;
  return {
    ...NEW_DRAFT,
    id,
    method: definition.method,
    path: definition.path,
    environment: definition.environment,
    description: definition.description,
    access: definition.access,
    isPublicConfirmed: definition.access === 'public',
    ratePerMinute: String(definition.rate_per_minute),
    inputs: definition.inputs.map(inputDraftOf),
    origin: request.origin,
    sentMethod: request.method,
    sentPath: request.path,
    query: request.query,
    headers: request.headers,
    ...bodyDraftOf(request.body),
    authType: request.auth?.type ?? 'none',
    auth: { ...AUTH_DEFAULTS, ...(request.auth === null ? {} : authTexts(request.auth)) },
    statuses: (response.statuses ?? []).join(' '),
    answerHeaders: response.headers.join(' '),
    maxBytes: String(response.max_bytes),
    timeoutSeconds: String(response.timeout_seconds),
    maxSeconds: String(response.max_seconds),
    redact: response.redact,
    retries: String(response.retries),
  };
}

function inputDraftOf(input: RouteInput): InputDraft {
  return {
    name: input.name,
    place: input.in,
    type: input.type,
    isRequired: input.required,
    description: input.description,
    maxLength: String(input.max_length),
    minimum: input.minimum === null ? '' : String(input.minimum),
    maximum: input.maximum === null ? '' : String(input.maximum),
    values: (input.values ?? []).join('\n'),
  };
}

function bodyDraftOf(body: RouteBody | null): Partial<RouteDraft> {
  switch (body?.type) {
    case 'json':
      return { bodyType: 'json', json: JSON.stringify(body.value, null, 2) };
    case 'form':
      return { bodyType: 'form', form: body.fields };
    case 'text':
      return { bodyType: 'text', contentType: body.content_type, text: body.text };
    case undefined:
      return { bodyType: 'none' };
  }
}

function authTexts(auth: RouteAuth): Record<string, string> {
  return Object.fromEntries(
    Object.entries(auth).map(([name, value]: [string, unknown]) => {
      if (Array.isArray(value)) return [name, value.join('\n')];
      const text = typeof value === 'string' ? value : '';
      return [
        name,
        name === 'separator' ? text.replaceAll('\\', String.raw`\\`).replaceAll('\n', String.raw`\n`) : text,
      ];
    }),
  );
}

/** The names that stand in the path as `:name`, and are no inputs yet. */
export function undeclaredNames({ path, inputs }: RouteDraft): string[] {
  const declared = new Set(inputs.filter(({ place }) => place === 'path').map(({ name }) => name));
  return pathSegments(path)
    .filter((segment) => /^:[a-z][a-z0-9_]*$/.test(segment) && !declared.has(segment.slice(1)))
    .map((segment) => segment.slice(1));
}
