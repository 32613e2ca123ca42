import { gzipSync } from 'node:zlib';
import { inputSchema, takesBody, type Endpoint } from '@coffer/contract';
import { CANARY, HOSTILE_NAMES, HOSTILE_STRINGS, HOSTILE_TOKENS, HOSTILE_VALUES } from './hostile-input.ts';
import {
  AUTHORIZATIONS,
  CONTENT_TYPES,
  HOSTILE_BODIES,
  HOSTILE_QUERIES,
  METHODS,
  ODD_HEADERS,
  PATH_CHANGES,
} from './hostile-wire.ts';
import type { Random } from './random.ts';
import type { WireRequest } from './wire.ts';

/** What a mutation of the input may draw from. */
export type Material = {
  random: Random;
  definition: Endpoint;
  /** Values that exist in the world. */
  known: readonly string[];
  /** Of the caller's browser; empty when they have none. */
  cookie: string;
  /** Of the server's own pages. */
  origin: string;
};

type Input = Record<string, unknown>;
type FieldSchema = {
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  enum?: string[];
};

/** Of what is sent, before it has a form: which fields there are and what is in them. */
export const INPUT_MUTATIONS = {
  'a field is missing': (input, { random }) => {
    const [dropped] = pickField(input, random);
    return Object.fromEntries(Object.entries(input).filter(([name]) => name !== dropped));
  },
  'a field has another type': (input, { random }) =>
    replace(input, random, () => random.pick(HOSTILE_VALUES)),
  'a field is hostile text': (input, { random }) => replace(input, random, () => hostileText(random)),
  'a field has hostile text behind it': (input, { random }) =>
    replace(input, random, (value) => `${text(value)}${hostileText(random)}`),
  'a field is in a list': (input, { random }) => replace(input, random, (value) => [value]),
  'a field is in an object': (input, { random }) =>
    replace(input, random, (value, name) => ({ [random.chance(0.5) ? name : '$ne']: value })),
  'a field is at its limit': (input, { random, definition }) =>
    replace(input, random, (value, name) => atLimit(value, fieldSchema(definition, name), random)),
  'a field has the value of another': (input, { random }) =>
    replace(input, random, () => pickField(input, random)[1]),
  'a field names something else that exists': (input, { random, known }) =>
    replace(input, random, () => random.pick(known)),
  'a field is in another case': (input, { random }) =>
    replace(input, random, (value) =>
      random.chance(0.5) ? text(value).toUpperCase() : text(value).toLowerCase(),
    ),
  'there is a field too many': (input, { random }) => {
    const name = random.pick(HOSTILE_NAMES);
    const value = random.chance(0.5) ? hostileText(random) : random.pick(HOSTILE_VALUES);
    // Not by assignment or spread: the name may be __proto__.
    return Object.defineProperty({ ...input }, name, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  },
  'there is nothing': () => ({}),
} satisfies Record<string, (input: Input, material: Material) => Input>;

/** Of how it is sent. */
export const WIRE_MUTATIONS = {
  'another method': (request, { random }) => ({ ...request, method: random.pick(METHODS) }),
  'another path': (request, { random }) => {
    const [path = '', ...query] = request.target.split('?');
    return { ...request, target: [random.pick(PATH_CHANGES)(path), ...query].join('?') };
  },
  'a hostile query': (request, { random }) => {
    const query = random.pick(HOSTILE_QUERIES);
    return {
      ...request,
      target: toTarget(`${request.target}${request.target.includes('?') ? '&' : '?'}${query}`),
    };
  },
  'a parameter twice': (request) => {
    const [path = '', query = ''] = request.target.split('?');
    return { ...request, target: `${path}?${query}&${query}` };
  },
  'a hostile body': (request, { random }) => withBody(request, random.pick(HOSTILE_BODIES)),
  'a token that is no JSON': (request, { random }) => {
    const text = request.body?.toString() ?? '{"a":"b"}';
    const values = [...text.matchAll(/:("(?:[^"\\]|\\.)*"|[\w.+-]+)/g)];
    const picked = random.pick(values.length === 0 ? [...text.matchAll(/^/g)] : values);
    const start = picked.index + (picked[0] === '' ? 0 : 1);
    const end = picked.index + picked[0].length;
    return withBody(
      request,
      Buffer.from(`${text.slice(0, start)}${random.pick(HOSTILE_TOKENS)}${text.slice(end)}`),
    );
  },
  'a key twice': (request) => {
    const text = request.body?.toString() ?? '{}';
    return withBody(request, Buffer.from(`{${text.slice(1, -1)},${text.slice(1, -1)}}`));
  },
  'a body cut short': (request, { random }) => {
    const body = request.body ?? Buffer.from('{}');
    return withBody(request, body.subarray(0, random.below(body.length)));
  },
  'a body with a byte changed': (request, { random }) => {
    const body = Buffer.from(request.body ?? '{}');
    body[random.below(body.length)] = random.below(256);
    return withBody(request, body);
  },
  'a body in another encoding': (request, { random }) => {
    const text = request.body?.toString() ?? '{}';
    const bodies = [
      gzipSync(text),
      Buffer.from(text, 'utf16le'),
      Buffer.from(`\ufeff${text}`),
      Buffer.from(`\ufeff${text}`, 'utf16le').swap16(),
      Buffer.from(text.replaceAll('e', 'é'), 'latin1'),
      Buffer.from(text.replaceAll('/', '\xc0\xaf').replaceAll('e', '\xc1\xa5'), 'latin1'),
    ];
    return withBody(request, random.pick(bodies));
  },
  'a body that is said to be compressed': (request) => {
    const body = gzipSync(request.body ?? '{}');
    return { ...withBody(request, body), headers: { ...request.headers, 'content-encoding': 'gzip' } };
  },
  'another content type': (request, { random }) => {
    const contentType = random.pick(CONTENT_TYPES);
    const { 'content-type': _, ...headers } = request.headers;
    return {
      ...request,
      headers: contentType === '' ? headers : { ...headers, 'content-type': contentType },
    };
  },
  'an odd header': (request, { random }) => {
    const [name, value] = random.pick(ODD_HEADERS);
    return { ...request, headers: { ...request.headers, [name]: value } };
  },
  'several odd headers': (request, { random }) => {
    const odd = Array.from({ length: 5 }, () => random.pick(ODD_HEADERS));
    return { ...request, headers: { ...request.headers, ...Object.fromEntries(odd) } };
  },
  'the cookie in place of the token': (request, { random, cookie, origin }) => {
    const { authorization: _, ...headers } = request.headers;
    const origins = [{ origin }, { origin }, { origin: `${origin}0` }, {}];
    return { ...request, headers: { ...headers, cookie, ...random.pick(origins) } };
  },
  'another authorization': (request, { random }) => ({
    ...request,
    headers: { ...request.headers, authorization: random.pick(AUTHORIZATIONS) },
  }),
} satisfies Record<string, (request: WireRequest, material: Material) => WireRequest>;

export type Mutation = keyof typeof INPUT_MUTATIONS | keyof typeof WIRE_MUTATIONS;

export const INPUT_MUTATION_NAMES = Object.keys(INPUT_MUTATIONS) as (keyof typeof INPUT_MUTATIONS)[];
export const WIRE_MUTATION_NAMES = Object.keys(WIRE_MUTATIONS) as (keyof typeof WIRE_MUTATIONS)[];

/** In the query or the body, as the method has it. */
export function toWire(definition: Endpoint, input: Input, token: string | undefined): WireRequest {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  if (takesBody(definition)) {
    const body = Buffer.from(JSON.stringify(input));
    const target = definition.path;
    return {
      method: definition.method,
      target,
      headers: { ...headers, 'content-type': 'application/json' },
      body,
    };
  }
  const pairs = Object.entries(input).flatMap(([name, value]) => queryPairs(name, value));
  const target = pairs.length === 0 ? definition.path : `${definition.path}?${pairs.join('&')}`;
  return { method: definition.method, target, headers, body: undefined };
}

/** As common serialisers write lists and objects. */
function queryPairs(name: string, value: unknown): string[] {
  if (Array.isArray(value))
    return value
      .slice(0, 100)
      .map((item) => `${encode(name)}${value.length > 1 ? '' : '[]'}=${encode(text(item))}`);
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value)
      .slice(0, 100)
      .map(([key, item]) => `${encode(`${name}[${key}]`)}=${encode(text(item))}`);
  }
  return [`${encode(name)}=${encode(text(value))}`];
}

