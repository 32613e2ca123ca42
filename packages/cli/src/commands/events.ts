import type { AuditEventType } from '@coffer/client';
import { AUDIT_EVENT_TYPES } from '@coffer/core';
import { CliError } from '../cli-error.ts';
import { command } from '../command.ts';
import { parseCount } from '../input-value.ts';
import { openPlace, openTarget } from '../target.ts';

const LIMIT = 20;
const LIMIT_MAX = 100;

export const events = command({
  name: 'events',
  summary: 'Show who did what, newest first.',
  arguments: [],
  options: {
    type: {
      type: 'string',
      value: 'TYPE',
      choices: AUDIT_EVENT_TYPES,
      summary: 'Of this type alone, such as vault_view.',
    },
    limit: {
      type: 'string',
      short: 'n',
      value: 'NUMBER',
      summary: `How many, at most ${LIMIT_MAX}; ${LIMIT} unless given.`,
    },
    'all-projects': { type: 'boolean', summary: 'Of the whole server; for ROOT.' },
  },
  scope: 'project',
  examples: [{ line: 'coffer events --type vault_view -n 5', what: 'The last five views of a value.' }],
  run: async (context, { options }) => {
    const limit = options.limit === undefined ? LIMIT : parseCount(options.limit, '--limit', 'events');
    if (limit > LIMIT_MAX)
      throw new CliError('usage', { why: `--limit must be at most ${LIMIT_MAX}`, command: 'events ' });
    const project = options['all-projects'] ? undefined : openPlace(context).project;
    const { client } = openTarget(context);
    const type = options.type as AuditEventType | undefined;
    const answer = await client.api.event.fetch({ limit, project_id: project, type });
    if (context.global.json) return context.terminal.json(answer.events);
    context.terminal.table(
      [
        { name: 'index', of: ({ index }) => index },
        { name: 'at', of: ({ at }) => at },
        { name: 'type', of: (event) => event.type },
        { name: 'outcome', of: ({ outcome }) => outcome },
        { name: 'user', of: ({ username }) => username ?? '' },
        { name: 'environment', of: ({ environment }) => environment ?? '' },
        { name: 'object', of: ({ object }) => object ?? '' },
      ],
      answer.events,
    );
  },
});
