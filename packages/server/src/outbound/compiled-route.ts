import {
  parseTemplate,
  templatesOf,
  type Field,
  type Json,
  type RouteAuth,
  type RouteDefinition,
  type Sink,
  type Template,
} from '@coffer/core';

/**
 * A definition with its templates parsed. The tree decides what is filled in where: no text is looked at for expressions
 * again, neither the definition's nor what was filled in.
 */
export type CompiledRoute = {
  definition: RouteDefinition;
  path: Template;
  query: readonly CompiledField[];
  headers: readonly CompiledField[];
  body: CompiledBody | undefined;
  /** The texts of auth that are templates, by field. */
  auth: Readonly<Record<string, Template>>;
};

export type CompiledField = { name: string; value: Template };

export type CompiledBody =
  | { type: 'json'; value: CompiledJson }
  | { type: 'form'; fields: readonly CompiledField[] }
  | { type: 'text'; contentType: string; text: Template };

export type CompiledJson =
  | { kind: 'plain'; value: string | number | boolean | null }
  | { kind: 'text'; template: Template }
  | { kind: 'list'; items: readonly CompiledJson[] }
  | { kind: 'members'; members: readonly (readonly [name: string, value: CompiledJson])[] };

/** For a definition that was checked: a template that cannot be parsed is a fault of ours. */
export function compileRoute(definition: RouteDefinition): CompiledRoute {
  const { request } = definition;
  return {
    definition,
    path: parseTemplate(request.path),
    query: request.query.map(compileField),
    headers: request.headers.map(compileField),
    body: compileBody(definition),
    auth: Object.fromEntries(
      [...templatesOf(definition)]
        .filter(({ sink }) => sink === ('auth' satisfies Sink))
        .map(({ path, text }) => [path.slice(path.lastIndexOf('.') + 1), parseTemplate(text)]),
    ),
  };
}

/** The input that a template is, if it is nothing else: then the type of what was given is kept, and its absence. */
export function soleInput(template: Template): string | undefined {
  const [part, ...more] = template;
  return part?.kind === 'input' && more.length === 0 ? part.name : undefined;
}

/** `auth` with its templates filled in. */
export function filledAuth(auth: RouteAuth, texts: Readonly<Record<string, string>>): RouteAuth {
  return { ...auth, ...texts };
}

function compileField({ name, value }: Field): CompiledField {
  return { name, value: parseTemplate(value) };
}

function compileBody({ request: { body } }: RouteDefinition): CompiledBody | undefined {
  switch (body?.type) {
    case undefined:
      return undefined;
    case 'json':
      return { type: 'json', value: compileJson(body.value) };
    case 'form':
      return { type: 'form', fields: body.fields.map(compileField) };
    case 'text':
      return { type: 'text', contentType: body.content_type, text: parseTemplate(body.text) };
  }
}

function compileJson(value: Json): CompiledJson {
  if (typeof value === 'string') return { kind: 'text', template: parseTemplate(value) };
  if (typeof value !== 'object' || value === null) return { kind: 'plain', value };
  if (Array.isArray(value)) return { kind: 'list', items: value.map((item: Json) => compileJson(item)) };
  return {
    kind: 'members',
    members: Object.entries(value).map(([name, member]) => [name, compileJson(member)] as const),
  };
}
