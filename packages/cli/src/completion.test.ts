import { expect, test } from 'vitest';
import { command } from './command.ts';
import { completionScript } from './completion.ts';

const odd = command({
  name: 'odd',
  summary: String.raw`It's a \ and $(touch executed)`,
  arguments: [],
  options: {},
  examples: [],
  run: async () => undefined,
});

test('what the help says is a text to every shell', () => {
  // fish: in single quotes `\\` and `\'`; POSIX shells: no escape within, so the quotes end and begin again.
  expect(completionScript('fish', [odd])).toContain(String.raw`-d 'It\'s a \\ and $(touch executed)'`);
  expect(completionScript('zsh', [odd])).toContain(String.raw`'odd:It'\''s a \ and $(touch executed)'`);
});
