import { createHmac } from 'node:crypto';
import { checkRoute, type EntryKey, type Json, type RouteDefinition } from '@coffer/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileRoute } from './compiled-route.ts';
import { evaluatorOf, previewOf } from './expressions.ts';
import { renderPreview, renderRequest } from './render.ts';

const INPUTS = ['a', 'b', 'c'];

const DEFINITION: RouteDefinition = {
  method: 'POST',
  path: '/call',
  environment: 'default' as RouteDefinition['environment'],
  description: '',
  access: 'members',
  rate_per_minute: 60,
  inputs: INPUTS.map((name) => ({
    name,
    in: 'body',
    type: 'string',
    required: false,
    description: '',
    max_length: 1000,
    minimum: null,
    maximum: null,
    values: null,
  })),
  request: {
    origin: 'https://api.example.org',
    method: 'POST',
    path: '/',
    query: [],
    headers: [],
    body: null,
    auth: null,
  },
  response: {
    statuses: null,
    headers: [],
    max_bytes: 1000,
    timeout_seconds: 1,
    max_seconds: 1,
    redact: 'auto',
    retries: 0,
  },
};

function definitionWith(request: Partial<RouteDefinition['request']>): RouteDefinition {
  return { ...DEFINITION, request: { ...DEFINITION.request, ...request } };
}

type Environment = { inputs: Map<string, Json>; values: Record<string, string> };

function render(definition: RouteDefinition, { inputs, values }: Environment) {
  const evaluate = evaluatorOf(inputs, (key: EntryKey) => values[key] ?? '', new Set());
  return renderRequest(compileRoute(definition), { inputs, evaluate });
}

// --- Expressions with what they stand for, by other means than the parser ------------------------------------------

type Written = { source: string; value: (environment: Environment) => string };

/** Text that a careless reader would take for an expression. */
const tricky = fc.oneof(
  fc.constantFrom(
    '${{ vault.A }}',
    '${{ input.a }}',
    '}}',
    '${{',
    "'",
    '"',
    '\\',
    '$',
    '{{',
    '__proto__',
    '%7b',
    '&amp;',
  ),
  fc.string({ unit: 'grapheme', maxLength: 12 }).filter((text) => text.isWellFormed()),
);

const { expression } = fc.letrec<{ expression: Written }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<Written>(
      { source: 'vault.A', value: ({ values }) => values['A'] ?? '' },
      { source: 'vault.B', value: ({ values }) => values['B'] ?? '' },
      ...INPUTS.map((name): Written => ({
        source: `input.${name}`,
        value: ({ inputs }) => (inputs.get(name) ?? '') as string,
      })),
    ),
    tricky.map((text): Written => ({ source: `'${text.replaceAll("'", "''")}'`, value: () => text })),
    fc
      .tuple(fc.constantFrom('base64', 'urlencode', 'json'), tie('expression'))
      .map(([name, inner]): Written => ({
        source: `${name}( ${inner.source} )`,
        value: (environment) => {
          const text = inner.value(environment);
          if (name === 'base64') return Buffer.from(text, 'utf8').toString('base64');
          if (name === 'json') return JSON.stringify(text);
          return Array.from(Buffer.from(text), (byte) => {
            const character = String.fromCharCode(byte);
            return /[A-Za-z0-9\-._~]/.test(character)
              ? character
              : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
          }).join('');
        },
      })),
    fc
      .tuple(fc.constantFrom('hmac_sha256', 'basic'), tie('expression'), tie('expression'))
      .map(([name, first, second]): Written => ({
        source: `${name}(${first.source},${second.source})`,
        value: (environment) => {
          const [a, b] = [first.value(environment), second.value(environment)];
          return name === 'basic'
            ? Buffer.from(`${a}:${b}`).toString('base64')
            : createHmac('sha256', a).update(b).digest('hex');
        },
      })),
  ),
}));