function text(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}

/** Lone surrogates, which `encodeURIComponent` refuses, as the bytes that WTF-8 has for them. */
function encode(part: string): string {
  if (part.isWellFormed()) return encodeURIComponent(part);
  return [...Buffer.from(part, 'utf16le')].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
}

/** Without what would end the request line: that is for the tests of broken HTTP. */
function toTarget(target: string): string {
  return Buffer.from(target, 'utf8')
    .toString('latin1')
    .replaceAll(/[\0-\x20\x7f]/g, '%20');
}

function withBody(request: WireRequest, body: Buffer): WireRequest {
  return { ...request, headers: { 'content-type': 'application/json', ...request.headers }, body };
}

function pickField(input: Input, random: Random): [name: string, value: unknown] {
  const fields = Object.entries(input);
  return fields.length === 0 ? ['nothing', null] : random.pick(fields);
}

function replace(input: Input, random: Random, make: (value: unknown, name: string) => unknown): Input {
  const [name, value] = pickField(input, random);
  return { ...input, [name]: make(value, name) };
}

function hostileText(random: Random): string {
  const picked = random.pick(HOSTILE_STRINGS);
  return random.chance(0.3) ? `${picked} ${CANARY}` : picked;
}

function fieldSchema(definition: Endpoint, name: string): FieldSchema {
  const properties = (inputSchema(definition)['properties'] ?? {}) as Record<string, FieldSchema>;
  return properties[name] ?? {};
}

function atLimit(value: unknown, schema: FieldSchema, random: Random): unknown {
  const fill = text(value).slice(0, 1) || 'a';
  const lengths = [schema.minLength, schema.maxLength].flatMap((length) =>
    length === undefined ? [] : [length],
  );
  const numbers = [schema.minimum, schema.maximum].flatMap((number) =>
    number === undefined ? [] : [number],
  );
  const candidates: unknown[] = [
    ...lengths
      .flatMap((length) => [length - 1, length, length + 1])
      .map((length) => fill.repeat(Math.max(0, length))),
    ...numbers.flatMap((number) => [number - 1, number, number + 1]),
    ...(schema.enum ?? []).flatMap((word) => [word, word.toLowerCase(), `${word} `]),
  ];
  return candidates.length === 0 ? '' : random.pick(candidates);
}
