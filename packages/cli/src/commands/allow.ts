import type { VaultEntry } from '@coffer/client';
import { CliError } from '../cli-error.ts';
import { command } from '../command.ts';
import { parseKey } from '../input-value.ts';
import { readPages } from '../read-pages.ts';
import { openPlace, type Place } from '../target.ts';

export const allow = command({
  name: 'allow',
  summary: 'Say where routes may send the value of an entry; show where they may.',
  description: [
    'Without origins those that the entry allows are printed. At first there are none, and no route can use it.',
    'With --remove routes that send it there are refused from the next call on.',
  ],
  arguments: [
    { name: 'KEY', summary: 'The entry.' },
    { name: 'ORIGIN', summary: 'Scheme, host and port, as in https://api.example.org.', multiple: true },
  ],
  options: {
    remove: { type: 'boolean', summary: 'No longer there.' },
    'in-path': {
      type: 'boolean',
      summary: 'It may stand in the path of a URL, where servers write it to their logs.',
    },
  },
  examples: [
    { line: 'coffer allow STRIPE_KEY', what: 'Where it may go.' },
    { line: 'coffer allow STRIPE_KEY https://api.stripe.com', what: 'There, too.' },
    { line: 'coffer allow STRIPE_KEY https://api.stripe.com --remove', what: 'No longer there.' },
  ],
  run: async (context, { args, options }) => {
    const key = parseKey(args.KEY);
    const place = openPlace(context);
    const { client, project, environment } = place;
    const { terminal, global } = context;
    const given = args.ORIGIN;
    let entry = await findEntry(place, key);
    if (given.length > 0 || options.remove || options['in-path']) {
      const allowed_origins = options.remove
        ? entry.allowed_origins.filter((origin) => !given.includes(origin))
        : [...new Set([...entry.allowed_origins, ...given])];
      const allowed_in_path = options['in-path'] ? !options.remove : entry.allowed_in_path;
      const at = { project_id: project, environment, key };
      entry = (await client.api.vault.allowOrigins({ ...at, allowed_origins, allowed_in_path })).vault;
    }
    const { allowed_origins, allowed_in_path } = entry;
    if (global.json) return terminal.json({ key, allowed_origins, allowed_in_path });
    for (const origin of allowed_origins) terminal.line([origin]);
    if (allowed_origins.length === 0) terminal.say(`No route may send ${key} anywhere.`);
    else if (allowed_in_path) terminal.say(`${key} may stand in the path of a URL.`);
  },
});

/** Without its value. Fails with `keys_missing`. */
async function findEntry({ client, project, environment }: Place, key: string): Promise<VaultEntry> {
  const entries = await readPages(
    async (page) =>
      (await client.api.vault.fetch({ project_id: project, environment, filter: key, ...page })).vaults,
  );
  const found = entries.find((entry) => entry.key === key);
  if (found === undefined) throw new CliError('keys_missing', { keys: key });
  return found;
}
