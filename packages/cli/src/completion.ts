import { GLOBAL_OPTIONS, type Command, type Option, type Options } from './command.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** A script for the shell, made from the table of commands. It asks no server for anything. */
export function completionScript(shell: Shell, commands: readonly Command[]): string {
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](commands);
}

function bashScript(commands: readonly Command[]): string {
  const cases = commands.map(
    ({ name, ...rest }) => `    '${name}') words='${wordsOf({ name, ...rest }).join(' ')}' ;;`,
  );
  const groups = groupsOf(commands);
  for (const group of groups)
    cases.push(`    '${group}') words='${nextWords(commands, group).join(' ')}' ;;`);
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
  const lines = ['# fish completion of coffer', 'complete -c coffer -f'];
  for (const [name, option] of Object.entries<Option>(GLOBAL_OPTIONS))
    lines.push(fishOption('', name, option));
  for (const group of groupsOf(commands)) {
    const words = nextWords(commands, group);
    const inGroup = group.split(' ').map(fishSeen).join('; and ');
    if (!group.includes(' '))
      lines.push(
        `complete -c coffer -n __fish_use_subcommand -a ${group} -d ${fishText(summaryOf(commands, group))}`,
      );
    lines.push(
      ...words.map((word) => {
        const summary = commands.find(({ name }) => name === `${group} ${word}`)?.summary;
        return `complete -c coffer -n '${inGroup}; and not ${fishSeen(words.join(' '))}' -a ${word} -d ${fishText(plain(summary ?? summaryOf(commands, `${group} ${word}`)))}`;
      }),
    );
  }
  for (const { name, summary, options, arguments: args, takesCommand } of commands) {
    if (!name.includes(' '))
      lines.push(`complete -c coffer -n __fish_use_subcommand -a ${name} -d ${fishText(plain(summary))}`);
    const seen = `-n '${name.split(' ').map(fishSeen).join('; and ')}'`;
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

function fishSeen(words: string): string {
  return `__fish_seen_subcommand_from ${words}`;
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
  const specs = args.map(({ name, choices, multiple }) =>
    single(
      `${multiple === true ? '*' : ''}:${name}:${choices === undefined ? (name === 'FILE' ? '_files' : ' ') : `(${choices.join(' ')})`}`,
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