const plain = fc
  .string({ unit: 'grapheme', maxLength: 8 })
  .filter((text) => text.isWellFormed() && !text.includes('$'));

const template = fc
  .array(
    fc.oneof(
      plain.map((text): Written => ({ source: text, value: () => text })),
      expression.map(({ source, value }): Written => ({ source: `\${{ ${source} }}`, value })),
    ),
    { maxLength: 4 },
  )
  .map((parts): Written => ({
    source: parts.map(({ source }) => source).join(''),
    value: (environment) => parts.map(({ value }) => value(environment)).join(''),
  }));

type WrittenJson = { source: Json; value: (environment: Environment) => Json };

const { json } = fc.letrec<{ json: WrittenJson }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 5 },
    fc
      .constantFrom<Json>(null, true, false, 0, -1.5, 1e21)
      .map((value): WrittenJson => ({ source: value, value: () => value })),
    template,
    fc.array(tie('json'), { maxLength: 4 }).map((items): WrittenJson => ({
      source: items.map(({ source }) => source),
      value: (environment) => items.map(({ value }) => value(environment)),
    })),
    fc
      .array(fc.tuple(fc.oneof(plain, fc.constantFrom('__proto__', 'constructor')), tie('json')), {
        maxLength: 4,
      })
      .map((members): WrittenJson => ({
        source: Object.fromEntries(members.map(([name, { source }]) => [name, source])),
        value: (environment) =>
          Object.fromEntries(members.map(([name, { value }]) => [name, value(environment)])),
      })),
  ),
}));

const environment = fc
  .record({ a: tricky, b: tricky, c: tricky, A: tricky, B: tricky })
  .map(({ a, b, c, ...values }): Environment => ({ inputs: new Map(Object.entries({ a, b, c })), values }));

