import { isUtf8 } from 'node:buffer';
import { AppError, ERRORS, invalidField, type ErrorCode, type FieldError } from '@coffer/core';
import { takesBody, type Endpoint } from '@coffer/contract';

type Issue = {
  readonly code: string;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly keys?: readonly string[];
  readonly params?: Readonly<Record<string, unknown>>;
};

type RawIssue = {
  readonly code: string;
  readonly input?: unknown;
  readonly expected?: unknown;
  readonly minimum?: unknown;
  readonly maximum?: unknown;
  readonly origin?: unknown;
  readonly values?: readonly unknown[];
};

/** A field name from outside is repeated only when it looks like one: a value may have been put in its place. */
const FIELD_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;

/**
 * Query parameters or JSON body, whichever the endpoint takes, checked against its schema. Fails with `invalid_input`,
 * which lists every invalid field, or with the error that all of them name.
 */
export function parseInput(
  definition: Endpoint,
  request: { url: string; body: unknown },
): Record<string, unknown> {
  const query = parseQuery(request.url);
  const raw = takesBody(definition) ? bodyAlone(request.body, query) : queryOnly(request.body, query);
  const parsed = definition.input.safeParse(raw, { error: ruleOf });
  if (parsed.success) return parsed.data;
  throw refusal(parsed.error.issues as readonly Issue[]);
}

/** Fails with `malformed_json`, without what the parser says of it: that would repeat a part of the body. */
export function parseJson(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  // A decoder would replace invalid bytes, and a value would not come back as it was given (R3).
  if (!isUtf8(body)) throw new AppError('malformed_json');
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new AppError('malformed_json');
  }
}

function bodyAlone(body: unknown, query: Record<string, string>): unknown {
  const [parameter] = Object.keys(query);
  if (parameter !== undefined)
    throw invalidField(fieldName(parameter), 'is not a known parameter: this call takes a body');
  return bodyOnly(body);
}

/** Fails with `invalid_input`. */
export function bodyOnly(body: unknown): unknown {
  if (body !== undefined && (typeof body !== 'object' || body === null || Array.isArray(body))) {
    throw invalidField('body', 'must be a JSON object');
  }
  return body ?? {};
}

function queryOnly(body: unknown, query: Record<string, string>): unknown {
  if (body !== undefined) throw invalidField('body', 'must be empty: this call takes query parameters');
  return query;
}

/** Each parameter once, percent-encoded UTF-8. Fails with `invalid_input`. */
export function parseQuery(url: string): Record<string, string> {
  const start = url.indexOf('?');
  const parameters: Record<string, string> = Object.create(null) as Record<string, string>;
  if (start === -1) return parameters;
  for (const pair of url.slice(start + 1).split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decode(equals === -1 ? pair : pair.slice(0, equals));
    const value = decode(equals === -1 ? '' : pair.slice(equals + 1));
    if (name === undefined) throw invalidField('query', 'must be percent-encoded UTF-8');
    if (value === undefined) throw invalidField(fieldName(name), 'must be percent-encoded UTF-8');
    if (Object.hasOwn(parameters, name)) throw invalidField(fieldName(name), 'must be given once');
    parameters[name] = value;
  }
  return parameters;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

/** The broken rule in the words of this API; undefined leaves it to the schema. Never with what was given. */
function ruleOf(issue: RawIssue): string | undefined {
  const isText = issue.origin === 'string';
  const parts = isText ? 'characters' : 'items';
  const hasParts = isText || issue.origin === 'array';
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is required' : `must be ${article(String(issue.expected))}`;
    case 'too_small':
      if (!hasParts) return `must be at least ${String(issue.minimum)}`;
      return issue.minimum === 1
        ? 'must not be empty'
        : `must have at least ${String(issue.minimum)} ${parts}`;
    case 'too_big':
      return hasParts
        ? `must have at most ${String(issue.maximum)} ${parts}`
        : `must be at most ${String(issue.maximum)}`;
    case 'invalid_value':
      return `must be one of ${(issue.values ?? []).map(String).join(', ')}`;
    default:
      return undefined;
  }
}

function article(type: string): string {
  const names: Readonly<Record<string, string>> = {
    string: 'text',
    int: 'a whole number',
    boolean: 'true or false',
    array: 'a list',
    object: 'an object',
  };
  return names[type] ?? `a ${type}`;
}

function refusal(issues: readonly Issue[]): AppError {
  const fields = issues.flatMap(toFields);
  const codes = new Set(issues.map((issue) => issue.params?.['error'] ?? 'invalid_input'));
  const [code] = codes.size === 1 ? codes : ['invalid_input'];
  return new AppError(isErrorCode(code) ? code : 'invalid_input', {}, { fields });
}

function toFields(issue: Issue): FieldError[] {
  const path = issue.path.map((part) => (typeof part === 'number' ? String(part) : fieldName(String(part))));
  if (issue.code === 'unrecognized_keys') {
    return (issue.keys ?? []).slice(0, 20).map((key) => ({
      path: [...path, fieldName(key)].join('.'),
      message: 'is not a known field',
    }));
  }
  return [{ path: path.join('.') || 'body', message: issue.message }];
}

function fieldName(text: string): string {
  return FIELD_NAME.test(text) ? text : '(unnamed)';
}

function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(ERRORS, code);
}
