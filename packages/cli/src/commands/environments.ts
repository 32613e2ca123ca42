import { command } from '../command.ts';
import { openPlace } from '../target.ts';

export const environments = command({
  name: 'environments',
  summary: 'List the environments of the project.',
  arguments: [],
  options: {},
  scope: 'project',
  examples: [{ line: 'coffer environments --project shop', what: 'Id and name of each.' }],
  run: async (context) => {
    const { client, project } = openPlace(context);
    const answer = await client.api.environment.fetch({ project_id: project });
    if (context.global.json) return context.terminal.json(answer.environments);
    context.terminal.table(
      [
        { name: 'environment', of: ({ id }) => id },
        { name: 'name', of: ({ name }) => name },
      ],
      answer.environments,
    );
  },
});
