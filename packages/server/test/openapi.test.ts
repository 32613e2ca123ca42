import { ENDPOINTS, openApiDocument, type Endpoint } from '@coffer/contract';
import { describe, expect, test } from 'vitest';
import { ENGINES } from '../src/testing/engines.ts';
import { startTestServer } from '../src/testing/server.ts';
import { VERSION } from '../src/version.ts';

/** The document as outside programs see it. */
const DOCUMENT: any = JSON.parse(
  JSON.stringify(openApiDocument({ version: VERSION, serverUrl: 'https://vault.example.org' })),
);

const OPERATIONS: readonly (readonly [string, any])[] = Object.entries<Record<string, object>>(
  DOCUMENT.paths,
).flatMap(([path, operations]) =>
  Object.entries(operations).map(
    ([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const,
  ),
);

/** What a JSON Schema of this document may be made of: a word that is none of these is a mistake or new. */
const KEYWORDS = new Set(
  (
    'type properties required additionalProperties propertyNames items enum const anyOf oneOf allOf $ref format ' +
    'pattern minLength maxLength minItems maxItems minimum maximum description default examples title'
  ).split(' '),
);
const TYPES = new Set(['object', 'array', 'string', 'integer', 'number', 'boolean', 'null']);

/** Every schema in a schema, itself first, each with the way there. */
function* schemasIn(schema: any, path: string): Generator<readonly [string, any]> {
  yield [path, schema];
  if (typeof schema !== 'object' || schema === null) return;
  for (const [name, inner] of Object.entries(schema.properties ?? {}))
    yield* schemasIn(inner, `${path}.${name}`);
  for (const word of ['items', 'additionalProperties', 'propertyNames']) {
    if (schema[word] !== undefined) yield* schemasIn(schema[word], `${path} ${word}`);
  }
  for (const word of ['anyOf', 'oneOf', 'allOf']) {
    for (const [index, inner] of (schema[word] ?? []).entries())
      yield* schemasIn(inner, `${path} ${word} ${index}`);
  }
}

/** What is wrong with one schema, not looking into those in it. */
function* faultsOf(schema: any): Generator<string> {
  if (typeof schema === 'boolean') return;
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) {
    yield 'is no schema';
    return;
  }
  for (const word of Object.keys(schema)) if (!KEYWORDS.has(word)) yield `has the unknown word ${word}`;
  for (const type of [schema.type ?? []].flat()) if (!TYPES.has(type)) yield `has the unknown type ${type}`;
  for (const name of schema.required ?? []) {
    if (!Object.hasOwn(schema.properties ?? {}, name)) yield `requires ${name}, which it does not have`;
  }
  if (schema.enum !== undefined && new Set(schema.enum).size !== schema.enum.length)
    yield 'has a value twice';
  if (schema.pattern !== undefined) {
    try {
      new RegExp(schema.pattern, 'u');
    } catch {
      yield `has the pattern ${schema.pattern}, which is none`;
    }
  }
  if (schema.minimum > schema.maximum || schema.minLength > schema.maxLength)
    yield 'leaves nothing between its limits';
  if (schema.$ref !== undefined && resolve(schema.$ref) === undefined)
    yield `refers to ${schema.$ref}, which is not there`;
}

function resolve(reference: string): unknown {
  if (!reference.startsWith('#/')) return undefined;
  return reference
    .slice(2)
    .split('/')
    .reduce((value, name) => value?.[name], DOCUMENT);
}

/** Every schema that stands in an operation. */
function* topSchemasOf(operation: any): Generator<readonly [string, any]> {
  for (const { name, schema } of operation.parameters ?? []) yield [`parameter ${name}`, schema];
  for (const { schema } of Object.values<any>(operation.requestBody?.content ?? {})) yield ['body', schema];
  for (const [status, { content }] of Object.entries<any>(operation.responses)) {
    for (const { schema } of Object.values<any>(content)) yield [status, schema];
  }
}

describe.each(ENGINES)('GET /openapi.json on %s', () => {
  test('serves the document that is made from the table that validates requests (R23)', async () => {
    await using server = await startTestServer();
    const { status, headers, body } = await server.anonymous().send('GET', '/openapi.json');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(/^application\/json/);
    expect(body).toEqual(JSON.parse(JSON.stringify(openApiDocument({ version: VERSION }))));
  });
});

describe('the OpenAPI document', () => {
  test('says what it is: OpenAPI 3.1, with title, version, license and server', () => {
    expect(DOCUMENT.openapi).toMatch(/^3\.1\.\d+$/);
    expect(DOCUMENT.info).toMatchObject({ title: 'Coffer', version: VERSION, license: { name: 'MIT' } });
    expect(DOCUMENT.servers).toEqual([{ url: 'https://vault.example.org' }]);
    const known = ['openapi', 'info', 'servers', 'tags', 'paths', 'components'];
    expect(Object.keys(DOCUMENT).filter((name) => !known.includes(name))).toEqual([]);
  });

  test('has every endpoint, by the id under which the table has it, and nothing else', () => {
    const calls = Object.entries<Endpoint>(ENDPOINTS).map(
      ([id, { method, path }]) => `${method} ${path}: ${id}`,
    );
    const found = OPERATIONS.map(([call, { operationId }]) => `${call}: ${operationId}`);
    expect(found.toSorted()).toEqual(calls.toSorted());
  });

  test.each(OPERATIONS)('describes %s: summary, tag, who may call it, each answer', (call, operation) => {
    expect(operation.summary).toMatch(/^[A-Z].*[.?]/);
    expect(operation.description).toMatch(/Who: .+\.$/);
    expect(operation.tags).toHaveLength(1);
    expect(DOCUMENT.tags.map(({ name }: { name: string }) => name)).toContain(operation.tags[0]);
    for (const [status, response] of Object.entries<any>(operation.responses)) {
      expect(status).toMatch(/^[2-5]\d\d$/);
      expect(response.description).not.toBe('');
      const streams = call === 'GET /vault/watch' ? ['text/event-stream'] : [];
      const types = status.startsWith('2') ? ['application/json', ...streams] : ['application/problem+json'];
      expect(Object.keys(response.content)).toEqual(types);
    }
    expect(Object.keys(operation.responses).filter((status) => status.startsWith('2'))).toHaveLength(1);
    expect(operation.responses).toHaveProperty('400');
    expect(operation.responses).toHaveProperty('503');
  });

  test.each(OPERATIONS)(
    'says how to call %s: parameters in the query, or a JSON body, and a token or none',
    (call, operation) => {
      const definition = Object.values<Endpoint>(ENDPOINTS).find(
        ({ method, path }) => `${method} ${path}` === call,
      );
      const fields = Object.keys(definition?.input.shape ?? {});
      const inBody = call.startsWith('POST') || call.startsWith('PATCH');
      const parameters = operation.parameters ?? [];
      const properties = operation.requestBody?.content['application/json'].schema.properties ?? {};
      expect(parameters.map(({ name }: { name: string }) => name)).toEqual(inBody ? [] : fields);
      expect(Object.keys(properties)).toEqual(inBody ? fields : []);
      for (const parameter of parameters)
        expect(parameter).toMatchObject({ in: 'query', required: expect.any(Boolean) });
      const isPublic = [
        'GET /health',
        'GET /ready',
        'POST /setup',
        'POST /user/login',
        'POST /token/exchange',
      ].includes(call);
      expect(operation.security).toEqual(isPublic ? [] : [{ token: [] }]);
      expect('401' in operation.responses).toBe(!isPublic || operation.requestBody !== undefined);
    },
  );

  test.each(OPERATIONS)('has only sound schemas in %s', (_, operation) => {
    const faults: string[] = [];
    for (const [place, top] of topSchemasOf(operation)) {
      for (const [path, schema] of schemasIn(top, place)) {
        for (const fault of faultsOf(schema)) faults.push(`${path} ${fault}`);
      }
    }
    expect(faults).toEqual([]);
  });

  test.each(OPERATIONS)('closes the objects of %s: no field that is not named', (_, operation) => {
    const open: string[] = [];
    for (const [place, top] of topSchemasOf(operation)) {
      for (const [path, schema] of schemasIn(top, place)) {
        if (
          schema.type === 'object' &&
          schema.properties !== undefined &&
          schema.additionalProperties !== false
        )
          open.push(path);
      }
    }
    expect(open).toEqual([]);
  });

  test('has sound schemas in its components, and the scheme that operations name', () => {
    const { schemas, securitySchemes } = DOCUMENT.components;
    const faults = Object.entries(schemas).flatMap(([name, top]) =>
      [...schemasIn(top, name)].flatMap(([path, schema]) =>
        [...faultsOf(schema)].map((fault) => `${path} ${fault}`),
      ),
    );
    expect(faults).toEqual([]);
    expect(Object.keys(schemas.Problem.properties).toSorted()).toEqual(
      ['type', 'title', 'status', 'detail', 'code', 'message', 'request_id', 'errors'].toSorted(),
    );
    expect(securitySchemes.token).toEqual({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' });
  });
});
