import type { Api } from '@coffer/client';
import { command } from '../command.ts';
import { parseKey } from '../input-value.ts';
import { readPages } from '../read-pages.ts';
import { isCode } from '../server-errors.ts';
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
    const entry = { project_id: project, environment, key };
    if (!options.yes) {
      const routes = await findUsers(client.api, entry);
      if (routes.length > 0)
        terminal.warn(`it is used by the routes ${routes.join(', ')}, which would stop working`);
      await terminal.confirm(
        `Delete ${key} with all its versions from ${project}, environment ${environment}? This is permanent.`,
        'say --yes',
      );
    }
    const { routes } = await client.api.vault.delete(entry);
    terminal.say(`${key} is deleted.`, 'good');
    if (routes.length > 0) terminal.warn(`these routes no longer work: ${routes.join(', ')}`);
  },
});

/** The routes that use it. None are told to who may not see them: that does not forbid to delete it. */
async function findUsers(
  { route }: Api,
  entry: { project_id: string; environment: string; key: string },
): Promise<string[]> {
  try {
    const routes = await readPages(async (page) => (await route.fetch({ ...entry, ...page })).routes);
    return routes.map(({ id }) => id);
  } catch (error) {
    if (isCode(error, 'forbidden') || isCode(error, 'token_not_permitted')) return [];
    throw error;
  }
}
