import { findPaths } from './paths.ts';
import { runCommandLine } from './run-command-line.ts';
import { Terminal } from './terminal.ts';
import { VERSION } from './version.ts';

/** The process: the only reader of the arguments and the environment. */
if (process.report !== undefined) process.report.excludeEnv = true;
// As when `coffer list | head` has read enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

process.exitCode = await runCommandLine(process.argv.slice(2), {
  version: VERSION,
  terminal: new Terminal(process, process.env),
  env: process.env,
  cwd: process.cwd(),
  paths: findPaths(process.env),
  now: () => new Date(),
});
