import { command } from '../../command.ts';
import { parseRouteId } from '../../route-file.ts';
import { openPlace } from '../../target.ts';

export const routesDelete = command({
  name: 'routes delete',
  summary: 'Delete a route with all its versions, for good.',
  arguments: [{ name: 'ID', summary: 'The route.' }],
  options: { yes: { type: 'boolean', short: 'y', summary: 'Do not ask.' } },
  scope: 'project',
  examples: [{ line: 'coffer routes delete charge', what: 'Asks first.' }],
  run: async (context, { args, options }) => {
    const id = parseRouteId(args.ID, 'ID');
    const { client, project } = openPlace(context);
    const { terminal } = context;
    if (!options.yes)
      await terminal.confirm(
        `Delete the route ${id} with all its versions from ${project}? This is permanent.`,
        'say --yes',
      );
    await client.api.route.delete({ project_id: project, id });
    terminal.say(`${id} is deleted.`, 'good');
  },
});
