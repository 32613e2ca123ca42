import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  ENDPOINTS,
  errorsOf,
  inputSchema,
  openApiDocument,
  takesBody,
  tagOf,
  whoMay,
  type Endpoint,
} from '@coffer/contract';
import { AUDIT_EVENTS, ERRORS, PERMISSIONS, ROLES, type PermissionRule } from '@coffer/core';
import { GLOBAL_OPTIONS, VARIABLES, type Command } from '../packages/cli/src/command.ts';
import { COMMANDS } from '../packages/cli/src/commands.ts';
import { EXIT_MEANINGS } from '../packages/cli/src/exit-codes.ts';
import { optionRows, usageOf } from '../packages/cli/src/help.ts';
import { COMMAND_LINE_VARIABLES, SETTINGS } from '../packages/server/src/config/settings.ts';
import { clientTable } from './client-table.ts';

/**
 * Writes `docs/reference` from the tables: endpoints, errors, permissions, audit events, settings. With `--check` it
 * writes nothing and fails when what is there differs.
 */
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDER = join(ROOT, 'docs/reference');
const WEB_TABLE = '../../packages/web/src/data/endpoints.generated.ts';
const CLIENT_TABLE = '../../packages/client/src/endpoints.generated.ts';
const NOTICE =
  '<!-- Made by scripts/reference.ts from the tables in packages/. Do not edit; run `npm run fix`. -->';

const pages: Record<string, string> = {
  'README.md': indexPage(),
  'api.md': apiPage(),
  'errors/README.md': errorsPage(),
  ...Object.fromEntries(
    Object.keys(ERRORS).map((code) => [`errors/${code}.md`, errorPage(code as keyof typeof ERRORS)]),
  ),
  'permissions.md': permissionsPage(),
  'events.md': eventsPage(),
  'settings.md': settingsPage(),
  'cli.md': cliPage(),
  [WEB_TABLE]: webTable(),
  [CLIENT_TABLE]: clientTable(),
  'openapi.json': `${JSON.stringify(openApiDocument({ version: version() }), undefined, 2)}\n`,
};

if (process.argv.includes('--check')) check();
else write();

function check(): void {
  const stale = Object.entries(pages)
    .filter(
      ([name, text]) => !existsSync(join(FOLDER, name)) || readFileSync(join(FOLDER, name), 'utf8') !== text,
    )
    .map(([name]) => name);
  const stray = present().filter((name) => !Object.hasOwn(pages, name));
  if (stale.length + stray.length === 0) return;
  console.error(`docs/reference is stale (${[...stale, ...stray].join(', ')}); run: npm run fix`);
  process.exitCode = 1;
}

function write(): void {
  for (const name of present()) if (!Object.hasOwn(pages, name)) rmSync(join(FOLDER, name));
  for (const [name, text] of Object.entries(pages)) {
    mkdirSync(dirname(join(FOLDER, name)), { recursive: true });
    writeFileSync(join(FOLDER, name), text);
  }
}

function present(): string[] {
  if (!existsSync(FOLDER)) return [];
  return readdirSync(FOLDER, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(FOLDER, join(entry.parentPath, entry.name)).replaceAll('\\', '/'));
}

function indexPage(): string {
  return page('Reference', [
    'Made from the tables that the program itself runs on.',
    '',
    '- [Endpoints](api.md), also as [OpenAPI 3.1](openapi.json) and, on a running server, at `/scalar`',
    '- [Errors](errors/README.md)',
    '- [Permissions](permissions.md)',
    '- [Audit events](events.md)',
    '- [Settings](settings.md)',
    '- [Command line](cli.md)',
  ]);
}

function apiPage(): string {
  const lines = [
    'GET and DELETE take query parameters, POST and PATCH a JSON body. A success is `{"status", "message", …}`, a failure a',
    'problem document (RFC 9457) with `code`, see [errors](errors/README.md). Every answer carries `X-Request-Id`.',
  ];
  const byTag = Map.groupBy(Object.values<Endpoint>(ENDPOINTS), tagOf);
  for (const [tag, endpoints] of byTag) {
    lines.push('', `## ${tag}`);
    for (const definition of endpoints) lines.push('', ...endpointLines(definition));
  }
  return page('Endpoints', lines);
}

