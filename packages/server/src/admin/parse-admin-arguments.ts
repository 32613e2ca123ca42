import { parseArgs } from 'node:util';
import { ADMIN_COMMANDS, findRepeatedOption, type AdminCommand, type AdminCommandName } from '@coffer/core';
import { UsageError } from './usage-error.ts';

/** As the table says, but not known to the compiler for which command. */
export type AnyAdminInput = {
  args: Record<string, string | undefined>;
  options: Record<string, string | boolean | readonly (string | boolean)[] | undefined>;
};

/** Words behind `coffer admin` → what to do. Fails with a UsageError. */
export function parseAdminArguments(argv: readonly string[]): {
  name: AdminCommandName;
  json: boolean;
  input: AnyAdminInput;
} {
  const command = ADMIN_COMMANDS.find(({ name }) => name === argv.slice(0, wordsOf(name)).join(' '));
  if (command === undefined) {
    const names = ADMIN_COMMANDS.map(({ name }) => `\`${name}\``);
    throw new UsageError(`the first words are one of ${names.join(', ')}`);
  }
  const definition: AdminCommand = command;
  const { values, positionals } = parse(argv.slice(wordsOf(command.name)), definition);
  const { json, ...options } = values;
  return {
    name: command.name,
    json: json === true,
    input: { args: readArguments(definition, positionals), options },
  };
}

function parse(args: readonly string[], { name, options }: AdminCommand) {
  const config = Object.fromEntries(
    Object.entries(options).map(([option, { type, short, multiple }]) => [
      option,
      {
        type,
        ...(short === undefined ? {} : { short }),
        ...(type === 'boolean' ? { default: false } : {}),
        ...(multiple === true ? { multiple, default: [] } : {}),
      },
    ]),
  );
  let parsed;
  try {
    parsed = parseArgs({
      args: [...args],
      options: { ...config, json: { type: 'boolean' } },
      strict: true,
      allowPositionals: true,
      tokens: true,
    });
  } catch (error) {
    // Its first sentence names the option and nothing else.
    throw new UsageError(`${name}: ${(error as Error).message.split(/[.\n]/)[0]}`);
  }
  const repeated = findRepeatedOption(parsed.tokens, options);
  if (repeated !== undefined) throw new UsageError(`${name}: --${repeated} is given more than once`);
  return parsed;
}

function readArguments(
  { name: command, arguments: definitions }: AdminCommand,
  given: readonly string[],
): AnyAdminInput['args'] {
  if (given.length > definitions.length)
    throw new UsageError(`${command}: there are more arguments than it takes`);
  return Object.fromEntries(
    definitions.map(({ name, optional }, index) => {
      if (given[index] === undefined && optional !== true)
        throw new UsageError(`${command}: the argument ${name} is missing`);
      return [name, given[index]];
    }),
  );
}

function wordsOf(name: string): number {
  return name.split(' ').length;
}
