import { GLOBAL_OPTIONS, type Command, type Option, type Options } from './command.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** A script for the shell, made from the table of commands. It asks no server for anything. */
export function completionScript(shell: Shell, commands: readonly Command[]): string {
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](commands);
}

function bashScript(commands: readonly Command[]): string {
  const cases = commands.map(
    ({ name, ...rest }) => `    ${name}) words='${wordsOf({ name, ...rest }).join(' ')}' ;;`,
  );
  const choices = choiceLists(commands).map(
    ([option, list]) => `    ${option}) words='${list.join(' ')}' ;;`,
  );
  const withValue = Object.entries(GLOBAL_OPTIONS)
    .filter(([, { type }]) => type === 'string')
    .flatMap(([name, option]) => flagsOf(name, option));
  return `# bash completion of coffer
_coffer() {
  local current="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" command='' words='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${COMP_WORDS[i]}" in
    --) return ;;
    ${withValue.join('|')}) ((i++)) ;;
    -*) ;;
    *) [[ -n $command ]] || command="\${COMP_WORDS[i]}" ;;
    esac
  done
  case "$command $before" in
${choices.join('\n')}
  esac
  if [[ -z $words ]]; then
    case "$command" in
    '') words='${[...commands.map(({ name }) => name), ...longOptions(GLOBAL_OPTIONS)].join(' ')}' ;;
${cases.join('\n')}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _coffer coffer
`;
}

function zshScript(commands: readonly Command[]): string {
  const names = commands.map(({ name, summary }) => `    ${single(`${name}:${plain(summary)}`)}`);
  const cases = commands.map(
    (command) =>
      `    ${command.name}) _arguments -S ${[...optionSpecs(command), ...argumentSpecs(command)].join(' ')} ;;`,
  );
  return `#compdef coffer
_coffer() {
  local -a commands
  commands=(
${names.join('\n')}
  )
  local context state line
  _arguments -C ${Object.entries<Option>(GLOBAL_OPTIONS).flatMap(optionSpec).join(' ')} '1:command:->command' '*::argument:->arguments'
  case $state in
  command) _describe command commands ;;
  arguments)
    case $line[1] in
${cases.join('\n')}
    esac ;;
  esac
}
if [ "$funcstack[1]" = _coffer ]; then _coffer "$@"; else compdef _coffer coffer; fi
`;
}

function fishScript(commands: readonly Command[]): string {
  const lines = ['# fish completion of coffer', 'complete -c coffer -f'];
  for (const [name, option] of Object.entries<Option>(GLOBAL_OPTIONS))
    lines.push(fishOption('', name, option));
  for (const { name, summary, options, arguments: args, takesCommand } of commands) {
    lines.push(`complete -c coffer -n __fish_use_subcommand -a ${name} -d ${fishText(plain(summary))}`);
    const seen = `-n '__fish_seen_subcommand_from ${name}'`;
    for (const [optionName, option] of Object.entries(options))
      lines.push(fishOption(seen, optionName, option));
    for (const { choices, name: argument } of args) {
      if (choices !== undefined) lines.push(`complete -c coffer ${seen} -a '${choices.join(' ')}'`);
      if (argument === 'FILE') lines.push(`complete -c coffer ${seen} -F`);
    }
    if (takesCommand === true) lines.push(`complete -c coffer ${seen} -a '(__fish_complete_subcommand)'`);
  }
  return `${lines.join('\n')}\n`;
}

function fishOption(
  condition: string,
  name: string,
  { short, type, summary, choices, value }: Option,
): string {
  const parts = ['complete -c coffer', condition, short === undefined ? '' : `-s ${short}`, `-l ${name}`];
  if (type === 'string') parts.push(value === 'FILE' ? '-r -F' : '-x');
  if (choices !== undefined) parts.push(`-a '${choices.join(' ')}'`);
  return [...parts, `-d ${fishText(plain(summary))}`].filter((part) => part !== '').join(' ');
}

/** `command option` → what may stand behind it. */
function choiceLists(commands: readonly Command[]): [string, readonly string[]][] {
  return commands.flatMap(({ name, options }) =>
    Object.entries(options).flatMap(([option, definition]): [string, readonly string[]][] =>
      definition.choices === undefined
        ? []
        : [
            [
              flagsOf(option, definition)
                .map((flag) => `'${name} ${flag}'`)
                .join('|'),
              definition.choices,
            ],
          ],
    ),
  );
}

function wordsOf({ options, arguments: args }: Command): string[] {
  return [...args.flatMap(({ choices = [] }) => choices), ...longOptions({ ...options, ...GLOBAL_OPTIONS })];
}

function longOptions(options: Options): string[] {
  return Object.keys(options).map((name) => `--${name}`);
}

function flagsOf(name: string, { short }: Option): string[] {
  return short === undefined ? [`--${name}`] : [`--${name}`, `-${short}`];
}

function optionSpecs({ options }: Command): string[] {
  return Object.entries<Option>({ ...options, ...GLOBAL_OPTIONS }).flatMap(optionSpec);
}

function optionSpec([name, option]: [string, Option]): string[] {
  const action =
    option.choices === undefined
      ? option.value === 'FILE'
        ? '_files'
        : ' '
      : `(${option.choices.join(' ')})`;
  const value = option.type === 'string' ? `:${option.value ?? 'VALUE'}:${action}` : '';
  const repeats = option.multiple === true ? '*' : '';
  return flagsOf(name, option).map((flag) =>
    single(`${repeats}${flag}[${plain(option.summary).replace(/[[\]:\\]/g, String.raw`\$&`)}]${value}`),
  );
}

function argumentSpecs({ arguments: args, takesCommand }: Command): string[] {
  const specs = args.map(({ name, choices }) =>
    single(
      `:${name}:${choices === undefined ? (name === 'FILE' ? '_files' : ' ') : `(${choices.join(' ')})`}`,
    ),
  );
  return takesCommand === true ? [...specs, `'*:::command:_normal'`] : specs;
}

function plain(summary: string): string {
  return summary.replaceAll('`', '').replace(/\.$/, '');
}

function single(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** In single quotes fish knows `\\` and `\'`. */
function fishText(text: string): string {
  return `'${text.replace(/[\\']/g, String.raw`\$&`)}'`;
}
