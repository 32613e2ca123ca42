import { command } from '../command.ts';
import { runServerProgram } from '../server-program.ts';

export const serve = command({
  name: 'serve',
  summary: 'Run the server.',
  description: ['Its settings are environment variables: see docs/reference/settings.md.'],
  arguments: [],
  options: {},
  scope: 'nothing',
  examples: [{ line: 'COFFER_DATA_DIR=/var/lib/coffer coffer serve', what: 'On http://127.0.0.1:8080.' }],
  run: async ({ env }) => await runServerProgram('main', [], env),
});
