import { command } from '../command.ts';
import { openPlace } from '../target.ts';

export const list = command({
  name: 'list',
  summary: 'List the entries, without their values.',
  arguments: [],
  options: {},
  examples: [
    { line: 'coffer list', what: 'Keys, versions, who changed them last and when, comments.' },
    { line: 'coffer list | cut -f1', what: 'The keys alone: in a pipe, columns are separated by tabs.' },
  ],
  run: async (context) => {
    const { client, project, environment } = openPlace(context);
    const entries = await client.vault(project, environment).list();
    if (context.global.json) return context.terminal.json(entries);
    context.terminal.table(
      [
        { name: 'key', of: ({ key }) => key },
        { name: 'version', of: ({ version }) => version },
        { name: 'updated', of: (entry) => entry.updated_at },
        { name: 'by', of: (entry) => entry.updated_by.username },
        { name: 'comment', of: ({ comment }) => comment },
      ],
      entries,
    );
  },
});
