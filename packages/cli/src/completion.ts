import { GLOBAL_OPTIONS, globalOptionsOf, type Command, type Option, type Options } from './command.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** A script for the shell, made from the table of commands. It asks no server for anything. */
export function completionScript(shell: Shell, commands: readonly Command[]): string {
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](commands);
}

function bashScript(commands: readonly Command[]): string {
  const cases = commands.map((command) => `    '${command.name}') words='${wordsOf(command).join(' ')}' ;;`);
  const groups = groupsOf(commands);
  for (const group of groups)
    cases.push(`    '${group}') words='${nextWords(commands, group).join(' ')}' ;;`);
  const choices = choiceLists(commands).map(
    ([option, list]) => `    ${option}) words='${list.join(' ')}' ;;`,
  );
  return `# bash completion of coffer
_coffer() {
  local current="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" command='' words='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${COMP_WORDS[i]}" in
    --)
      # What stands behind is a command of its own.
      if declare -F _command_offset > /dev/null; then _command_offset $((i + 1))
      elif ((COMP_CWORD == i + 1)); then COMPREPLY=($(compgen -c -- "$current")); fi
      return
      ;;
    ${flagsWithValue().join('|')}) ((i++)) ;;
    -*) ;;
    *)
      case "$command" in
      '') command="\${COMP_WORDS[i]}" ;;
      ${groups.map((group) => `'${group}'`).join('|')}) command+=" \${COMP_WORDS[i]}" ;;
      esac
      ;;
    esac
  done
  case "$command $before" in
${choices.join('\n')}
  esac
  if [[ -z $words ]]; then
    case "$command" in
    '') words='${[...nextWords(commands), ...longOptions(GLOBAL_OPTIONS)].join(' ')}' ;;
${cases.join('\n')}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _coffer coffer
`;
}

function zshScript(commands: readonly Command[]): string {
  const names = nextWords(commands).map((word) => {
    const summary = commands.find(({ name }) => name === word)?.summary ?? summaryOf(commands, word);
    return `    ${single(`${word}:${plain(summary)}`)}`;
  });
  return `#compdef coffer
_coffer() {
  # What stands behind -- is a command of its own.
  local -i dashes=\${words[(i)--]}
  if ((dashes < CURRENT)); then
    shift $dashes words
    ((CURRENT -= dashes))
    _normal
    return
  fi
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
${zshCases(commands).join('\n')}
    esac ;;
  esac
}
if [ "$funcstack[1]" = _coffer ]; then _coffer "$@"; else compdef _coffer coffer; fi
`;
}

/** What may stand behind each of the next words. */
function zshCases(commands: readonly Command[], group?: string): string[] {
  return nextWords(commands, group).map((word) => {
    const name = group === undefined ? word : `${group} ${word}`;
    const command = commands.find((candidate) => candidate.name === name);
    if (command !== undefined) {
      const specs = [...optionSpecs(command), ...argumentSpecs(command)];
      return `    ${word}) _arguments -S ${specs.join(' ')} ;;`;
    }
    return `    ${word})
      if ((CURRENT == 2)); then
        compadd ${nextWords(commands, name).join(' ')}
      else
        shift words
        ((CURRENT--))
        case $words[1] in
${zshCases(commands, name).join('\n')}
        esac
      fi ;;`;
  });
}

function fishScript(commands: readonly Command[]): string {
  const lines = [
    fishFunctions(),
    'complete -c coffer -f',
    `complete -c coffer -n __coffer_behind -a '(__coffer_command)'`,
  ];
  for (const [name, option] of Object.entries<Option>(GLOBAL_OPTIONS))
    lines.push(fishOption(fishWhereTaken(name, commands), name, option));
  for (const group of groupsOf(commands)) {
    if (!group.includes(' '))
      lines.push(
        `complete -c coffer -n '__coffer_is' -a ${group} -d ${fishText(summaryOf(commands, group))}`,
      );
    lines.push(
      ...nextWords(commands, group).map((word) => {
        const name = `${group} ${word}`;
        const summary =
          commands.find((command) => command.name === name)?.summary ?? summaryOf(commands, name);
        return `complete -c coffer -n '__coffer_is ${group}' -a ${word} -d ${fishText(plain(summary))}`;
      }),
    );
  }
  for (const { name, summary, options, arguments: args } of commands) {
    if (!name.includes(' '))
      lines.push(`complete -c coffer -n '__coffer_is' -a ${name} -d ${fishText(plain(summary))}`);
    const within = `-n '__coffer_in ${name}'`;
    for (const [optionName, option] of Object.entries(options))
      lines.push(fishOption(within, optionName, option));
    for (const { choices, name: argument } of args) {
      if (choices !== undefined) lines.push(`complete -c coffer ${within} -a '${choices.join(' ')}'`);
      if (argument === 'FILE') lines.push(`complete -c coffer ${within} -F`);
    }
  }
  return `${lines.join('\n')}\n`;
}

