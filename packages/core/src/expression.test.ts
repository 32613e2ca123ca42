import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  expressionsIn,
  fillTemplate,
  FUNCTIONS,
  inputNamesIn,
  parseTemplate,
  TemplateError,
  vaultKeysIn,
  type Bindings,
  type Expression,
  type FunctionName,
} from './expression.ts';
import type { EntryKey } from './names.ts';

/** Functions that show what they were given. */
const shown = Object.fromEntries(
  Object.keys(FUNCTIONS).map((name) => [name, (...args: string[]) => `${name}<${args.join('|')}>`]),
) as Bindings['functions'];

function bindings(vault: Record<string, string>, input: Record<string, string> = {}): Bindings {
  return { vault: (key) => vault[key] ?? 'none', input: (name) => input[name] ?? 'none', functions: shown };
}

function errorOf(text: string): TemplateError | undefined {
  try {
    parseTemplate(text);
    return undefined;
  } catch (error) {
    return error as TemplateError;
  }
}

const key = fc.stringMatching(/^[A-Z][A-Z0-9_]{0,8}$/) as fc.Arbitrary<EntryKey>;
const name = fc.stringMatching(/^[a-z][a-z0-9_]{0,8}$/);
const functionName = fc.constantFrom(...(Object.keys(FUNCTIONS) as FunctionName[]));
/** Without where it stands. */
type Plain = Expression extends infer E
  ? E extends { kind: 'call' }
    ? { kind: 'call'; name: FunctionName; args: Plain[] }
    : Omit<E, 'at'>
  : never;
const { expression } = fc.letrec<{ expression: Plain }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.record({ kind: fc.constant('literal' as const), text: fc.string({ unit: 'grapheme' }) }),
    fc.record({ kind: fc.constant('vault' as const), key }),
    fc.record({ kind: fc.constant('input' as const), name }),
    functionName.chain((called) =>
      fc.record({
        kind: fc.constant('call' as const),
        name: fc.constant(called),
        args: fc.array(tie('expression'), {
          minLength: FUNCTIONS[called].arguments,
          maxLength: FUNCTIONS[called].arguments,
        }),
      }),
    ),
  ),
}));

function write(plain: Plain): string {
  switch (plain.kind) {
    case 'literal':
      return `'${plain.text.replaceAll("'", "''")}'`;
    case 'vault':
      return `vault.${plain.key}`;
    case 'input':
      return `input.${plain.name}`;
    case 'call':
      return `${plain.name}(${plain.args.map(write).join(', ')})`;
  }
}

function withoutPlaces(given: Expression): Plain {
  const { at: _at, ...rest } = given;
  return rest.kind === 'call' ? { ...rest, args: rest.args.map(withoutPlaces) } : rest;
}

