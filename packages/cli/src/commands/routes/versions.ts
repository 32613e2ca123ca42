import { command } from '../../command.ts';
import { readPages } from '../../read-pages.ts';
import { parseRouteId } from '../../route-file.ts';
import { openPlace } from '../../target.ts';

export const routesVersions = command({
  name: 'routes versions',
  summary: 'List the versions of a route, newest first.',
  arguments: [{ name: 'ID', summary: 'The route.' }],
  options: {},
  scope: 'project',
  examples: [
    { line: 'coffer routes versions charge', what: 'When, by whom, and the digest that is on record.' },
  ],
  run: async (context, { args }) => {
    const id = parseRouteId(args.ID, 'ID');
    const { client, project } = openPlace(context);
    const found = await readPages(
      async (page) => (await client.api.route.versionFetch({ project_id: project, id, ...page })).versions,
    );
    if (context.global.json) return context.terminal.json(found);
    context.terminal.table(
      [
        { name: 'version', of: ({ version }) => version },
        { name: 'saved', of: (version) => version.saved_at },
        { name: 'by', of: (version) => version.saved_by.username },
        { name: 'digest', of: ({ digest }) => digest },
        { name: '', of: ({ current }) => (current ? 'current' : '') },
      ],
      found,
    );
  },
});
