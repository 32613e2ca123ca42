import { CliError } from '../cli-error.ts';
import { command } from '../command.ts';
import type { Context } from '../context.ts';
import {
  formatByName,
  IMPORT_FORMATS,
  readImport,
  type ImportFile,
  type ImportFormat,
} from '../import-formats.ts';
import { decodeText, INPUT_BYTES_MAX, readInputFile } from '../input-value.ts';
import { openPlace, type Place } from '../target.ts';

type State = 'new' | 'changed' | 'unchanged' | 'refused';
type Line = { state: State; key: string; why: string };
type Change = { key: string; value: string; ifVersion: number };

const ENTRIES_MAX = 500;
const TONES = { new: 'good', changed: 'changed', unchanged: 'quiet', refused: 'bad' } as const;

export const importValues = command({
  name: 'import',
  summary: 'Create and change many entries at once: all of them or none.',
  description: [
    'Shows what would be new, changed, unchanged and refused, and asks once. What someone else changes between the preview and the answer is not overwritten: then nothing is changed.',
    'Entries that the file does not name stay as they are.',
  ],
  arguments: [{ name: 'FILE', summary: 'A dotenv, JSON or YAML file; `-` for standard input.' }],
  options: {
    format: {
      type: 'string',
      short: 'f',
      value: 'FORMAT',
      choices: IMPORT_FORMATS,
      summary: 'dotenv, json or yaml; by the name of the file otherwise.',
    },
    yes: { type: 'boolean', short: 'y', summary: 'Do not ask.' },
    'skip-refused': { type: 'boolean', summary: 'Import the rest when some cannot be imported.' },
  },
  examples: [
    { line: 'coffer import .env', what: 'A preview, then one question.' },
    { line: 'sops -d secrets.yaml | coffer import - --format yaml --yes', what: 'From another program.' },
  ],
  run: async (context, { args, options }) => {
    const { terminal, global } = context;
    const format = (options.format ?? formatByName(args.FILE)) as ImportFormat;
    const bytes =
      args.FILE === '-'
        ? await terminal.readAll(INPUT_BYTES_MAX.file)
        : readInputFile(args.FILE, INPUT_BYTES_MAX.file);
    const name = args.FILE === '-' ? 'standard input' : args.FILE;
    const file = await readImport(format, decodeText(bytes, name), name);
    const place = openPlace(context);
    const { lines, changes } = await plan(place, file);
    if (!global.json) preview(context, lines);
    if (file.refused.length > 0 && !options['skip-refused'])
      throw new CliError('entries_refused', { count: file.refused.length });
    if (changes.length > ENTRIES_MAX)
      throw new CliError('entries_too_many', { max: ENTRIES_MAX, count: changes.length });
    if (changes.length > 0 && !options.yes)
      await terminal.confirm(
        `Import ${changes.length} into ${place.project}, environment ${place.environment}?`,
        'say --yes',
      );
    await carryOut(context, place, changes);
  },
});

/** With the version that each value was compared at: the import is refused where that is no longer the current one. */
async function plan(
  { client, project, environment }: Place,
  file: ImportFile,
): Promise<{ lines: Line[]; changes: Change[] }> {
  const vault = client.vault(project, environment);
  const current = new Map((await vault.list()).map((entry) => [entry.key, entry]));
  const values = [...file.values.keys()].some((key) => current.has(key)) ? await vault.all() : {};
  const lines: Line[] = [];
  const changes: Change[] = [];
  for (const [key, value] of file.values) {
    const ifVersion = current.get(key)?.version ?? 0;
    const state = ifVersion === 0 ? 'new' : values[key] === value ? 'unchanged' : 'changed';
    lines.push({ state, key, why: '' });
    if (state !== 'unchanged') changes.push({ key, value, ifVersion });
  }
  for (const { what, why } of file.refused) lines.push({ state: 'refused', key: what, why });
  return { lines, changes };
}

function preview({ terminal }: Context, lines: readonly Line[]): void {
  for (const { state, key, why } of lines)
    terminal.say(`${state.padEnd(9)}  ${key}${why === '' ? '' : `  ${why}`}`, TONES[state]);
}

async function carryOut(
  { terminal, global }: Context,
  place: Place,
  changes: readonly Change[],
): Promise<void> {
  const outcome =
    changes.length === 0
      ? { created: [], updated: [], unchanged: [] }
      : await place.client.vault(place.project, place.environment).import(changes);
  if (global.json) return terminal.json(outcome);
  if (changes.length === 0) return terminal.say('Nothing to import.');
  terminal.say(`${outcome.created.length} created, ${outcome.updated.length} updated.`, 'good');
}
