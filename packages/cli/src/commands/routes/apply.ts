import type { Api } from '@coffer/client';
import { CliError } from '../../cli-error.ts';
import { command } from '../../command.ts';
import type { Context } from '../../context.ts';
import type { Members } from '../../route-defaults.ts';
import {
  changesBetween,
  completeDefinition,
  parseRouteId,
  readRouteFile,
  type Change,
} from '../../route-file.ts';
import { isCode } from '../../server-errors.ts';
import { openPlace } from '../../target.ts';

type Saved = Awaited<ReturnType<Api['route']['fetchOne']>>['route'];
type Definition = Omit<Parameters<Api['route']['create']>[0], 'project_id' | 'id'>;

const TONES = { '+': 'good', '-': 'bad', '~': 'changed' } as const;
const SHOWN_CHARACTERS = 120;

export const routesApply = command({
  name: 'routes apply',
  summary: 'Create a route from its file, or give it a new version.',
  description: [
    'The file is the whole definition, in JSON or YAML, with the id in it: see docs/guide/routes.md. What it leaves out is as it is by default, and the environment is that of the command.',
    'Shows what changes, and asks before it makes a route public. Where nothing changes nothing is saved, unless --again says so: from then on your right to the entries counts.',
  ],
  arguments: [{ name: 'FILE', summary: 'A JSON or YAML file; `-` for standard input.' }],
  options: {
    id: { type: 'string', value: 'ID', summary: 'The route, in the place of the id in the file.' },
    'if-version': {
      type: 'string',
      value: 'NUMBER',
      summary: 'Only when the route is at that version; 0: only when it is new.',
    },
    again: { type: 'boolean', summary: 'Save a new version also when nothing changes.' },
    yes: { type: 'boolean', short: 'y', summary: 'Make it public without asking.' },
  },
  examples: [
    { line: 'coffer routes apply charge.yaml', what: 'Create or change it.' },
    { line: 'coffer routes apply charge.json --if-version 0', what: 'Only when there is none.' },
  ],
  run: async (context, { args, options }) => {
    const file = await readRouteFile(context, args.FILE);
    const id = parseRouteId(options.id ?? file.id, options.id === undefined ? 'the id in the file' : '--id');
    const ifVersion = parseIfVersion(options['if-version']);
    const { client, project, environment } = openPlace(context);
    const definition = completeDefinition(context, file, environment);
    const { terminal, global } = context;
    const saved = await findSaved(client.api, { project_id: project, id });
    const changes = saved === undefined ? [] : changesBetween(saved.definition, definition);
    const isAsked = ifVersion === undefined || ifVersion === saved?.version;
    if (saved !== undefined && changes.length === 0 && !options.again && isAsked) {
      if (global.json) return terminal.json(saved);
      return terminal.say(`${id} is at version ${saved.version}; nothing changes.`);
    }
    if (!global.json) preview(context, changes);
    if (!options.yes) await askAboutPublic(context, { id, definition, saved });
    const route = await save(client.api, {
      place: { project_id: project, id },
      definition,
      atVersion: ifVersion ?? saved?.version ?? 0,
    });
    if (global.json) return terminal.json(route);
    terminal.say(`${id} is at version ${route.version} in ${project}, served at ${route.url}.`, 'good');
  },
});

/** Undefined: there is none. */
async function findSaved(
  { route }: Api,
  place: { project_id: string; id: string },
): Promise<Saved | undefined> {
  try {
    return (await route.fetchOne(place)).route;
  } catch (error) {
    if (isCode(error, 'route_not_found')) return undefined;
    throw error;
  }
}

function preview({ terminal }: Context, changes: readonly Change[]): void {
  for (const { sign, path, text } of changes) {
    const shown = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
    terminal.say(`${sign} ${path}  ${shown}`, TONES[sign]);
  }
}

/** What is public already stays so without a question. */
async function askAboutPublic(
  { terminal }: Context,
  { id, definition, saved }: { id: string; definition: Members; saved: Saved | undefined },
): Promise<void> {
  if (definition['access'] !== 'public' || saved?.definition.access === 'public') return;
  await terminal.confirm(
    `${id} would be public: anyone who reaches the server could call it, without signing in. Make it public?`,
    `--yes makes ${id} public without asking: anyone who reaches the server can call it then`,
  );
}

/** At the version that was looked at: 0: there was none. */
async function save(
  { route }: Api,
  {
    place,
    definition,
    atVersion,
  }: { place: { project_id: string; id: string }; definition: Members; atVersion: number },
): Promise<Saved> {
  // The server says what is wrong with it.
  const fields = { ...(definition as Definition), confirm_public: definition['access'] === 'public' };
  if (atVersion === 0) return (await route.create({ ...place, ...fields })).route;
  return (await route.update({ ...place, ...fields, if_version: atVersion })).route;
}

function parseIfVersion(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text))
    throw new CliError('usage', {
      why: '--if-version must be a whole number from 0 on',
      command: 'routes apply ',
    });
  return Number(text);
}
