import { GLOBAL_OPTIONS, globalOptionsOf, VARIABLES, type Command, type Option } from './command.ts';
import { EXIT_MEANINGS } from './exit-codes.ts';

const WIDTH = 100;
const INDENT = '  ';

export function overview(commands: readonly Command[]): string {
  return [
    'Coffer, a self-hosted secrets vault: the command line',
    '',
    'coffer COMMAND [OPTIONS]',
    '',
    'Commands',
    ...columns(commands.map(({ name, summary }) => [name, summary])),
    '',
    'Common options',
    ...columns(optionRows(GLOBAL_OPTIONS)),
    '',
    'Variables',
    ...columns(VARIABLES),
    '',
    'Exit codes',
    ...columns(EXIT_MEANINGS.map(([code, meaning]) => [String(code), meaning])),
    '',
    '`coffer COMMAND --help` tells more about one.',
    '',
  ].join('\n');
}

/** The commands whose names begin with that of the group. */
export function overviewOfGroup(group: string, commands: readonly Command[]): string {
  const members = commands.filter(({ name }) => name.startsWith(`${group} `));
  return [
    `coffer ${group} COMMAND [OPTIONS]`,
    '',
    'Commands',
    ...columns(members.map(({ name, summary }) => [name, summary])),
    '',
    `\`coffer ${group} COMMAND --help\` tells more about one.`,
    '',
  ].join('\n');
}

export function helpOf(command: Command): string {
  const options = optionRows(command.options);
  return [
    command.summary,
    '',
    usageOf(command),
    ...(command.description ?? []).flatMap((paragraph) => ['', ...wrap(paragraph, WIDTH)]),
    ...section('Arguments', columns(command.arguments.map(({ name, summary }) => [name, summary]))),
    ...section('Options', columns(options)),
    ...section('Common options', columns(optionRows(globalOptionsOf(command)))),
    ...section(
      'Examples',
      command.examples.flatMap(({ line, what }) => [`${INDENT}${line}`, `${INDENT}${INDENT}${what}`]),
    ),
    '',
  ].join('\n');
}

export function usageOf({ name, arguments: args, options, takesCommand }: Command): string {
  return [
    'coffer',
    name,
    ...args.map(({ name: argument, optional, multiple }) => {
      if (multiple === true) return `[${argument} …]`;
      return optional === true ? `[${argument}]` : argument;
    }),
    ...(Object.keys(options).length > 0 ? ['[OPTIONS]'] : []),
    ...(takesCommand === true ? ['-- COMMAND [ARGUMENTS]'] : []),
  ].join(' ');
}

/** `-f, --file FILE` and what it is. */
export function optionRows(options: Readonly<Record<string, Option>>): [string, string][] {
  return Object.entries(options).map(([name, { short, value, summary }]) => [
    `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`,
    summary,
  ]);
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', title, ...lines];
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(0, ...rows.map(([left]) => left.length));
  return rows.flatMap(([left, right]) =>
    wrap(right, WIDTH - width - 4).map(
      (line, index) => `${INDENT}${(index === 0 ? left : '').padEnd(width)}  ${line}`,
    ),
  );
}

function wrap(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? '';
    if (last !== '' && last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines;
}
