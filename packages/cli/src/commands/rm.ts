import { command } from '../command.ts';
import { parseKey } from '../input-value.ts';
import { openPlace } from '../target.ts';

export const rm = command({
  name: 'rm',
  summary: 'Delete an entry with all its versions, for good.',
  arguments: [{ name: 'KEY', summary: 'The entry.' }],
  options: { yes: { type: 'boolean', short: 'y', summary: 'Do not ask.' } },
  examples: [{ line: 'coffer rm OLD_KEY', what: 'Asks first.' }],
  run: async (context, { args, options }) => {
    const key = parseKey(args.KEY);
    const { client, project, environment } = openPlace(context);
    const { terminal } = context;
    if (!options.yes)
      await terminal.confirm(
        `Delete ${key} with all its versions from ${project}, environment ${environment}? This is permanent.`,
        'say --yes',
      );
    await client.vault(project, environment).remove(key);
    terminal.say(`${key} is deleted.`, 'good');
  },
});