describe('what is filled in', () => {
  test('is filled in exactly once, at every depth of a JSON body', () => {
    fc.assert(
      fc.property(json, environment, (written, given) => {
        const definition = definitionWith({ body: { type: 'json', value: written.source } });
        expect(checkRoute(definition)).toEqual([]);
        expect(JSON.parse(render(definition, given).body?.toString() ?? '')).toEqual(written.value(given));
      }),
      { numRuns: 3000 },
    );
  });

  test('is filled in exactly once in fields of a form, in queries and in text', () => {
    fc.assert(
      fc.property(template, environment, (written, given) => {
        const fields = [{ name: 'n', value: written.source }];
        const form = render(definitionWith({ body: { type: 'form', fields } }), given);
        expect(new URLSearchParams(form.body?.toString()).get('n')).toBe(written.value(given));
        const text = { type: 'text', content_type: 'text/plain', text: written.source } as const;
        expect(render(definitionWith({ body: text }), given).body?.toString()).toBe(written.value(given));
        const { url } = render(definitionWith({ query: fields }), given);
        expect(url.searchParams.get('n')).toBe(written.value(given));
        expect([...url.searchParams.keys()]).toEqual(['n']);
        expect(url.origin + url.pathname).toBe('https://api.example.org/');
      }),
      { numRuns: 3000 },
    );
  });

  test('is filled in exactly once in a header, or refused there', () => {
    fc.assert(
      fc.property(template, environment, (written, given) => {
        const definition = definitionWith({ headers: [{ name: 'X-A', value: written.source }] });
        const isPlain = (text: string): boolean => /^[\t\x20-\x7e]*$/.test(text);
        if (checkRoute(definition).length > 0) {
          expect(isPlain(written.source)).toBe(false);
        } else if (isPlain(written.value(given))) {
          expect(render(definition, given).headers).toEqual([['X-A', written.value(given)]]);
        } else {
          expect(() => render(definition, given)).toThrow(/.*/);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe('what looks like an expression', () => {
  const fragments = fc
    .array(
      fc.constantFrom(
        '${{',
        '}}',
        ' ',
        'vault.A',
        'input.a',
        'vault.',
        'input',
        '$',
        '{',
        '}',
        '{{',
        '.',
        'x',
        '(',
        ')',
        ',',
        'base64(',
        '${{ vault.A }}',
        '${{input.a}}',
      ),
      { maxLength: 8 },
    )
    .map((parts) => parts.join(''));

  test('is refused when the route is saved, or is filled in as a single reading finds it', () => {
    let accepted = 0;
    fc.assert(
      fc.property(fragments, (source) => {
        const value = { list: [{ deep: source }] };
        const definition = definitionWith({ body: { type: 'json', value } });
        const found = checkRoute(definition);
        if (found.length > 0) {
          expect(found[0]?.path).toBe('request.body.value.list.0.deep');
          return;
        }
        accepted += 1;
        const given: Environment = {
          inputs: new Map([['a', '${{ vault.A }}']]),
          values: { A: '${{ input.a }}' },
        };
        const body = JSON.parse(render(definition, given).body?.toString() ?? '') as typeof value;
        const once = source.replace(
          /\$\{\{[ \t]*(?:(vault\.A)|(input\.a)|base64\([ \t]*(?:(vault\.A)|(input\.a))[ \t]*\))[ \t]*\}\}/g,
          (_, vault, input, vault64) => {
            const text = vault !== undefined || vault64 !== undefined ? '${{ input.a }}' : '${{ vault.A }}';
            return vault !== undefined || input !== undefined ? text : Buffer.from(text).toString('base64');
          },
        );
        if (!source.includes('base64(base64(')) expect(body.list[0]?.deep).toBe(once);
      }),
      { numRuns: 20_000 },
    );
    expect(accepted).toBeGreaterThan(1000);
  });

  test.each(['names of members', 'the origin', 'names of headers', 'names of fields'])(
    'is never read in %s',
    (place) => {
      const text = '${{ vault.A }}';
      const requests: Record<string, Partial<RouteDefinition['request']>> = {
        'names of members': { body: { type: 'json', value: { [text]: 1 } } },
        'the origin': { origin: `https://${text}.example.org` },
        'names of headers': { headers: [{ name: text, value: 'x' }] },
        'names of fields': { body: { type: 'form', fields: [{ name: text, value: 'x' }] } },
      };
      const definition = definitionWith(requests[place] ?? {});
      if (place !== 'names of fields') {
        expect(checkRoute(definition)).toHaveLength(1);
      } else {
        const given = { inputs: new Map<string, Json>(), values: { A: 'secret' } };
        expect(new URLSearchParams(render(definition, given).body?.toString()).get(text)).toBe('x');
      }
    },
  );
});

test('a preview shows by name what has to be given and was not, wherever it stands', () => {
  const inputs = DEFINITION.inputs.map((input) => ({ ...input, required: input.name !== 'c' }));
  const all = { a: '${{ input.a }}', b: 'of ${{ input.b }}', c: '${{ input.c }}' };
  const fields = Object.entries(all).map(([name, value]) => ({ name, value }));
  const preview = (request: Partial<RouteDefinition['request']>) => {
    const route = compileRoute({ ...definitionWith(request), inputs });
    return renderPreview(route, { inputs: new Map(), evaluate: previewOf(new Map()) });
  };
  const { url, headers, body } = preview({
    path: '/${{ input.a }}/x',
    query: fields,
    headers: fields,
    body: { type: 'json', value: all },
  });
  expect(url).toBe('https://api.example.org/<a>/x?a=<a>&b=of%20<b>');
  expect(headers.slice(0, 2)).toEqual([
    { name: 'a', value: '<a>' },
    { name: 'b', value: 'of <b>' },
  ]);
  expect(JSON.parse(body ?? '')).toEqual({ a: '<a>', b: 'of <b>' });
  expect(preview({ body: { type: 'form', fields } }).body).toBe('a=<a>&b=of+<b>');
});
