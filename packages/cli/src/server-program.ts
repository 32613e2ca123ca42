import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { runProgram } from './child.ts';
import { CliError } from './cli-error.ts';
import type { Variables } from './variables.ts';

/** Runs a program of the server that is installed beside us, in our place. Fails with `server_not_installed`. */
export async function runServerProgram(
  name: 'main' | 'admin',
  args: readonly string[],
  env: Variables,
): Promise<number> {
  // What is for the command line is no setting of the server, which refuses what it does not know.
  const {
    COFFER_URL: _url,
    COFFER_TOKEN: _token,
    COFFER_PROJECT: _project,
    COFFER_ENVIRONMENT: _environment,
    ...rest
  } = env;
  return await runProgram({
    file: process.execPath,
    args: [findServerProgram(name), ...args],
    env: rest,
    endsWithUs: true,
  });
}

function findServerProgram(name: string): string {
  try {
    const manifest = createRequire(import.meta.url).resolve('@coffer/server/package.json');
    const program = join(dirname(manifest), `dist/${name}.js`);
    if (existsSync(program)) return program;
  } catch {
    // Not found: the same answer.
  }
  throw new CliError('server_not_installed');
}
