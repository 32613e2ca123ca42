import type { Json } from '../canonical-json.ts';
import type { FieldError } from '../errors.ts';
import {
  expressionsIn,
  INPUT_NAME_PATTERN,
  parseTemplate,
  TemplateError,
  type Template,
} from '../expression.ts';
import {
  BODY_METHODS,
  HMAC_PARTS,
  IDEMPOTENT_METHODS,
  inputHeader,
  pathSegments,
  type HmacAuth,
  type RouteAuth,
  type RouteBody,
  type RouteDefinition,
  type RouteInput,
  type RouteRequest,
} from './definition.ts';
import { checkOrigin } from '../names.ts';
import { checkInputHeader, checkRequestHeader, checkResponseHeader } from './headers.ts';
import { templatesOf, type PlacedTemplate } from './templates.ts';
import { isSecret, tokenOrigin } from './uses.ts';

const PATH_SEGMENT = /^(?:[A-Za-z0-9._~-]+|:[a-z][a-z0-9_]{0,63})$/;
const PATH_CHARACTERS_MAX = 200;
const PATH_SEGMENTS_MAX = 12;
const JSON_DEPTH_MAX = 32;
const JSON_PARTS_MAX = 2000;
/** Unreserved characters, sub-delimiters, `:` and `@`, but for the semicolon, which some servers cut at; and `/`. */
const URL_PATH_TEXT = /^[A-Za-z0-9\-._~!$&'()*+,=:@/]*$/;
/** Each is looked for in the answer. */
const SECRETS_MAX = 100;
/** An answer that is looked through before any of it is passed on is in memory as a whole. */
const WHOLE_BYTES_MAX = 8 * 1024 * 1024;
const PRINTABLE = /^[\t\x20-\x7e]*$/;
const MEDIA_TYPE = /^[a-z0-9.+-]+\/[a-z0-9.+-]+(?:; ?charset=utf-8)?$/;

/**
 * The rules that a definition breaks beyond the form of its fields, each with the field; none: it can be saved. Runs in
 * pages as well, while someone writes.
 */
export function checkRoute(route: RouteDefinition): FieldError[] {
  return [
    ...checkRoutePath(route),
    ...route.inputs.flatMap((input, index) => checkInput(route, input, index)),
    ...checkTemplates(route),
    ...checkSecrets(route),
    ...checkRequest(route.request),
    ...checkResponse(route),
  ];
}

function checkRoutePath({ path, inputs }: RouteDefinition): FieldError[] {
  const wrong = (message: string): FieldError[] => [{ path: 'path', message }];
  const segments = pathSegments(path);
  if (!path.startsWith('/')) return wrong('must start with /');
  if (path.length > PATH_CHARACTERS_MAX) return wrong(`must have at most ${PATH_CHARACTERS_MAX} characters`);
  if (segments.length > PATH_SEGMENTS_MAX) return wrong(`must have at most ${PATH_SEGMENTS_MAX} segments`);
  if (!segments.every((segment) => PATH_SEGMENT.test(segment)))
    return wrong('must be segments of letters, digits, . _ ~ and -, or :name, with single slashes between');
  if (segments.some((segment) => segment === '.' || segment === '..'))
    return wrong('must not have . or .. for a segment');
  const names = segments.filter((segment) => segment.startsWith(':')).map((segment) => segment.slice(1));
  if (new Set(names).size !== names.length) return wrong('must not name an input twice');
  const declared = new Set(inputs.filter((input) => input.in === 'path').map(({ name }) => name));
  return names
    .filter((name) => !declared.has(name))
    .flatMap((name) => wrong(`names ${name}, which is not an input in the path`));
}

function checkInput(route: RouteDefinition, input: RouteInput, index: number): FieldError[] {
  const found: FieldError[] = [];
  const wrong = (field: string, message: string): void =>
    void found.push({ path: `inputs.${index}.${field}`, message });
  const { name, type } = input;
  if (!INPUT_NAME_PATTERN.test(name))
    wrong('name', 'must start with a letter a-z and have only letters a-z, digits and underscores');
  if (route.inputs.slice(0, index).some((other) => other.name === name)) wrong('name', 'is named twice');
  if (input.in === 'path' && !pathSegments(route.path).includes(`:${name}`))
    wrong('name', `does not stand in the path, as :${name}`);
  if (input.in === 'path' && !input.required) wrong('required', 'must be true in the path');
  if (input.in === 'header') {
    const broken = checkInputHeader(inputHeader(name));
    if (broken !== undefined) wrong('name', broken);
  }
  if (input.in === 'body' && !BODY_METHODS.has(route.method))
    wrong('in', `must not be body with ${route.method}`);
  if (type === 'json' && input.in !== 'body') wrong('type', 'must not be json outside the body');
  const isNumber = type === 'integer' || type === 'number';
  if (!isNumber && input.minimum !== null) wrong('minimum', 'is for numbers only');
  if (!isNumber && input.maximum !== null) wrong('maximum', 'is for numbers only');
  if (input.minimum !== null && input.maximum !== null && input.minimum > input.maximum)
    wrong('maximum', 'must not be less than minimum');
  if (type !== 'string' && input.values !== null) wrong('values', 'is for texts only');
  return found;
}

function checkTemplates(route: RouteDefinition): FieldError[] {
  const declared = new Set(route.inputs.map(({ name }) => name));
  return [...templatesOf(route)].flatMap((placed) => {
    const template = tryParse(placed);
    if ('message' in template) return [template];
    return [
      ...[...expressionsIn(template)].flatMap((part) =>
        part.kind === 'input' && !declared.has(part.name)
          ? [{ path: placed.path, message: `names input.${part.name}, which is not declared${at(part.at)}` }]
          : [],
      ),
      ...checkText(placed, template),
    ];
  });
}

function checkSecrets(route: RouteDefinition): FieldError[] {
  const secrets = [...templatesOf(route)].flatMap((placed) => {
    const template = tryParse(placed);
    return 'message' in template ? [] : [...expressionsIn(template)].filter((part) => isSecret([part]));
  });
  return secrets.length <= SECRETS_MAX
    ? []
    : [{ path: 'request', message: `must not use values in more than ${SECRETS_MAX} expressions` }];
}

function tryParse({ path, text }: PlacedTemplate): Template | FieldError {
  try {
    return parseTemplate(text);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return { path, message: `${error.message}${at(error.at)}` };
  }
}

function at(offset: number): string {
  return ` (at character ${offset + 1})`;
}

/** What stands around the expressions. */
function checkText({ path, sink }: PlacedTemplate, template: Template): FieldError[] {
  const texts = template.flatMap((part) => (part.kind === 'text' ? [part.text] : []));
  if (sink === 'header' && !texts.every((text) => PRINTABLE.test(text)))
    return [{ path, message: 'must have printable ASCII characters only' }];
  return sink === 'path' ? checkUrlPath(path, template, texts) : [];
}

function checkUrlPath(path: string, template: Template, texts: readonly string[]): FieldError[] {
  const wrong = (message: string): FieldError[] => [{ path, message }];
  if (!texts.every((text) => URL_PATH_TEXT.test(text)))
    return wrong("must have only letters, digits and - . _ ~ ! $ & ' ( ) * + , = : @ / beside expressions");
  // Each expression as some character: what is filled in is looked at when it is.
  const whole = template.map((part) => (part.kind === 'text' ? part.text : 'x')).join('');
  if (!whole.startsWith('/')) return wrong('must start with /');
  if (
    whole
      .slice(1)
      .split('/')
      .some((segment, index, all) => segment === '' && index < all.length - 1)
  )
    return wrong('must not have empty segments');
  if (whole.split('/').some((segment) => segment === '.' || segment === '..'))
    return wrong('must not have . or .. for a segment');
  return [];
}

function checkRequest({ origin, method, headers, body, auth }: RouteRequest): FieldError[] {
  const wrongOrigin = checkOrigin(origin);
  const names = headers.map(({ name }) => name.toLowerCase());
  return [
    ...(wrongOrigin === undefined ? [] : [{ path: 'request.origin', message: wrongOrigin }]),
    ...headers.flatMap(({ name }, index) => {
      const broken =
        checkRequestHeader(name) ??
        (names.indexOf(name.toLowerCase()) < index ? 'is set twice' : undefined) ??
        (body !== null && name.toLowerCase() === 'content-type' ? 'follows from the body' : undefined) ??
        (auth !== null && headersOf(auth).includes(name.toLowerCase()) ? 'is set by auth' : undefined);
      return broken === undefined ? [] : [{ path: `request.headers.${index}.name`, message: broken }];
    }),
    ...(body === null ? [] : checkBody(body)),
    ...(body !== null && !BODY_METHODS.has(method)
      ? [{ path: 'request.body', message: `must be null with ${method}` }]
      : []),
    ...(auth?.type === 'hmac' ? checkHmac(auth, names) : []),
    ...(auth?.type === 'oauth2_client_credentials' ? checkTokenUrl(auth.token_url) : []),
  ];
}

/** Those that the server sets for it. */
function headersOf(auth: RouteAuth): string[] {
  if (auth.type === 'hmac')
    return [auth.header, ...(auth.timestamp_header === null ? [] : [auth.timestamp_header])].map((name) =>
      name.toLowerCase(),
    );
  return auth.type === 'aws_sigv4'
    ? ['authorization', 'x-amz-date', 'x-amz-content-sha256', 'x-amz-security-token']
    : ['authorization'];
}

function checkTokenUrl(url: string): FieldError[] {
  const path = 'request.auth.token_url';
  const origin = tokenOrigin(url);
  const broken = checkOrigin(origin);
  if (broken !== undefined)
    return [{ path, message: `must be a URL, as https://auth.example.org/token: its origin ${broken}` }];
  // Its path is sent as it stands here.
  return /^\/[A-Za-z0-9\-._~!$&'()*+,=:@/?]*$/.test(url.slice(origin.length))
    ? []
    : [
        {
          path,
          message: 'must have a path of letters, digits and marks, as https://auth.example.org/oauth/token',
        },
      ];
}

function checkHmac(auth: HmacAuth, declared: readonly string[]): FieldError[] {
  const known: readonly string[] = HMAC_PARTS;
  const found = auth.parts.flatMap((part, index) => {
    const isHeader =
      part.startsWith('header:') && declared.includes(part.slice('header:'.length).toLowerCase());
    return known.includes(part) || isHeader
      ? []
      : [
          {
            path: `request.auth.parts.${index}`,
            message: `must be one of ${HMAC_PARTS.join(', ')}, or header: and the name of a header of the request`,
          },
        ];
  });
  for (const field of ['header', 'timestamp_header'] as const) {
    const name = auth[field];
    const broken = name === null ? undefined : checkRequestHeader(name);
    if (broken !== undefined) found.push({ path: `request.auth.${field}`, message: broken });
  }
  if (auth.parts.includes('timestamp') && auth.timestamp_header === null)
    found.push({ path: 'request.auth.timestamp_header', message: 'is required: the time is signed' });
  if (auth.header.toLowerCase() === auth.timestamp_header?.toLowerCase())
    found.push({ path: 'request.auth.timestamp_header', message: 'must not be the header of the signature' });
  return found;
}

function checkBody(body: RouteBody): FieldError[] {
  if (body.type === 'json') return checkJson(body.value);
  if (body.type === 'form') return [];
  if (!MEDIA_TYPE.test(body.content_type))
    return [{ path: 'request.body.content_type', message: 'must be a media type, as text/plain' }];
  // In these a text that is filled in has to be escaped, which the other types of body do.
  return /json|x-www-form-urlencoded|multipart/.test(body.content_type)
    ? [
        {
          path: 'request.body.content_type',
          message: 'must not be that of JSON or of a form: they are types of body',
        },
      ]
    : [];
}

function checkJson(value: Json): FieldError[] {
  let parts = 0;
  const visit = (part: Json, path: string, depth: number): FieldError[] => {
    parts += 1;
    if (depth > JSON_DEPTH_MAX)
      return [{ path, message: `must not be nested more than ${JSON_DEPTH_MAX} deep` }];
    if (typeof part !== 'object' || part === null) return [];
    return Object.entries(part).flatMap(([name, member]) => {
      if (name.includes('${{'))
        return [{ path, message: 'must not have expressions in the names of members' }];
      return visit(member, `${path}.${name}`, depth + 1);
    });
  };
  const found = visit(value, 'request.body.value', 0);
  return parts > JSON_PARTS_MAX
    ? [{ path: 'request.body.value', message: `must not have more than ${JSON_PARTS_MAX} parts` }]
    : found;
}

function checkResponse({ request, response }: RouteDefinition): FieldError[] {
  const found = response.headers.flatMap((name, index) => {
    const broken = checkResponseHeader(name);
    return broken === undefined ? [] : [{ path: `response.headers.${index}`, message: broken }];
  });
  if (response.redact === 'fail' && response.max_bytes > WHOLE_BYTES_MAX)
    found.push({
      path: 'response.max_bytes',
      message: `must be at most ${WHOLE_BYTES_MAX} with redact fail: the answer is looked through as a whole`,
    });
  if (response.retries > 0 && !IDEMPOTENT_METHODS.has(request.method))
    found.push({
      path: 'response.retries',
      message: `must be 0 with ${request.method}: it may not be sent twice`,
    });
  return found;
}
