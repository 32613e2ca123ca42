import {
  AppError,
  expressionsIn,
  invalidField,
  isSecret,
  type Expression,
  type RouteAuth,
  type Template,
} from '@coffer/core';
import {
  soleInput,
  type CompiledBody,
  type CompiledField,
  type CompiledJson,
  type CompiledRoute,
} from './compiled-route.ts';
import { HIDDEN, isExpression, percentEncode, standIn, type Evaluate } from './expressions.ts';
import type { Inputs } from './inputs.ts';
import {
  authPlace,
  formEncode,
  formPlace,
  headerPlace,
  jsonPlace,
  pathPlace,
  queryPlace,
  textPlace,
  type Place,
} from './places.ts';
import type { OutgoingRequest } from './request.ts';

/**
 * `required` is for previews: those that are not given have something in their place, and what stands for values is not
 * looked at, since it is not them.
 */
type Filling = { inputs: Inputs; evaluate: Evaluate; required?: ReadonlySet<string> };

/** What a request may grow to; in UTF-16 code units, before it is written as its places take it. */
const CHARACTERS_MAX = 4 * 1024 * 1024;

/**
 * The request that a call of a route becomes, without what `auth` adds. Each expression is filled in once. Fails with
 * `route_value_unusable` where a value cannot stand where it should, and with `invalid_input` where an input cannot.
 */
export function renderRequest(route: CompiledRoute, unlimited: Filling): OutgoingRequest {
  const filling = { ...unlimited, evaluate: limited(unlimited.evaluate) };
  const { request } = route.definition;
  const path = renderPath(route.path, filling);
  const query = renderFields(route.query, filling, queryPlace);
  const search = query.map(([name, value]) => `${percentEncode(name)}=${value}`).join('&');
  const url = new URL(`${request.origin}${path}${search === '' ? '' : `?${search}`}`);
  // No reading of the text but the one that was built leads elsewhere.
  if (url.origin !== request.origin || url.pathname !== path)
    throw unusable('the path', 'it would be read as another one');
  const body = route.body && renderBody(route.body, filling);
  return {
    url,
    method: request.method,
    headers: [
      ...renderFields(route.headers, filling, headerPlace),
      ...(body === undefined ? [] : [['content-type', body.type] as const]),
    ],
    body: body && Buffer.from(body.text),
  };
}

/** Texts of `auth`, by field: what is made of them is checked where it is sent. */
export function renderAuth(route: CompiledRoute, filling: Filling): Record<string, string> {
  return Object.fromEntries(
    Object.entries(route.auth).map(([field, template]) => [field, fill(template, filling, authPlace(field))]),
  );
}

/** For people: values are hidden, and so is what is made of them. */
export function renderPreview(route: CompiledRoute, filling: Omit<Filling, 'required'>) {
  const required = new Set(route.definition.inputs.filter((input) => input.required).map(({ name }) => name));
  const { method, url, headers, body } = renderRequest(route, { ...filling, required });
  const missing = route.definition.inputs.filter(({ name }) => !filling.inputs.has(name));
  const standIns = [HIDDEN, ...missing.map(({ name }) => standIn(name))];
  const shown = (text: string): string =>
    standIns.reduce((rest, name) => rest.replaceAll(percentEncode(name), name), text);
  const { auth } = route.definition.request;
  return {
    method,
    url: shown(url.href),
    headers: [...headers, ...(auth === null ? [] : previewAuth(auth))].map(([name, value]) => ({
      name,
      value,
    })),
    body: body === undefined ? null : shown(body.toString()),
  };
}

function previewAuth(auth: RouteAuth): (readonly [string, string])[] {
  switch (auth.type) {
    case 'hmac':
      return [
        ...(auth.timestamp_header === null ? [] : [[auth.timestamp_header, HIDDEN] as const]),
        [auth.header, `${auth.prefix}${HIDDEN}`],
      ];
    case 'aws_sigv4':
      return [['Authorization', `AWS4-HMAC-SHA256 ${HIDDEN}`]];
    case 'basic':
      return [['Authorization', `Basic ${HIDDEN}`]];
    case 'bearer':
    case 'oauth2_client_credentials':
      return [['Authorization', `Bearer ${HIDDEN}`]];
  }
}

