import { command } from '../../command.ts';
import { parseKey } from '../../input-value.ts';
import { readPages } from '../../read-pages.ts';
import { openPlace } from '../../target.ts';

export const routesList = command({
  name: 'routes list',
  summary: 'List the routes of a project.',
  arguments: [],
  options: {
    key: { type: 'string', value: 'KEY', summary: 'Those that use this entry of the environment.' },
  },
  examples: [
    { line: 'coffer routes list', what: 'What can be called, where, and where it leads.' },
    { line: 'coffer routes list --key STRIPE_KEY', what: 'Where the value of an entry goes.' },
  ],
  run: async (context, { options }) => {
    const { client, project, environment: place } = openPlace(context);
    const key = options.key === undefined ? undefined : parseKey(options.key);
    // A route is of its project: those of all environments are listed unless one is named.
    const environment = key === undefined ? context.global.env : place;
    const found = await readPages(
      async (page) =>
        (await client.api.route.fetch({ project_id: project, environment, key, ...page })).routes,
    );
    if (context.global.json) return context.terminal.json(found);
    context.terminal.table(
      [
        { name: 'id', of: ({ id }) => id },
        { name: 'version', of: ({ version }) => version },
        { name: 'method', of: ({ method }) => method },
        { name: 'url', of: ({ url }) => url },
        { name: 'access', of: ({ access }) => access },
        { name: 'environment', of: ({ environment }) => environment },
        { name: 'origin', of: ({ origin }) => origin },
        { name: 'description', of: ({ description }) => description },
      ],
      found,
    );
  },
});
