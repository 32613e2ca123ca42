import type { Client } from '@coffer/client';
import { checkEnvironmentId } from '@coffer/core';
import { CliError } from '../cli-error.ts';
import { command } from '../command.ts';
import type { Values } from '../export-formats.ts';
import { isCode } from '../server-errors.ts';
import { openPlace } from '../target.ts';

type Difference = { key: string; state: 'same' | 'different' | 'only_left' | 'only_right' };

const SIGNS = { same: '=', different: '~', only_left: '-', only_right: '+' } as const;
const TONES = { same: 'quiet', different: 'changed', only_left: 'bad', only_right: 'good' } as const;

export const diff = command({
  name: 'diff',
  summary: 'Compare two environments: which keys, and whether their values are equal.',
  description: [
    '`=` equal, `~` different, `-` only in the first, `+` only in the second. Values are read to be compared, which is on record, and shown with --values only.',
  ],
  arguments: [
    { name: 'ENV', summary: 'An environment.' },
    { name: 'OTHER', summary: 'Another one.' },
  ],
  options: {
    values: { type: 'boolean', summary: 'Show the values that differ.' },
    all: { type: 'boolean', summary: 'List equal ones, too.' },
  },
  scope: 'project',
  examples: [{ line: 'coffer diff staging production', what: 'What is missing or different.' }],
  run: async (context, { args, options }) => {
    const { client, project } = openPlace(context);
    const [left, right] = await Promise.all([
      readAll(client, project, args.ENV),
      readAll(client, project, args.OTHER),
    ]);
    const found = compare(left, right).filter(({ state }) => options.all || state !== 'same');
    const shown = found.map((difference) => ({
      ...difference,
      ...(options.values ? { left: left[difference.key], right: right[difference.key] } : {}),
    }));
    const { terminal } = context;
    if (context.global.json) return terminal.json(shown);
    for (const { key, state, ...values } of shown) {
      terminal.line([SIGNS[state], key], TONES[state]);
      if (!('left' in values)) continue;
      if (values.left !== undefined) terminal.line(['  -', key, values.left]);
      if (values.right !== undefined) terminal.line(['  +', key, values.right]);
    }
    if (found.length === 0) terminal.say(`${args.ENV} and ${args.OTHER} hold the same.`);
  },
});

/** Fails with `environment_missing`, which says which of the two. */
async function readAll(client: Client, project: string, environment: string): Promise<Values> {
  try {
    return await client.vault(project, environment).all();
  } catch (error) {
    // What is no id is not repeated: it may be something else that went astray.
    if (isCode(error, 'environment_not_found') && checkEnvironmentId(environment) === undefined)
      throw new CliError('environment_missing', { project, environment });
    throw error;
  }
}

function compare(left: Values, right: Values): Difference[] {
  const keys = [...new Set([...Object.keys(left), ...Object.keys(right)])].toSorted();
  return keys.map((key) => ({ key, state: stateOf(left[key], right[key]) }));
}

function stateOf(left: string | undefined, right: string | undefined): Difference['state'] {
  if (left === right) return 'same';
  if (left === undefined) return 'only_right';
  return right === undefined ? 'only_left' : 'different';
}
