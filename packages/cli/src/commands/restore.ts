import { command } from '../command.ts';
import { parseCount, parseKey } from '../input-value.ts';
import { openPlace } from '../target.ts';

export const restore = command({
  name: 'restore',
  summary: 'Make an old version the newest one again.',
  description: ['Value and comment of the old version become a new version; nothing is lost.'],
  arguments: [
    { name: 'KEY', summary: 'The entry.' },
    { name: 'VERSION', summary: 'Its number: see `coffer history KEY`.' },
  ],
  options: {},
  examples: [
    { line: 'coffer restore DATABASE_URL 3', what: 'The value of version 3 becomes the current one.' },
  ],
  run: async (context, { args }) => {
    const key = parseKey(args.KEY);
    const version = parseCount(args.VERSION, 'VERSION', 'restore');
    const { client, project, environment } = openPlace(context);
    const entry = await client.vault(project, environment).restore(key, version);
    if (context.global.json) return context.terminal.json(entry);
    context.terminal.say(`${key} is at version ${entry.version}, which is version ${version} again.`, 'good');
  },
});