function endpointLines(definition: Endpoint): string[] {
  const schema = inputSchema(definition);
  const properties = Object.entries((schema['properties'] ?? {}) as Record<string, Property>);
  const required = new Set((schema['required'] ?? []) as string[]);
  const rows = properties.map(([name, property]) => [
    `\`${name}\``,
    required.has(name) ? 'yes' : 'no',
    describeProperty(property),
  ]);
  return [
    `### \`${definition.method} ${definition.path}\``,
    '',
    definition.summary,
    ...(definition.description === undefined ? [] : ['', definition.description]),
    '',
    `Who: ${whoMay(definition)}. Answers ${definition.status} with ${outputNames(definition)}.`,
    ...(definition.event === undefined ? [] : ['', `On record as [\`${definition.event}\`](events.md).`]),
    ...(rows.length === 0
      ? []
      : ['', ...table([takesBody(definition) ? 'body field' : 'query parameter', 'required', 'what'], rows)]),
    '',
    `Errors: ${errorsOf(definition)
      .map((code) => `[\`${code}\`](errors/${code}.md)`)
      .join(', ')}.`,
  ];
}

function outputNames({ output }: Endpoint): string {
  const names = Object.keys(output).map((name) => `\`${name}\``);
  return names.length === 0 ? 'no payload' : names.join(', ');
}

/** The parts of a JSON Schema that the pages tell. */
type Property = {
  type?: string;
  format?: string;
  pattern?: string;
  enum?: string[];
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  default?: unknown;
  description?: string;
};

function describeProperty(property: Property): string {
  const {
    type = 'text',
    format,
    pattern,
    minLength = 0,
    maxLength,
    minimum,
    maximum,
    description = '',
  } = property;
  const options = property.enum?.map((option) => `\`${option}\``) ?? [];
  const parts = [
    options.length > 0 && options.length <= 6 ? options.join(', ') : (format ?? type),
    pattern === undefined || format !== undefined ? '' : `\`${pattern}\``,
    maxLength === undefined ? '' : `${minLength} to ${maxLength} characters`,
    minimum === undefined || maximum === undefined ? '' : range(minimum, maximum),
    property.default === undefined ? '' : `default \`${JSON.stringify(property.default)}\``,
    description,
  ];
  return parts.filter((part) => part !== '').join('; ');
}

function range(minimum: number, maximum: number): string {
  return maximum >= Number.MAX_SAFE_INTEGER ? `${minimum} or more` : `${minimum} to ${maximum}`;
}

function errorsPage(): string {
  const rows = Object.entries(ERRORS).map(([code, { status, title }]) => [
    `[\`${code}\`](${code}.md)`,
    String(status),
    title,
  ]);
  return page('Errors', [
    'A failure is `application/problem+json`: `type`, `title`, `status`, `detail`, `code`, `message` (the same as `detail`),',
    '`request_id` and, for invalid input, `errors` with the `path` and the `message` of every invalid field.',
    '',
    ...table(['code', 'status', 'title'], rows),
  ]);
}

function errorPage(code: keyof typeof ERRORS): string {
  const { status, title, detail, remedy } = ERRORS[code];
  const endpoints = Object.values<Endpoint>(ENDPOINTS).filter((definition) =>
    errorsOf(definition).includes(code),
  );
  const where =
    endpoints.length === 0
      ? ['Any path may answer with it.']
      : endpoints.map(({ method, path }) => `- \`${method} ${path}\``);
  return page(`\`${code}\``, [
    `**${status}** ${title}`,
    '',
    detail.replaceAll('{', '`{').replaceAll('}', '}`'),
    '',
    '## What to do',
    '',
    remedy,
    '',
    '## Where it comes from',
    '',
    ...where,
  ]);
}

function permissionsPage(): string {
  const rows = Object.entries<PermissionRule>(PERMISSIONS).map(([action, rule]) => [
    `\`${action}\``,
    ...ROLES.map((role) => {
      if (rule.on === 'project') {
        const nonMember = rule.nonMember.includes(role);
        if (rule.member.includes(role)) return nonMember ? 'yes' : 'member';
        return 'no';
      }
      if (rule.roles.includes(role)) return 'yes';
      return rule.self === true ? 'own' : 'no';
    }),
  ]);
  return page('Permissions', [
    '`member`: as a member of the project. `yes`: also without being one. `own`: for their own account.',
    'A project that does not exist and one that the caller may not see answer alike, with `project_not_found`.',
    '',
    ...table(['action', ...ROLES], rows),
  ]);
}

