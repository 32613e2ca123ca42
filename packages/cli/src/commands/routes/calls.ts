import { CliError } from '../../cli-error.ts';
import { command } from '../../command.ts';
import { parseCount } from '../../input-value.ts';
import { parseRouteId } from '../../route-file.ts';
import { openPlace } from '../../target.ts';

const LIMIT = 20;
const LIMIT_MAX = 100;

export const routesCalls = command({
  name: 'routes calls',
  summary: 'Show who called a route, newest first.',
  description: [
    'A call is `refused`, `done`, `failed`, or `open`: it goes on, or the server stopped while it did.',
  ],
  arguments: [{ name: 'ID', summary: 'The route.' }],
  options: {
    limit: {
      type: 'string',
      short: 'n',
      value: 'NUMBER',
      summary: `How many, at most ${LIMIT_MAX}; ${LIMIT} unless given.`,
    },
  },
  scope: 'project',
  examples: [{ line: 'coffer routes calls charge -n 5', what: 'The last five.' }],
  run: async (context, { args, options }) => {
    const id = parseRouteId(args.ID, 'ID');
    const limit = options.limit === undefined ? LIMIT : parseCount(options.limit, '--limit', 'routes calls');
    if (limit > LIMIT_MAX)
      throw new CliError('usage', { why: `--limit must be at most ${LIMIT_MAX}`, command: 'routes calls ' });
    const { client, project } = openPlace(context);
    const { calls } = await client.api.route.callFetch({ project_id: project, id, limit });
    if (context.global.json) return context.terminal.json(calls);
    context.terminal.table(
      [
        { name: 'index', of: ({ index }) => index },
        { name: 'at', of: ({ at }) => at },
        { name: 'by', of: ({ username }) => username ?? '' },
        { name: 'from', of: ({ ip }) => ip ?? '' },
        { name: 'version', of: ({ version }) => version ?? '' },
        { name: 'state', of: ({ state }) => state },
        { name: 'status', of: ({ status }) => status ?? '' },
        { name: 'bytes', of: ({ bytes }) => bytes ?? '' },
        { name: 'ms', of: (call) => call.duration_ms ?? '' },
        { name: 'redactions', of: ({ redactions }) => redactions ?? '' },
        { name: 'code', of: ({ code }) => code ?? '' },
        { name: 'why', of: ({ reason }) => reason ?? '' },
      ],
      calls,
    );
  },
});