/** fish has functions of its own for this, which take the value of an option for the command. */
function fishFunctions(): string {
  return `# fish completion of coffer
function __coffer_words
  set -l skips no
  for word in (commandline -opc)[2..-1]
    if test $skips = yes
      set skips no
      continue
    end
    switch $word
      case ${flagsWithValue().join(' ')}
        set skips yes
      case '-*'
      case '*'
        echo $word
    end
  end
end
function __coffer_behind
  contains -- -- (commandline -opc)
end
function __coffer_is
  set -l words (__coffer_words)
  not __coffer_behind; and test "$argv" = "$words"
end
function __coffer_in
  set -l words (__coffer_words)
  set -l until (count $argv)
  not __coffer_behind; and set -q words[$until]; and test "$argv" = "$words[1..$until]"
end
function __coffer_in_one_of
  for name in $argv
    __coffer_in (string split ' ' -- $name); and return 0
  end
  return 1
end
function __coffer_command
  set -l words (commandline -opc)
  set -l behind (math (contains -i -- -- $words) + 1)
  complete "-C"(string join ' ' -- (string escape -- $words[$behind..-1]) (commandline -ct))
end`;
}

function fishWhereTaken(option: string, commands: readonly Command[]): string {
  const refusing = commands.filter((command) => !(option in globalOptionsOf(command)));
  if (refusing.length === 0) return "-n 'not __coffer_behind'";
  const names = refusing.map(({ name }) => `"${name}"`).join(' ');
  return `-n 'not __coffer_behind; and not __coffer_in_one_of ${names}'`;
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

/** What stands before the last word of a name, and before that: `admin`, `admin audit`. */
function groupsOf(commands: readonly Command[]): string[] {
  const groups = commands.flatMap(({ name }) => {
    const words = name.split(' ');
    return words.slice(1).map((_, index) => words.slice(0, index + 1).join(' '));
  });
  return [...new Set(groups)];
}

/** With which names of commands go on, at their beginning or behind a group. */
function nextWords(commands: readonly Command[], group?: string): string[] {
  const start = group === undefined ? '' : `${group} `;
  const names = commands.filter(({ name }) => name.startsWith(start));
  return [...new Set(names.map(({ name }) => name.slice(start.length).split(' ')[0] ?? ''))];
}

function summaryOf(commands: readonly Command[], group: string): string {
  return nextWords(commands, group).join(', ');
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

function wordsOf(command: Command): string[] {
  const { options, arguments: args } = command;
  return [
    ...args.flatMap(({ choices = [] }) => choices),
    ...longOptions({ ...options, ...globalOptionsOf(command) }),
  ];
}

function longOptions(options: Options): string[] {
  return Object.keys(options).map((name) => `--${name}`);
}

function flagsOf(name: string, { short }: Option): string[] {
  return short === undefined ? [`--${name}`] : [`--${name}`, `-${short}`];
}

/** Of every command: what follows them is no word of its own. */
function flagsWithValue(): string[] {
  return Object.entries(GLOBAL_OPTIONS)
    .filter(([, { type }]) => type === 'string')
    .flatMap(([name, option]) => flagsOf(name, option));
}

function optionSpecs(command: Command): string[] {
  return Object.entries<Option>({ ...command.options, ...globalOptionsOf(command) }).flatMap(optionSpec);
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

function argumentSpecs({ arguments: args }: Command): string[] {
  return args.map(({ name, choices, multiple }) =>
    single(
      `${multiple === true ? '*' : ''}:${name}:${choices === undefined ? (name === 'FILE' ? '_files' : ' ') : `(${choices.join(' ')})`}`,
    ),
  );
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
