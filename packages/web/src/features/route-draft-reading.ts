import {
  checkRoute,
  checkRouteId,
  type FieldError,
  type Json,
  type RouteAuth,
  type RouteBody,
  type RouteDefinition,
  type RouteInput,
} from '@coffer/core';
import type { InputDraft, RouteDraft } from './route-draft.ts';

/** The definition that a draft stands for, and all that is wrong with it as far as the page can tell. */
export function readDraft(draft: RouteDraft): { definition: RouteDefinition; errors: FieldError[] } {
  const reader = new DraftReader();
  const definition: RouteDefinition = {
    method: draft.method,
    path: draft.path,
    environment: draft.environment as RouteDefinition['environment'],
    description: draft.description,
    access: draft.access,
    rate_per_minute: reader.whole('rate_per_minute', draft.ratePerMinute),
    inputs: draft.inputs.map((input, index) => readInput(reader, input, index)),
    request: {
      origin: draft.origin,
      method: draft.sentMethod,
      path: draft.sentPath,
      query: draft.query,
      headers: draft.headers,
      body: readBody(reader, draft),
      auth: readAuth(draft),
    },
    response: {
      statuses: wordsOf(draft.statuses).length === 0 ? null : reader.statuses(draft.statuses),
      headers: wordsOf(draft.answerHeaders),
      max_bytes: reader.whole('response.max_bytes', draft.maxBytes),
      timeout_seconds: reader.whole('response.timeout_seconds', draft.timeoutSeconds),
      max_seconds: reader.whole('response.max_seconds', draft.maxSeconds),
      redact: draft.redact,
      retries: reader.whole('response.retries', draft.retries),
    },
  };
  const brokenId = checkRouteId(draft.id);
  if (brokenId !== undefined) reader.wrong('id', brokenId);
  if (draft.access === 'public' && !draft.isPublicConfirmed)
    reader.wrong('confirm_public', 'must be ticked: anyone could call the route');
  return { definition, errors: [...reader.errors, ...checkRoute(definition)] };
}

/** Reads texts, and notes those that cannot be read. */
class DraftReader {
  readonly errors: FieldError[] = [];

  wrong(path: string, message: string): void {
    this.errors.push({ path, message });
  }

  whole(path: string, text: string): number {
    if (!/^\d{1,9}$/.test(text.trim())) this.wrong(path, 'must be a whole number');
    return Number(text);
  }

  limit(path: string, text: string): number | null {
    if (text.trim() === '') return null;
    const number = Number(text);
    if (!Number.isFinite(number)) this.wrong(path, 'must be a number, or empty');
    return number;
  }

  statuses(text: string): number[] {
    const words = wordsOf(text);
    if (!words.every((word) => /^[2-5]\d\d$/.test(word)))
      this.wrong('response.statuses', 'must be status codes from 200 to 599, with blanks between');
    return words.map(Number);
  }

  json(path: string, text: string): Json {
    try {
      return JSON.parse(text) as Json;
    } catch (error) {
      const reason = error instanceof SyntaxError ? error.message : 'it cannot be read';
      this.wrong(path, `must be JSON: ${reason}`);
      return null;
    }
  }
}

function readInput(reader: DraftReader, input: InputDraft, index: number): RouteInput {
  const isNumber = input.type === 'integer' || input.type === 'number';
  const values = linesOf(input.values);
  return {
    name: input.name,
    in: input.place,
    type: input.type,
    required: input.isRequired || input.place === 'path',
    description: input.description,
    max_length: reader.whole(`inputs.${index}.max_length`, input.maxLength),
    minimum: isNumber ? reader.limit(`inputs.${index}.minimum`, input.minimum) : null,
    maximum: isNumber ? reader.limit(`inputs.${index}.maximum`, input.maximum) : null,
    values: input.type === 'string' && values.length > 0 ? values : null,
  };
}

function readBody(reader: DraftReader, draft: RouteDraft): RouteBody | null {
  switch (draft.bodyType) {
    case 'none':
      return null;
    case 'json':
      return { type: 'json', value: reader.json('request.body.value', draft.json) };
    case 'form':
      return { type: 'form', fields: draft.form };
    case 'text':
      return { type: 'text', content_type: draft.contentType, text: draft.text };
  }
}

function readAuth({ authType, auth }: RouteDraft): RouteAuth | null {
  const text = (name: string): string => auth[name] ?? '';
  const orNull = (name: string): string | null => (text(name) === '' ? null : text(name));
  switch (authType) {
    case 'none':
      return null;
    case 'bearer':
      return { type: authType, token: text('token') };
    case 'basic':
      return { type: authType, username: text('username'), password: text('password') };
    case 'hmac':
      return {
        type: authType,
        key: text('key'),
        algorithm: text('algorithm') as 'sha256',
        encoding: text('encoding') as 'hex',
        parts: linesOf(text('parts')),
        separator: text('separator').replaceAll(/\\([\\n])/g, (_, mark) => (mark === 'n' ? '\n' : '\\')),
        header: text('header'),
        prefix: text('prefix'),
        timestamp_header: orNull('timestamp_header'),
      };
    case 'aws_sigv4':
      return {
        type: authType,
        access_key_id: text('access_key_id'),
        secret_access_key: text('secret_access_key'),
        session_token: orNull('session_token'),
        region: text('region'),
        service: text('service'),
      };
    case 'oauth2_client_credentials':
      return {
        type: authType,
        token_url: text('token_url'),
        client_id: text('client_id'),
        client_secret: text('client_secret'),
        client_auth: text('client_auth') as 'basic',
        scope: orNull('scope'),
        audience: orNull('audience'),
      };
  }
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '');
}

function wordsOf(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '');
}
