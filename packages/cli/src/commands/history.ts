import { command } from '../command.ts';
import { parseKey } from '../input-value.ts';
import { readPages } from '../read-pages.ts';
import { openPlace } from '../target.ts';

export const history = command({
  name: 'history',
  summary: 'List the versions of an entry, newest first.',
  arguments: [{ name: 'KEY', summary: 'The entry.' }],
  options: {},
  examples: [{ line: 'coffer history DATABASE_URL', what: 'Versions, when and by whom.' }],
  run: async (context, { args }) => {
    const key = parseKey(args.KEY);
    const { client, project, environment } = openPlace(context);
    const vault = client.vault(project, environment);
    const found = await readPages(async (page) => (await vault.history(key, page)).versions);
    if (context.global.json) return context.terminal.json(found);
    context.terminal.table(
      [
        { name: 'version', of: ({ version }) => version },
        { name: 'created', of: (version) => version.created_at },
        { name: 'by', of: (version) => version.created_by.username },
        { name: '', of: ({ current }) => (current ? 'current' : '') },
      ],
      found,
    );
  },
});
