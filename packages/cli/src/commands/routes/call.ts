import type { Api, Client } from '@coffer/client';
import { CliError } from '../../cli-error.ts';
import { command } from '../../command.ts';
import { EXIT } from '../../exit-codes.ts';
import { readPages } from '../../read-pages.ts';
import { parseRouteId } from '../../route-file.ts';
import { readGivenInputs, routeCallOf, typedInputs } from '../../route-inputs.ts';
import { openPlace } from '../../target.ts';

type Summary = Awaited<ReturnType<Api['route']['fetch']>>['routes'][number];

const NAME = 'routes call';
/** Until the answer begins; the server gives up before. */
const PATIENCE_MS = 300_000;

export const routesCall = command({
  name: NAME,
  summary: 'Call a route, and print what the outside API answers.',
  description: [
    'The answer goes to standard output as it comes, its status to standard error. The exit code is 0 for a status of 200 to 299 and 8 for any other; what Coffer itself refuses has the codes of all commands. A call is sent once.',
    'Inputs that others on this machine should not see, as arguments can be seen, go into a file: --inputs.',
  ],
  arguments: [
    { name: 'ID', summary: 'The route.' },
    {
      name: 'NAME=VALUE',
      summary: 'Its inputs, wherever they stand; in a body as their type says.',
      multiple: true,
    },
  ],
  options: {
    inputs: {
      type: 'string',
      value: 'FILE',
      summary: 'A JSON object of inputs; `-` for standard input.',
    },
  },
  scope: 'project',
  examples: [
    { line: 'coffer routes call charge amount=4200 currency=eur', what: 'The answer of the API.' },
    { line: 'coffer routes call charge --inputs charge.json > answer.json', what: 'Inputs of a file.' },
  ],
  run: async (context, { args, options }) => {
    const id = parseRouteId(args.ID, 'ID');
    const given = await readGivenInputs(context, {
      pairs: args['NAME=VALUE'],
      file: options.inputs,
      command: NAME,
    });
    const { client, project } = openPlace(context);
    const route = await findRoute(client, project, id);
    const { path, call } = routeCallOf(route, typedInputs(route.inputs, given, NAME), NAME);
    const response = await client.call(path, { ...call, timeoutMs: PATIENCE_MS });
    const { terminal } = context;
    terminal.say(`${response.status} from ${route.origin}`, response.ok ? 'good' : 'bad');
    try {
      await terminal.pass(response.body ?? []);
    } catch (error) {
      if (error instanceof CliError) throw error;
      throw new CliError('answer_broken', { id });
    }
    return response.ok ? EXIT.success : EXIT.outside;
  },
});

/** As those who may call it see it. Fails with `route_missing`. */
async function findRoute({ api }: Client, project: string, id: string): Promise<Summary> {
  const routes = await readPages(
    async (page) => (await api.route.fetch({ project_id: project, filter: id, ...page })).routes,
  );
  const found = routes.find((route) => route.id === id);
  if (found === undefined) throw new CliError('route_missing', { project, id });
  return found;
}
