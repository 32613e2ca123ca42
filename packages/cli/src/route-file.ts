import { canonicalJson, checkRouteId, type Json } from '@coffer/core';
import { CliError } from './cli-error.ts';
import type { Context } from './context.ts';
import { decodeText, INPUT_BYTES_MAX, readInputFile } from './input-value.ts';
import { withDefaults, type Members } from './route-defaults.ts';

/** A definition as it stands in a file: its members and, beside them, the id of the route. */
export type RouteFile = { id: string | undefined; definition: Members };

/** JSON or YAML, `-` for standard input. Fails with `file_invalid`, `file_unreadable`, `input_too_large` or `not_text`. */
export async function readRouteFile({ terminal }: Context, path: string): Promise<RouteFile> {
  const name = path === '-' ? 'standard input' : path;
  const max = INPUT_BYTES_MAX.value;
  const bytes = path === '-' ? await terminal.readAll(max) : readInputFile(path, max);
  const text = decodeText(bytes, name).replace(/^\ufeff/, '');
  const isYaml = /\.ya?ml$/i.test(path) || (!/\.json$/i.test(path) && !text.trimStart().startsWith('{'));
  const content = isYaml ? await parseYaml(text) : parseJson(text);
  if (!isMembers(content))
    throw new CliError('file_invalid', {
      path: name,
      why: `is not ${isYaml ? 'YAML' : 'JSON'} of a route`,
      remedy: '`coffer routes show ID` writes one as it should be; so does docs/guide/routes.md',
    });
  const { id, ...definition } = content;
  return { id: typeof id === 'string' ? id : undefined, definition };
}

/** The definition with all that it leaves out, in the environment that we are in unless it names one. */
export function completeDefinition(
  { global }: Context,
  { definition }: RouteFile,
  environment: string,
): Members {
  const { confirm_public: _, ...members } = definition;
  const named = members['environment'];
  if (global.env !== undefined && named !== undefined && named !== global.env)
    throw new CliError('usage', {
      why: '--env is not the environment that the file names',
      command: 'routes ',
    });
  return withDefaults({ environment, ...members });
}

/** Fails with a usage error. */
export function parseRouteId(text: string | undefined, name: string): string {
  const broken = text === undefined ? 'is missing' : checkRouteId(text);
  if (broken !== undefined || text === undefined)
    throw new CliError('usage', { why: `${name} ${broken ?? ''}`, command: 'routes ' });
  return text;
}

export type Change = { sign: '+' | '-' | '~'; path: string; text: string };

/** What is different, member by member; none: they are the same. */
export function changesBetween(before: Members, after: Members): Change[] {
  const old = leavesOf(before);
  const now = leavesOf(after);
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((path): Change[] => {
    const [was, is] = [old.get(path), now.get(path)];
    if (was === is) return [];
    if (was === undefined) return [{ sign: '+', path, text: is ?? '' }];
    return is === undefined
      ? [{ sign: '-', path, text: was }]
      : [{ sign: '~', path, text: `${was} → ${is}` }];
  });
}

export function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Each part that has no parts itself, as JSON, by where it stands. */
function leavesOf(definition: Members): Map<string, string> {
  const leaves = new Map<string, string>();
  const visit = (value: unknown, path: string): void => {
    const members = typeof value === 'object' && value !== null ? Object.entries(value) : [];
    if (members.length === 0) leaves.set(path, canonicalJson(value as Json));
    for (const [name, member] of members) visit(member, path === '' ? name : `${path}.${name}`);
  };
  visit(definition, '');
  return leaves;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function parseYaml(text: string): Promise<unknown> {
  // Large, and needed here only.
  const { parseDocument } = await import('yaml');
  try {
    const document = parseDocument(text, { uniqueKeys: true, prettyErrors: false, logLevel: 'silent' });
    // As JSON has it: no other types, and no part that stands in two places.
    return document.errors.length > 0
      ? undefined
      : JSON.parse(JSON.stringify(document.toJS({ maxAliasCount: 100 })));
  } catch {
    return undefined;
  }
}
