import { CofferError } from '@coffer/client';
import { StartFailure } from './child.ts';
import { CliError } from './cli-error.ts';
import { COMMANDS } from './commands.ts';
import type { Context } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { helpOf, overview, overviewOfGroup } from './help.ts';
import { parseCommandLine, type CommandLine } from './parse-command-line.ts';
import { exitCodeOf, remedyOf } from './server-errors.ts';
import { usesVariableToken } from './target.ts';
import type { Terminal } from './terminal.ts';

/** What they send is not the token of the variable. */
const BRINGS_TOKEN: ReadonlySet<string> = new Set(['login', 'logout']);

/** Does what the arguments say, and answers with the exit code. */
export async function runCommandLine(
  argv: readonly string[],
  { version, ...context }: Omit<Context, 'global'> & { version: string },
): Promise<number> {
  const { terminal } = context;
  let line: CommandLine | undefined;
  try {
    line = parseCommandLine(argv, COMMANDS);
    if (line.kind === 'version') terminal.write(`${version}\n`);
    else if (line.kind === 'help-of-group') terminal.write(overviewOfGroup(line.group, COMMANDS));
    else if (line.kind === 'help')
      terminal.write(line.command === undefined ? overview(COMMANDS) : helpOf(line.command));
    else return (await line.command.run({ ...context, global: line.global }, line.input)) ?? EXIT.success;
    return EXIT.success;
  } catch (error) {
    const tokenOfVariable =
      error instanceof CofferError &&
      line?.kind === 'run' &&
      !BRINGS_TOKEN.has(line.command.name) &&
      usesVariableToken({ ...context, global: line.global });
    return explain(error, terminal, tokenOfVariable);
  }
}

/** One line that says what happened, one that says what to do. */
function explain(error: unknown, terminal: Terminal, tokenOfVariable: boolean): number {
  if (error instanceof CliError) {
    terminal.complain(error.message, error.remedy);
    return error.exit;
  }
  if (error instanceof CofferError) {
    terminal.complain(`${error.message} [${error.code}]`, remedyOf(error, { tokenOfVariable }));
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
