import { command } from '../command.ts';
import { findHolder } from '../holder.ts';
import { openTarget } from '../target.ts';

export const whoami = command({
  name: 'whoami',
  summary: 'Show who you are, and where.',
  arguments: [],
  options: {},
  scope: 'server',
  examples: [
    { line: 'coffer whoami', what: 'User name, role and server.' },
    { line: 'coffer whoami --json', what: 'Also what the token grants.' },
  ],
  run: async (context) => {
    const { url, token, client } = openTarget(context);
    const { name, role, details } = await findHolder(client, token);
    if (context.global.json) return context.terminal.json({ url, ...details });
    context.terminal.table(
      [
        { name: 'user', of: () => name },
        { name: 'role', of: () => role },
        { name: 'server', of: () => url },
      ],
      [name],
    );
  },
});