function eventsPage(): string {
  const rows = Object.entries(AUDIT_EVENTS).map(([type, { title, records }]) => [
    `\`${type}\``,
    title,
    records === 'always' ? 'always' : 'when refused',
  ]);
  return page('Audit events', [
    'An entry has `index` (gapless, from 0), `type`, `at`, `outcome` (`success`, `denied` or `error`), `uid`, `username`,',
    '`project_id`, `environment`, `object`, `ip`, `request_id` and `details`. It never holds a value.',
    '',
    ...table(['type', 'what happened', 'recorded'], rows),
  ]);
}

function settingsPage(): string {
  const rows = SETTINGS.map(({ name, fallback, meaning }) => [`\`${name}\``, fallback || '', meaning]);
  return page('Settings', [
    'Environment variables. Each can also be given as `<NAME>_FILE`, the path of a file that holds its value. An unknown',
    '`COFFER_…` variable or a value that cannot be used stops the start with one line that says why; those of the command line',
    `(${COMMAND_LINE_VARIABLES.map((name) => `\`${name}\``).join(', ')}) are passed over.`,
    '',
    ...table(['variable', 'default', 'meaning'], rows),
  ]);
}

function cliPage(): string {
  return page('Command line', [
    '`coffer COMMAND [OPTIONS]`. `coffer COMMAND --help` says the same as this page. Data goes to standard output, words for',
    'people to standard error; a table is aligned on a terminal and separated by tabs in a pipe.',
    '',
    ...table(
      ['command', 'what it does'],
      COMMANDS.map(({ name, summary }) => [`[\`${name}\`](#${name.replaceAll(' ', '-')})`, summary]),
    ),
    ...COMMANDS.flatMap(commandLines),
    '',
    '## Common options',
    '',
    'A command refuses those that mean nothing to it: what is about no environment takes no `--env`, what is about no',
    'project no `--project`, and what talks to no server none of the three.',
    '',
    ...table(['option', 'meaning'], codeRows(optionRows(GLOBAL_OPTIONS))),
    '',
    '## Variables',
    '',
    ...table(['variable', 'meaning'], codeRows(VARIABLES)),
    '',
    '## Exit codes',
    '',
    '`run` ends as the command that it runs ends; with 127 when that is not found and 126 when it cannot be executed.',
    '',
    ...table(
      ['code', 'meaning'],
      EXIT_MEANINGS.map(([code, meaning]) => [String(code), meaning]),
    ),
  ]);
}

function commandLines(command: Command): string[] {
  const { name, summary, description = [], arguments: args, options, examples } = command;
  const rows = [
    ...codeRows(args.map((argument): [string, string] => [argument.name, argument.summary])),
    ...codeRows(optionRows(options)),
  ];
  return [
    '',
    `## ${name}`,
    '',
    `\`${usageOf(command)}\``,
    '',
    summary,
    ...description.flatMap((paragraph) => ['', paragraph]),
    ...(rows.length === 0 ? [] : ['', ...table(['argument or option', 'meaning'], rows)]),
    '',
    '```',
    ...examples.map(({ line, what }) => `${line}    # ${what}`),
    '```',
  ];
}

function codeRows(rows: readonly (readonly [string, string])[]): [string, string][] {
  return rows.map(([name, meaning]) => [`\`${name}\``, meaning]);
}

/** Method and path of each endpoint, for the browser: the contract itself would bring its validator along. */
function webTable(): string {
  const rows = Object.entries<Endpoint>(ENDPOINTS).map(
    ([id, { method, path }]) => `  ${id}: ['${method}', '${path}'],`,
  );
  return `// Made by scripts/reference.ts from the contract. Do not edit; run \`npm run fix\`.
import type { EndpointId, Method } from '@coffer/contract';

export const ENDPOINT_PATHS: Readonly<Record<EndpointId, readonly [method: Method, path: string]>> = {
${rows.join('\n')}
};
`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}

function page(title: string, lines: readonly string[]): string {
  return `${NOTICE}\n\n# ${title}\n\n${lines.join('\n')}\n`;
}

function version(): string {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'packages/server/package.json'), 'utf8')) as {
    version: string;
  };
  return manifest.version;
}