describe('a template', () => {
  test('is text with expressions in it, each of which knows where it stands', () => {
    const text = 'Bearer ${{ vault.KEY }} of ${{hmac_sha256( vault.SIGN , input.body )}}';
    expect(parseTemplate(text)).toEqual([
      { kind: 'text', text: 'Bearer ' },
      { kind: 'vault', key: 'KEY', at: 11 },
      { kind: 'text', text: ' of ' },
      {
        kind: 'call',
        name: 'hmac_sha256',
        at: 30,
        args: [
          { kind: 'vault', key: 'SIGN', at: 43 },
          { kind: 'input', name: 'body', at: 56 },
        ],
      },
    ]);
    expect(vaultKeysIn(parseTemplate(text))).toEqual(['KEY', 'SIGN']);
    expect(inputNamesIn(parseTemplate(text))).toEqual(['body']);
  });

  test('may be only text, and have what looks like an expression nearly', () => {
    for (const text of [
      '',
      'plain',
      '$ {{ vault.KEY }}',
      '{{ vault.KEY }}',
      '${ vault.KEY }',
      '$${ }}',
      '}}',
    ])
      expect(fillTemplate(parseTemplate(text), bindings({ KEY: 'x' }))).toBe(text);
  });

  test('reads back what was written, to any depth', () => {
    fc.assert(
      fc.property(expression, fc.constantFrom('', 'a', '}} {{ $'), (plain, around) => {
        const template = parseTemplate(`${around}\${{ ${write(plain)} }}${around}`);
        const found = template.find((part) => part.kind !== 'text');
        expect(found === undefined ? undefined : withoutPlaces(found)).toEqual(plain);
      }),
    );
  });

  test('is refused, or every expression in it is filled exactly once: nothing that is filled in is looked at again', () => {
    const hostile = fc.oneof(
      fc.string({
        unit: fc.constantFrom(
          '$',
          '{',
          '}',
          ' ',
          "'",
          '(',
          ')',
          ',',
          '.',
          'vault.A',
          'input.a',
          'base64',
          '${{ ',
          ' }}',
        ),
      }),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(hostile, hostile, (text, value) => {
        let parsed;
        try {
          parsed = parseTemplate(text);
        } catch (error) {
          expect(error).toBeInstanceOf(TemplateError);
          return;
        }
        const asked: string[] = [];
        const answer = (what: string): string => {
          asked.push(what);
          return value;
        };
        const functions = Object.fromEntries(
          Object.keys(FUNCTIONS).map((each) => [each, (...args: string[]) => args.join('')]),
        );
        fillTemplate(parsed, { vault: answer, input: answer, functions: functions as Bindings['functions'] });
        const references = [...expressionsIn(parsed)].filter(
          ({ kind }) => kind === 'vault' || kind === 'input',
        );
        expect(asked).toHaveLength(references.length);
      }),
      { numRuns: 2000 },
    );
  });

  test('keeps what a value says of expressions as text', () => {
    const template = parseTemplate('${{ input.a }} ${{ vault.KEY }}');
    const given = bindings({ KEY: '${{ input.a }}' }, { a: '${{ vault.KEY }}$&$1' });
    expect(fillTemplate(template, given)).toBe('${{ vault.KEY }}$&$1 ${{ input.a }}');
  });

  test('encodes what is filled in, not what stands there', () => {
    const template = parseTemplate('a b=${{ input.a }}');
    expect(fillTemplate(template, bindings({}, { a: 'c d' }), encodeURIComponent)).toBe('a b=c%20d');
  });
});

describe('expressions that are for others', () => {
  test('stay as they are, whatever they hold; ours beside them are filled', () => {
    const ours = (inner: string): boolean => inner.includes('vault.');
    const text = '${{ matrix.os }} ${{ vault.A }} ${{ a && b }} ${{ x ${{ vault.A }} ${{';
    expect(fillTemplate(parseTemplate(text, ours), bindings({ A: '1' }))).toBe(
      '${{ matrix.os }} 1 ${{ a && b }} ${{ x 1 ${{',
    );
  });
});

describe('a template that is refused says where', () => {
  test.each([
    ['${{ vault.KEY', 13, '}}'],
    ['${{ }}', 4, 'expected here'],
    ['x ${{ vault.key }}', 12, 'upper-case'],
    ['${{ vault. }}', 10, 'empty'],
    ['${{ input.Name }}', 10, 'lower-case'],
    ['${{ env.HOME }}', 4, 'only vault. and input.'],
    ['${{ KEY }}', 4, 'vault. or input.'],
    ['${{ eval(vault.KEY) }}', 4, 'no such function'],
    ['${{ constructor(vault.KEY) }}', 4, 'no such function'],
    ['${{ base64(vault.A, vault.B) }}', 4, 'takes 1'],
    ['${{ basic(vault.A) }}', 4, 'takes 2'],
    ['${{ base64() }}', 11, 'expected here'],
    ["${{ 'open }}", 4, 'closing quote'],
    ['${{ vault.A vault.B }}', 12, '}}'],
    ['${{ vault.A.B }}', 11, '}}'],
    ['${{ base64(vault.A }}', 19, ')'],
    ['${{ ${{ vault.A }} }}', 4, 'expected here'],
  ])('%s at %d', (text, at, message) => {
    const error = errorOf(text);
    expect(error?.message).toContain(message);
    expect(error?.at).toBe(at);
  });

  test('also when it is nested too deep', () => {
    const deep = `\${{ ${'base64('.repeat(50)}vault.A${')'.repeat(50)} }}`;
    expect(errorOf(deep)?.message).toContain('nested');
  });
});
