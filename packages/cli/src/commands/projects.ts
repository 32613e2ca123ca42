import { command } from '../command.ts';
import { readPages } from '../read-pages.ts';
import { openTarget } from '../target.ts';

export const projects = command({
  name: 'projects',
  summary: 'List the projects that you may see.',
  arguments: [],
  options: {},
  scope: 'server',
  examples: [{ line: 'coffer projects', what: 'Ids, names and members.' }],
  run: async (context) => {
    const { client } = openTarget(context);
    const found = await readPages(async (page) => (await client.api.project.fetch(page)).projects);
    if (context.global.json) return context.terminal.json(found);
    if (found.length === 0 && context.terminal.dataIsShown)
      context.terminal.say('There is no project that you may see: ask who manages one to add you.');
    context.terminal.table(
      [
        { name: 'id', of: ({ id }) => id },
        { name: 'name', of: ({ name }) => name },
        { name: 'members', of: ({ members }) => members },
      ],
      found,
    );
  },
});