/** A last segment that is empty is one that the route itself leaves so: `/users/` is not `/users/:id` without its end. */
function renderPath(template: Template, filling: Filling): string {
  const texts = template.map((part) =>
    isExpression(part) ? fillPart(part, filling, pathPlace) : pathPlace.literal(part.text),
  );
  const path = texts.join('');
  const last = template.at(-1);
  const mayEndEmpty = last?.kind === 'text' && last.text.endsWith('/');
  let start = 1;
  for (const segment of path.slice(1).split('/')) {
    const end = start + segment.length;
    const isEmpty = segment === '' && !(mayEndEmpty && end === path.length);
    if (isEmpty || segment === '.' || segment === '..')
      throw blame(
        partsWithin(template, texts, { start, end }),
        'the path',
        'a segment would be empty, . or ..',
      );
    start = end + 1;
  }
  return path;
}

/** Those expressions whose text is in a part of the whole, or at its borders. */
function partsWithin(
  template: Template,
  texts: readonly string[],
  { start, end }: { start: number; end: number },
): Template {
  let at = 0;
  return template.filter((part, index) => {
    const from = at;
    at += texts[index]?.length ?? 0;
    return isExpression(part) && from <= end && at >= start;
  });
}

/** Those that are nothing but an input that was not given are left out. */
function renderFields(
  fields: readonly CompiledField[],
  filling: Filling,
  placeOf: (name: string) => Place,
): (readonly [string, string])[] {
  return fields.flatMap(({ name, value }) =>
    isAbsent(value, filling) ? [] : [[name, fill(value, filling, placeOf(name))] as const],
  );
}

function renderBody(body: CompiledBody, filling: Filling): { type: string; text: string } {
  switch (body.type) {
    case 'json':
      return { type: 'application/json', text: JSON.stringify(renderJson(body.value, filling) ?? null) };
    case 'form': {
      const fields = renderFields(body.fields, filling, formPlace);
      const text = fields.map(([name, value]) => `${formEncode(name)}=${value}`).join('&');
      return { type: 'application/x-www-form-urlencoded', text };
    }
    case 'text':
      return { type: body.contentType, text: fill(body.text, filling, textPlace(body.contentType)) };
  }
}

/** Undefined: it is an input that was not given. */
function renderJson(value: CompiledJson, filling: Filling): unknown {
  switch (value.kind) {
    case 'plain':
      return value.value;
    case 'text': {
      const name = soleInput(value.template);
      // As data, with its type; nothing that it may hold is looked at.
      return name === undefined
        ? fill(value.template, filling, jsonPlace)
        : typedInput(name, value.template, filling);
    }
    case 'list':
      return value.items.map((item) => renderJson(item, filling)).filter((item) => item !== undefined);
    case 'members': {
      const members = value.members.map(([name, member]) => [name, renderJson(member, filling)] as const);
      // fromEntries defines them: `__proto__` is a name like any other.
      return Object.fromEntries(members.filter(([, member]) => member !== undefined));
    }
  }
}

function typedInput(name: string, template: Template, filling: Filling): unknown {
  const given = filling.inputs.get(name);
  if (given !== undefined && typeof given !== 'string') return given;
  return isAbsent(template, filling) ? undefined : fill(template, filling, jsonPlace);
}

/** A definition may use one input many times. */
function limited(evaluate: Evaluate): Evaluate {
  let characters = 0;
  return (expression) => {
    const text = evaluate(expression);
    characters += text.length;
    if (characters <= CHARACTERS_MAX) return text;
    throw blame([expression], 'the request', 'it would be too large');
  };
}

function isAbsent(template: Template, { inputs, required }: Filling): boolean {
  const name = soleInput(template);
  return name !== undefined && !inputs.has(name) && required?.has(name) !== true;
}

function fill(template: Template, filling: Filling, place: Place): string {
  return template
    .map((part) => (isExpression(part) ? fillPart(part, filling, place) : place.literal(part.text)))
    .join('');
}

function fillPart(part: Expression, { evaluate, required }: Filling, place: Place): string {
  const text = evaluate(part);
  const reason = required !== undefined && isSecret([part]) ? undefined : place.refuse(text);
  if (reason !== undefined) throw blame([part], place.name, reason);
  return place.encode(text);
}

/** Whose fault it is that a text cannot stand somewhere: the caller's, or that of a value. */
function blame(template: Template, place: string, reason: string): AppError {
  const input = [...expressionsIn(template)].find((part) => part.kind === 'input');
  return input === undefined || isSecret(template)
    ? unusable(place, reason)
    : invalidField(input.name, `cannot stand in ${place}: ${reason}`);
}

function unusable(place: string, reason: string): AppError {
  return new AppError('route_value_unusable', { place, reason });
}
