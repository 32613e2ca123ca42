import { command } from '../command.ts';
import { parseCount, parseKey } from '../input-value.ts';
import { openPlace } from '../target.ts';

export const get = command({
  name: 'get',
  summary: 'Print the value of an entry.',
  description: ['Exactly the value; a line break is added on a terminal only.'],
  arguments: [{ name: 'KEY', summary: 'The entry.' }],
  options: {
    'at-version': { type: 'string', value: 'NUMBER', summary: 'As it was at that version.' },
  },
  examples: [
    { line: 'coffer get DATABASE_URL', what: 'The value.' },
    { line: 'coffer get TLS_KEY > tls.key', what: 'Byte for byte into a file.' },
  ],
  run: async (context, { args, options }) => {
    const key = parseKey(args.KEY);
    const number = options['at-version'];
    const version = number === undefined ? undefined : parseCount(number, '--at-version', 'get');
    const { client, project, environment } = openPlace(context);
    const entry = await client.vault(project, environment).entry(key, { version });
    const { terminal, global } = context;
    if (global.json) return terminal.json(entry);
    terminal.write(entry.value);
    if (terminal.dataIsShown) terminal.write('\n');
  },
});
