import { ADMIN_EXIT, AppError, type AdminExit } from '@coffer/core';
import { askSecret } from './admin/ask-secret.ts';
import { runAdminCommand } from './admin/handlers.ts';
import { parseAdminArguments } from './admin/parse-admin-arguments.ts';
import { UsageError } from './admin/usage-error.ts';
import { readConfig } from './config/config.ts';
import { createLogger } from './logger.ts';
import { StartError } from './start-error.ts';

/**
 * The other process, for `coffer admin`: like `main.ts` it alone reads the environment, the arguments and the signals.
 * Data goes to standard output, everything else to standard error.
 */
async function main(): Promise<AdminExit> {
  process.umask(0o077);
  if (process.report !== undefined) process.report.excludeEnv = true;
  const { name, json, input } = parseAdminArguments(process.argv.slice(2));
  const config = readConfig(process.env);
  return await runAdminCommand(name, input, {
    config,
    json,
    log: createLogger(config.logLevel, process.stderr),
    clock: Date.now,
    signal: stopOnSignals(),
    isInteractive: process.stdin.isTTY,
    askSecret: async (question) => await askSecret(question, process.stdin, process.stderr),
    say,
    print: (text) => void process.stdout.write(`${text}\n`),
  });
}

/** One Ctrl-C can arrive several times: from the terminal, from npm, from whatever started us. */
const REPEATED_SIGNAL_MS = 2000;

/** The first ends the work after the step that it is at; a later one is a person who does not want to wait. */
function stopOnSignals(): AbortSignal {
  const controller = new AbortController();
  let stoppingSince: number | undefined;
  const onSignal = (): void => {
    if (stoppingSince === undefined) {
      stoppingSince = performance.now();
      controller.abort();
    } else if (performance.now() - stoppingSince > REPEATED_SIGNAL_MS) process.exit(ADMIN_EXIT.failure);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  return controller.signal;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function explain(error: unknown): AdminExit {
  if (error instanceof UsageError || error instanceof StartError) {
    say(`coffer: ${error.message}`);
    return error instanceof UsageError ? ADMIN_EXIT.usage : ADMIN_EXIT.failure;
  }
  if ((error as Error).name === 'AbortError') {
    say('coffer: called off; nothing was left behind');
    return ADMIN_EXIT.failure;
  }
  if (error instanceof AppError && error.status === 503) {
    say(`coffer: the database cannot serve: ${String(error.detail['reason'] ?? error.code)}`);
    return ADMIN_EXIT.storeAway;
  }
  say(`coffer: ${String((error as Error).stack)}`);
  return ADMIN_EXIT.failure;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.exitCode = explain(error);
}
