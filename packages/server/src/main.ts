import { enableCompileCache, flushCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { App } from './app.ts';
import { readConfig } from './config/config.ts';
import { createLogger, standardOutput, type Logger } from './logger.ts';
import { PACKAGE_FOLDER } from './package-folder.ts';
import { StartError } from './start-error.ts';
import { usage } from './config/usage.ts';
import { VERSION } from './version.ts';
import { whenStarterEnds } from './when-starter-ends.ts';

/**
 * Compiled code of the program, for the next start: beside the program, where who can write could change the program
 * as well. Where it cannot be written there is none.
 */
const COMPILE_CACHE = fileURLToPath(new URL('../../node_modules/.cache/coffer-server', PACKAGE_FOLDER));

/**
 * The process: the only reader of the environment, the arguments and the signals. Log lines go to standard output,
 * words for the person who starts it to standard error.
 */
async function main(): Promise<void> {
  // Whatever we create is for us alone; what Node writes when it crashes leaves our settings out.
  process.umask(0o077);
  if (process.report !== undefined) process.report.excludeEnv = true;
  const [argument] = process.argv.slice(2);
  if (argument === '--help' || argument === '-h') return print(usage());
  if (argument === '--version') return print(`${VERSION}\n`);
  if (argument !== undefined)
    throw new StartError('the server takes no arguments; its settings are environment variables, see --help');
  const config = readConfig(process.env);
  const log = createLogger(config.logLevel, await standardOutput());
  let stop = (_why: object): void => process.exit(1);
  whenStarterEnds(() => stop({ reason: 'the program that started it is gone' }));
  // Most of what there is to load is behind it: what is wrong with the settings is said before.
  enableCompileCache(COMPILE_CACHE);
  const { startApp } = await import('./app.ts');
  const app = await startApp({ config, log });
  // Node would write it at the end, which a kill does not wait for.
  flushCompileCache();
  stop = stopOnSignals(app, log);
  greet(app);
  log.info({ version: VERSION, url: app.url, engine: app.context.store.engine }, 'ready');
}

function greet({ publicUrl, setupToken }: App): void {
  const ready = `Coffer ${VERSION} is ready at ${publicUrl}`;
  if (setupToken === undefined) return say(ready);
  say(`${ready}

There is no account yet. Create the first one, once, with this link:
  ${publicUrl}/web/setup#setup_token=${setupToken.expose()}
`);
}

/** One Ctrl-C can arrive several times: from the terminal, from npm, from whatever started us. */
const REPEATED_SIGNAL_MS = 2000;

/** Answers with what stops it likewise. */
function stopOnSignals(app: App, log: Logger): (why: object) => void {
  let stoppingSince: number | undefined;
  const stop = (why: object): void => {
    if (stoppingSince !== undefined) {
      // A later one is a person who does not want to wait.
      if (performance.now() - stoppingSince > REPEATED_SIGNAL_MS) process.exit(1);
      return;
    }
    stoppingSince = performance.now();
    log.info(why, 'stopping');
    app.stop().then(
      () => {
        log.info('stopped');
        process.exit(0);
      },
      (err: unknown) => {
        log.fatal({ err }, 'did not stop cleanly');
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop({ signal }));
  return stop;
}

function print(text: string): void {
  process.stdout.write(text);
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

try {
  await main();
} catch (error) {
  say(
    error instanceof StartError
      ? `coffer: ${error.message}`
      : `coffer: did not start: ${String((error as Error).stack)}`,
  );
  process.exit(1);
}
