import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { findRepeatedOption } from '@coffer/core';
import { CliError } from './cli-error.ts';
import type { GlobalOptions } from './context.ts';
import { GLOBAL_OPTIONS, globalOptionsOf, type Command, type Input, type Options } from './command.ts';

export type CommandLine =
  | { kind: 'run'; command: Command; input: Input; global: GlobalOptions }
  | { kind: 'help'; command: Command | undefined }
  | { kind: 'help-of-group'; group: string }
  | { kind: 'version' };

/** Arguments → what to do. Fails with a usage error that repeats no argument: one could be a value. */
export function parseCommandLine(argv: readonly string[], commands: readonly Command[]): CommandLine {
  const dashes = argv.indexOf('--');
  const own = dashes === -1 ? [...argv] : argv.slice(0, dashes);
  const behind = dashes === -1 ? [] : argv.slice(dashes + 1);
  const found = findCommand(own, commands);
  if (found === undefined) {
    const { values } = parse(own, GLOBAL_OPTIONS, '');
    if (values['version'] === true) return { kind: 'version' };
    return { kind: 'help', command: undefined };
  }
  if (typeof found === 'string') return { kind: 'help-of-group', group: found };
  const { command } = found;
  const { values, positionals } = parse(
    found.rest,
    { ...globalOptionsOf(command), ...command.options },
    command.name,
  );
  if (values['help'] === true) return { kind: 'help', command };
  if (dashes !== -1 && command.takesCommand !== true) positionals.push(...behind);
  if (command.takesCommand === true && behind.length === 0)
    throw usage(command, 'the command to run stands behind --');
  return {
    kind: 'run',
    command,
    global: {
      url: text(values['url']),
      project: text(values['project']),
      env: text(values['env']),
      json: values['json'] === true,
    },
    input: {
      args: readArguments(command, positionals),
      options: readOptions(command, values),
      command: behind,
    },
  };
}

/** By the first arguments that are neither options nor values of them. A text: no more than the name of a group is there. */
function findCommand(
  argv: readonly string[],
  commands: readonly Command[],
): { command: Command; rest: string[] } | string | undefined {
  const { tokens } = parseArgs({
    args: [...argv],
    options: config(GLOBAL_OPTIONS),
    strict: false,
    tokens: true,
  });
  const words: string[] = [];
  const rest = [...argv];
  for (const { index } of tokens.filter(({ kind }) => kind === 'positional')) {
    words.push(argv[index] ?? '');
    rest.splice(index - words.length + 1, 1);
    const name = words.join(' ');
    // `coffer help get` is `coffer get --help`.
    if (name === 'help') {
      const found = findCommand(rest, commands);
      return typeof found === 'object' ? { ...found, rest: ['--help'] } : found;
    }
    const command = commands.find((candidate) => candidate.name === name);
    if (command !== undefined) return { command, rest };
    if (!commands.some((candidate) => candidate.name.startsWith(`${name} `))) throw unknownCommand(name);
  }
  return words.length === 0 ? undefined : words.join(' ');
}

/** Words of letters are a mistyped command; anything else is not repeated. */
function unknownCommand(name: string): CliError {
  return new CliError('command_unknown', {
    name: /^[a-z-]{1,20}( [a-z-]{1,20}){0,2}$/.test(name) ? `\`${name}\`` : 'of this name',
  });
}

type Values = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;

function parse(
  args: readonly string[],
  options: Options,
  commandName: string,
): { values: Values; positionals: string[] } {
  const complain = (why: string): CliError =>
    new CliError('usage', { why, command: commandName === '' ? '' : `${commandName} ` });
  let parsed;
  try {
    parsed = parseArgs({
      args: [...args],
      options: config(options),
      strict: true,
      allowPositionals: true,
      tokens: true,
    });
  } catch (error) {
    // Its first sentence names the option and nothing else.
    throw complain(lowerFirst(error instanceof Error ? (error.message.split(/[.\n]/)[0] ?? '') : ''));
  }
  const repeated = findRepeatedOption(parsed.tokens, options);
  if (repeated !== undefined) throw complain(`--${repeated} is given more than once`);
  return parsed;
}

function config(options: Options): ParseArgsOptionsConfig {
  return Object.fromEntries(
    Object.entries(options).map(([name, { type, short, multiple }]) => [
      name,
      { type, ...(short === undefined ? {} : { short }), ...(multiple === undefined ? {} : { multiple }) },
    ]),
  );
}

function readArguments(command: Command, positionals: readonly string[]): Input['args'] {
  if (positionals.length > command.arguments.length && command.arguments.at(-1)?.multiple !== true) {
    if (command.name === 'set') throw new CliError('value_in_arguments');
    throw usage(command, 'there are more arguments than it takes');
  }
  const args: Record<string, string | readonly string[] | undefined> = {};
  for (const [index, { name, optional, multiple, choices }] of command.arguments.entries()) {
    if (multiple === true) {
      args[name] = positionals.slice(index);
      break;
    }
    const given = positionals[index];
    if (given === undefined && optional !== true) throw usage(command, `the argument ${name} is missing`);
    if (given !== undefined && choices !== undefined && !choices.includes(given))
      throw usage(command, `${name} is one of ${choices.join(', ')}`);
    args[name] = given;
  }
  return args as Input['args'];
}

function readOptions(command: Command, values: Values): Input['options'] {
  const options: Record<string, unknown> = {};
  for (const [name, { type, multiple, choices }] of Object.entries(command.options)) {
    const value = values[name];
    if (typeof value === 'string' && choices !== undefined && !choices.includes(value))
      throw usage(command, `--${name} is one of ${choices.join(', ')}`);
    options[name] = value ?? (multiple === true ? [] : type === 'boolean' ? false : undefined);
  }
  return options as Input['options'];
}

function usage({ name }: Command, why: string): CliError {
  return new CliError('usage', { why, command: `${name} ` });
}

function text(value: Values[string]): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function lowerFirst(sentence: string): string {
  return sentence.slice(0, 1).toLowerCase() + sentence.slice(1);
}
