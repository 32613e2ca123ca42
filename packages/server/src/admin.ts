import { ADMIN_EXIT, type AdminExit } from '@coffer/core';
import { askSecret } from './admin/ask-secret.ts';
import { explainFailure } from './admin/explain-failure.ts';
import { runAdminCommand } from './admin/handlers.ts';
import { parseAdminArguments } from './admin/parse-admin-arguments.ts';
import { Words } from './admin/words.ts';
import { readConfig } from './config/config.ts';
import { createLogger } from './logger.ts';
import { whenStarterEnds } from './when-starter-ends.ts';

const words = new Words(process.stderr, () => performance.now());

/**
 * The other process, for `coffer admin`: like `main.ts` it alone reads the environment, the arguments and the signals.
 * Data goes to standard output, everything else to standard error.
 */
async function main(): Promise<AdminExit> {
  process.umask(0o077);
  if (process.report !== undefined) process.report.excludeEnv = true;
  const { name, json, input } = parseAdminArguments(process.argv.slice(2));
  const config = readConfig(process.env);
  const signal = stopOnSignals();
  return await runAdminCommand(name, input, {
    config,
    json,
    log: createLogger(config.logLevel, process.stderr),
    clock: Date.now,
    signal,
    isInteractive: process.stdin.isTTY,
    askSecret: async (question) =>
      await askSecret(question, { stdin: process.stdin, stderr: process.stderr, signal }),
    say: (line, options) => words.say(line, options),
    print: (text) => void process.stdout.write(`${text}\n`),
  });
}

/** One Ctrl-C can arrive several times: from the terminal, from npm, from whatever started us. */
const REPEATED_SIGNAL_MS = 2000;

/** What is at work when it is asked to stop has this long, when nobody is there who could ask again. */
const ABANDONED_MS = 10_000;

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
  whenStarterEnds(() => {
    controller.abort();
    setTimeout(() => process.exit(ADMIN_EXIT.failure), ABANDONED_MS).unref();
  });
  return controller.signal;
}

try {
  process.exitCode = await main();
} catch (error) {
  const { line, exit } = explainFailure(error);
  words.say(`coffer: ${line}`);
  process.exitCode = exit;
}
