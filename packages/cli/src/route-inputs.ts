import type { RouteCall } from '@coffer/client';
import { BODY_METHODS, inputHeader, type RouteMethod } from '@coffer/core';
import { CliError } from './cli-error.ts';
import type { Context } from './context.ts';
import { decodeText, INPUT_BYTES_MAX, readInputFile } from './input-value.ts';
import { isMembers } from './route-file.ts';

/** What is said about an input where it is declared. */
export type DeclaredInput = { name: string; in: string; type: string };
/** By name. A text of the command line is still to be read as the type that was declared. */
export type GivenInputs = ReadonlyMap<string, { value: unknown; isText: boolean }>;

type CalledRoute = { method: string; url: string; inputs: readonly DeclaredInput[] };

/** `NAME=VALUE` of the command line, and the members of a file. Fails with a usage error that repeats no value. */
export async function readGivenInputs(
  context: Context,
  { pairs, file, command }: { pairs: readonly string[]; file?: string | undefined; command: string },
): Promise<GivenInputs> {
  const given = new Map<string, { value: unknown; isText: boolean }>();
  for (const [name, value] of Object.entries(await readFile(context, file, command)))
    given.set(name, { value, isText: false });
  for (const pair of pairs) {
    const [, name, value = ''] = /^([a-z][a-z0-9_]{0,63})=(.*)$/s.exec(pair) ?? [];
    if (name === undefined)
      throw new CliError('usage', { why: 'inputs are given as NAME=VALUE', command: `${command} ` });
    given.set(name, { value, isText: true });
  }
  return given;
}

/** What was given, with its type. Fails with a usage error where it is not declared, or no JSON where it should be. */
export function typedInputs(
  declared: readonly DeclaredInput[],
  given: GivenInputs,
  command: string,
): Map<string, unknown> {
  const names = declared.map(({ name }) => name);
  for (const name of given.keys()) {
    if (names.includes(name)) continue;
    const known = names.length === 0 ? 'it has none' : `its inputs are ${names.join(', ')}`;
    throw new CliError('usage', {
      why: `${name} is not an input of the route: ${known}`,
      command: `${command} `,
    });
  }
  return new Map(
    declared.flatMap((input): [string, unknown][] => {
      const found = given.get(input.name);
      return found === undefined
        ? []
        : [[input.name, found.isText ? typed(input, String(found.value), command) : found.value]];
    }),
  );
}

/** The call with each input where the route wants it. */
export function routeCallOf(
  { method, url, inputs }: CalledRoute,
  values: ReadonlyMap<string, unknown>,
  command: string,
): { path: string; call: RouteCall } {
  const at = (place: string): [string, unknown][] =>
    inputs
      .filter((input) => input.in === place && values.has(input.name))
      .map(({ name }) => [name, values.get(name)]);
  const path = url
    .split('/')
    .map((segment) => (segment.startsWith(':') ? pathPart(segment.slice(1), values, command) : segment))
    .join('/');
  const hasBody = BODY_METHODS.has(method as RouteMethod) && inputs.some((input) => input.in === 'body');
  return {
    path,
    call: {
      method: method as RouteMethod,
      query: Object.fromEntries(at('query').map(([name, value]) => [name, text(value)])),
      headers: Object.fromEntries(
        at('header').map(([name, value]) => [inputHeader(name), headerText(name, value, command)]),
      ),
      ...(hasBody ? { body: Object.fromEntries(at('body')) } : {}),
    },
  };
}

function pathPart(name: string, values: ReadonlyMap<string, unknown>, command: string): string {
  const part = text(values.get(name) ?? '');
  if (part === '' || part === '.' || part === '..')
    throw new CliError('usage', {
      why: `the input ${name} stands in the path, and is ${part === '' ? 'missing' : 'no part of one'}`,
      command: `${command} `,
    });
  return encodeURIComponent(part);
}

function headerText(name: string, value: unknown, command: string): string {
  const given = text(value);
  if (/^[\t\x20-\x7e]*$/.test(given)) return given;
  throw new CliError('usage', {
    why: `the input ${name} stands in a header, which has printable ASCII characters only`,
    command: `${command} `,
  });
}

/** What is no number where one is declared goes to the server as it is, which says what is wrong with it. */
function typed({ name, in: place, type }: DeclaredInput, given: string, command: string): unknown {
  if (type === 'string' || place !== 'body') return given;
  try {
    return JSON.parse(given);
  } catch {
    if (type !== 'json') return given;
    throw new CliError('usage', { why: `the input ${name} must be JSON`, command: `${command} ` });
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

async function readFile(
  { terminal }: Context,
  file: string | undefined,
  command: string,
): Promise<Readonly<Record<string, unknown>>> {
  if (file === undefined) return {};
  const max = INPUT_BYTES_MAX.value;
  const bytes = file === '-' ? await terminal.readAll(max) : readInputFile(file, max);
  try {
    const content: unknown = JSON.parse(decodeText(bytes, file));
    if (isMembers(content)) return content;
  } catch (error) {
    if (error instanceof CliError) throw error;
  }
  throw new CliError('usage', { why: 'what --inputs names is not a JSON object', command: `${command} ` });
}
