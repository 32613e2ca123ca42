import type { Api } from '@coffer/client';
import { CliError } from '../../cli-error.ts';
import { command } from '../../command.ts';
import { parseCount } from '../../input-value.ts';
import { readPages } from '../../read-pages.ts';
import { parseRouteId } from '../../route-file.ts';
import { openPlace } from '../../target.ts';

export const routesShow = command({
  name: 'routes show',
  summary: 'Print a route as the file that `coffer routes apply` takes.',
  description: ['JSON, also without --json; what is not part of the definition goes to standard error.'],
  arguments: [{ name: 'ID', summary: 'The route.' }],
  options: {
    'at-version': { type: 'string', value: 'NUMBER', summary: 'As it was at that version.' },
  },
  scope: 'project',
  examples: [
    { line: 'coffer routes show charge > charge.json', what: 'To change it and apply it again.' },
    { line: 'coffer routes show charge --at-version 2 | coffer routes apply -', what: 'Back to version 2.' },
  ],
  run: async (context, { args, options }) => {
    const id = parseRouteId(args.ID, 'ID');
    const number = options['at-version'];
    const version = number === undefined ? undefined : parseCount(number, '--at-version', 'routes show');
    const { client, project } = openPlace(context);
    const { terminal, global } = context;
    if (version !== undefined) {
      terminal.json({ id, ...(await findVersion(client.api, { project_id: project, id }, version)) });
      return;
    }
    const { route } = await client.api.route.fetchOne({ project_id: project, id });
    terminal.json({ id, ...route.definition });
    if (global.json) return;
    const keys = route.keys.length === 0 ? 'no entry' : route.keys.join(', ');
    terminal.say(`${id} is at version ${route.version}, served at ${route.url}, and uses ${keys}.`);
  },
});

/** Fails with `route_version_missing`. */
async function findVersion(
  { route }: Api,
  place: { project_id: string; id: string },
  version: number,
): Promise<object> {
  const versions = await readPages(
    async (page) => (await route.versionFetch({ ...place, ...page })).versions,
  );
  const found = versions.find((saved) => saved.version === version);
  if (found === undefined) throw new CliError('route_version_missing', { id: place.id, version });
  return found.definition;
}
