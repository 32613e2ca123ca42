import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { runProgram } from '../child.ts';
import { CliError } from '../cli-error.ts';
import { command } from '../command.ts';

export const serve = command({
  name: 'serve',
  summary: 'Run the server.',
  description: ['Its settings are environment variables: see docs/reference/settings.md.'],
  arguments: [],
  options: {},
  examples: [{ line: 'COFFER_DATA_DIR=/var/lib/coffer coffer serve', what: 'On http://127.0.0.1:8080.' }],
  run: async ({ env }) => {
    // What is for the command line is no setting of the server, which refuses what it does not know.
    const {
      COFFER_URL: _url,
      COFFER_TOKEN: _token,
      COFFER_PROJECT: _project,
      COFFER_ENVIRONMENT: _env,
      ...rest
    } = env;
    return await runProgram({ file: process.execPath, args: [findServerMain()], env: rest });
  },
});

/** The server that is installed beside us. Fails with `server_not_installed`. */
function findServerMain(): string {
  try {
    const manifest = createRequire(import.meta.url).resolve('@coffer/server/package.json');
    const main = join(dirname(manifest), 'dist/main.js');
    if (existsSync(main)) return main;
  } catch {
    // Not found: the same answer.
  }
  throw new CliError('server_not_installed');
}
