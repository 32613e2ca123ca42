import type { Project } from '@coffer/client';
import { command } from '../command.ts';
import { openTarget } from '../target.ts';

const PAGE = 100;

export const projects = command({
  name: 'projects',
  summary: 'List the projects that you may see.',
  arguments: [],
  options: {},
  examples: [{ line: 'coffer projects', what: 'Ids, names and members.' }],
  run: async (context) => {
    const { client } = openTarget(context);
    const found: Project[] = [];
    for (;;) {
      const page = await client.api.project.fetch({ limit: PAGE, offset: found.length });
      found.push(...page.projects);
      if (page.projects.length < PAGE) break;
    }
    if (context.global.json) return context.terminal.json(found);
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
