import {
  ENDPOINTS,
  errorsOf,
  inputSchema,
  outputSchema,
  type Endpoint,
  type EndpointId,
} from '@coffer/contract';
import { ERRORS } from '@coffer/core';

/** The parts of a JSON Schema that types are made of. */
type Schema = {
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  description?: string;
};

/** Which shapes get a name in the types of the client, and where in the contract each stands. */
const SHAPES: readonly (readonly [name: string, id: EndpointId, field: string, part?: string])[] = [
  ['Ability', 'user_me', 'abilities'],
  ['User', 'user_me', 'user'],
  ['Session', 'user_session_fetch', 'sessions'],
  ['Project', 'project_fetch_one', 'project'],
  ['Member', 'project_member_fetch', 'members'],
  ['Candidate', 'project_member_candidate_fetch', 'candidates'],
  ['Environment', 'environment_create', 'environment'],
  ['VaultEntry', 'vault_create', 'vault'],
  ['VaultEntryWithValue', 'vault_fetch_one', 'vault'],
  ['Change', 'vault_watch', 'changes'],
  ['EntryVersion', 'vault_version_fetch', 'versions'],
  ['AuditEventType', 'event_fetch', 'events', 'type'],
  ['AuditEvent', 'event_fetch', 'events'],
];

/**
 * The contract for `packages/client`: every endpoint's line, and types that need nothing but themselves, so that the
 * published package has no dependency.
 */
export function clientTable(): string {
  const names = new Map(SHAPES.map(([name, id, ...path]) => [JSON.stringify(schemaAt(id, ...path)), name]));
  const endpoints = Object.entries<Endpoint>(ENDPOINTS);
  return [
    '// Made by scripts/reference.ts from the contract. Do not edit; run `npm run fix`.',
    "import type { CallOptions, EndpointLine } from './call.ts';",
    `export const ENDPOINTS = {\n${endpoints.map(([id, endpoint]) => `  ${id}: ${line(endpoint)},`).join('\n')}\n} as const satisfies Record<string, EndpointLine>;`,
    `/** Every code that the server answers a failure with. */\nexport type ErrorCode =\n${Object.keys(ERRORS)
      .map((code) => `  | '${code}'`)
      .join('\n')};`,
    '/** What every success says beside its payload. */\nexport type Answer = { status: number; message: string };',
    ...SHAPES.map(
      ([name, id, ...path]) =>
        `export type ${name} = ${typeOf(schemaAt(id, ...path), { names, except: name, depth: 0 })};`,
    ),
    ...endpoints.flatMap(([id, endpoint]) => [
      `export type ${pascal(id)}Input = ${typeOf(inputSchema(endpoint), { names, depth: 0 })};`,
      `export type ${pascal(id)}Answer = ${answerType(endpoint, names)};`,
    ]),
    apiType(endpoints),
  ]
    .join('\n\n')
    .concat('\n');
}

function schemaAt(id: EndpointId, field: string, part?: string): Schema {
  const schema = (outputSchema(ENDPOINTS[id]) as Schema).properties?.[field];
  const whole = schema?.items ?? schema;
  const found = part === undefined ? whole : whole?.properties?.[part];
  if (found === undefined) throw new Error(`${id} answers with no ${field}`);
  return found;
}

function line({ method, path, action }: Endpoint): string {
  return `['${method}', '${path}', '${action === undefined ? 'anyone' : 'signed_in'}']`;
}

function answerType(endpoint: Endpoint, names: Names): string {
  const {
    status: _status,
    message: _message,
    ...payload
  } = (outputSchema(endpoint) as Schema).properties ?? {};
  if (Object.keys(payload).length === 0) return 'Answer';
  return `Answer & ${objectType({ properties: payload, required: Object.keys(payload) }, { names, depth: 0 })}`;
}

/** The methods as a tree: `/vault/fetch/one` is `vault.fetchOne`. */
function apiType(endpoints: readonly [string, Endpoint][]): string {
  const groups = Map.groupBy(endpoints, ([, { path }]) => namesOf(path).length > 1 && namesOf(path)[0]);
  const blocks = [...groups].map(([noun, members]) => {
    const methods = members.flatMap(([id, endpoint]) => methodLines(id, endpoint));
    if (noun === false) return methods.map((text) => `  ${text}`).join('\n');
    return `  ${noun}: {\n${methods.map((text) => `    ${text}`).join('\n')}\n  };`;
  });
  return `/** A method for each endpoint. All of them fail with a CofferError. */\nexport type Api = {\n${blocks.join('\n')}\n};`;
}

function methodLines(id: string, endpoint: Endpoint): string[] {
  const [noun = '', ...rest] = namesOf(endpoint.path);
  const { required = [] } = inputSchema(endpoint) as Schema;
  const optional = required.length === 0 ? '?' : '';
  const codes = errorsOf(endpoint).filter((code) => endpoint.errors.includes(code));
  const fails = codes.length === 0 ? '' : ` Fails with ${codes.map((code) => `\`${code}\``).join(', ')}.`;
  return [
    `/** ${endpoint.summary}${fails} */`,
    `${camel(rest.length === 0 ? [noun] : rest)}(input${optional}: ${pascal(id)}Input, options?: CallOptions): Promise<${pascal(id)}Answer>;`,
  ];
}

type Names = ReadonlyMap<string, string>;
type Place = { names: Names; except?: string; depth: number };

function typeOf(schema: Schema, place: Place): string {
  const name = place.names.get(JSON.stringify(schema));
  if (name !== undefined && name !== place.except) return name;
  if (schema.enum !== undefined) return schema.enum.map(literal).join(' | ');
  if (schema.const !== undefined) return literal(schema.const);
  const options = schema.anyOf ?? schema.oneOf;
  if (options !== undefined) return options.map((option) => typeOf(option, place)).join(' | ');
  if (Array.isArray(schema.type)) return schema.type.map((type) => typeOf({ type }, place)).join(' | ');
  switch (schema.type) {
    case 'string':
    case 'boolean':
    case 'null':
      return schema.type;
    case 'integer':
    case 'number':
      return 'number';
    case 'array':
      return `readonly (${typeOf(schema.items ?? {}, place)})[]`;
    case 'object':
      return objectType(schema, place);
    case undefined:
      // Any JSON.
      return 'unknown';
    default:
      throw new Error(`no type for the schema ${JSON.stringify(schema)}`);
  }
}

function objectType(schema: Schema, place: Place): string {
  const { properties = {}, required = [], additionalProperties } = schema;
  const inner = { ...place, depth: place.depth + 1 };
  const indent = '  '.repeat(inner.depth);
  if (typeof additionalProperties === 'object' && Object.keys(properties).length === 0) {
    return `Readonly<Record<string, ${typeOf(additionalProperties, inner)}>>`;
  }
  if (Object.keys(properties).length === 0) return 'Record<string, never>';
  const fields = Object.entries(properties).map(([name, property]) => {
    const isOptional = !required.includes(name);
    const comment = property.description === undefined ? '' : `${indent}/** ${property.description} */\n`;
    return `${comment}${indent}${name}${isOptional ? '?' : ''}: ${typeOf(property, inner)}${isOptional ? ' | undefined' : ''};`;
  });
  return `{\n${fields.join('\n')}\n${'  '.repeat(place.depth)}}`;
}

function literal(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : JSON.stringify(value);
}

function namesOf(path: string): string[] {
  return path.split('/').slice(1);
}

function camel([first = '', ...rest]: readonly string[]): string {
  return first + rest.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join('');
}

function pascal(id: string): string {
  return camel(['', ...id.split('_')]);
}
