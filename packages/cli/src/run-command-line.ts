import { CofferError } from '@coffer/client';
import { StartFailure } from './child.ts';
import { CliError } from './cli-error.ts';
import { COMMANDS } from './commands.ts';
import type { Context } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { helpOf, overview } from './help.ts';
import { parseCommandLine } from './parse-command-line.ts';
import { exitCodeOf, remedyOf } from './server-errors.ts';

/** Does what the arguments say, and answers with the exit code. */
export async function runCommandLine(
  argv: readonly string[],
  { version, ...context }: Omit<Context, 'global'> & { version: string },
): Promise<number> {
  const { terminal } = context;
  try {
    const line = parseCommandLine(argv, COMMANDS);
    if (line.kind === 'version') terminal.write(`${version}\n`);
    else if (line.kind === 'help')
      terminal.write(line.command === undefined ? overview(COMMANDS) : helpOf(line.command));
    else return (await line.command.run({ ...context, global: line.global }, line.input)) ?? EXIT.success;
    return EXIT.success;
  } catch (error) {
    return explain(error, context);
  }
}

/** One line that says what happened, one that says what to do. */
function explain(error: unknown, { terminal }: Pick<Context, 'terminal'>): number {
  if (error instanceof CliError) {
    terminal.complain(error.message, error.remedy);
    return error.exit;
  }
  if (error instanceof CofferError) {
    const fields = error.errors.map(({ path, message }) => `; ${path} ${message}`).join('');
    terminal.complain(`${error.message} [${error.code}]${fields}`, remedyOf(error));
    return exitCodeOf(error);
  }
  if (error instanceof StartFailure) {
    terminal.complain(
      `the command cannot be started (${error.code})`,
      'check its name, and that it is installed and executable',
    );
    return error.exit;
  }
  // A fault of ours. Its message may repeat what was being worked on.
  const { name, stack = '' } = error instanceof Error ? error : new Error('thrown');
  const where = stack.split('\n').filter((line) => /^\s+at /.test(line));
  terminal.complain(`a fault in coffer (${name})`, where.slice(0, 5).join('\n').trim());
  return EXIT.failure;
}
