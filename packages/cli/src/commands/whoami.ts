import { command } from '../command.ts';
import { openTarget } from '../target.ts';

export const whoami = command({
  name: 'whoami',
  summary: 'Show who you are, and where.',
  arguments: [],
  options: {},
  examples: [{ line: 'coffer whoami', what: 'User name, role and server.' }],
  run: async (context) => {
    const { url, client } = openTarget(context);
    const { user } = await client.api.user.me();
    if (context.global.json) return context.terminal.json({ url, user });
    context.terminal.table(
      [
        { name: 'user', of: () => user.username },
        { name: 'role', of: () => user.role },
        { name: 'server', of: () => url },
      ],
      [user],
    );
  },
});
