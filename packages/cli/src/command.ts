import type { Context } from './context.ts';

/** A command as data: parsing, help, completion and the reference are made from it. */
export type Command = {
  /** Words with a space between: those before the last are of groups. */
  name: string;
  summary: string;
  /** More than one sentence, for its own help. Paragraphs. */
  description?: readonly string[];
  arguments: readonly Argument[];
  options: Options;
  /** What it is about; an environment unless this says less. It refuses the options that name more. */
  scope?: 'nothing' | 'server' | 'project';
  /** What stands behind `--` is a command to run. */
  takesCommand?: true;
  examples: readonly Example[];
  run(context: Context, input: Input): Promise<number | void>;
};

export type Argument = {
  name: string;
  summary: string;
  optional?: true;
  /** Any number of them, also none; the last argument only. */
  multiple?: true;
  choices?: readonly string[];
};
export type Option = {
  type: 'string' | 'boolean';
  short?: string;
  /** Stands for the value in the help, as in `--file FILE`. */
  value?: string;
  summary: string;
  choices?: readonly string[];
  multiple?: true;
};
export type Options = Readonly<Record<string, Option>>;
export type Example = { line: string; what: string };

export type Input<A extends readonly Argument[] = readonly Argument[], O extends Options = Options> = {
  args: { [N in A[number] as N['name']]: ArgumentValue<N> };
  options: { [N in keyof O]: OptionValue<O[N]> };
  /** What stands behind `--`. */
  command: readonly string[];
};

type ArgumentValue<N extends Argument> = N extends { multiple: true }
  ? readonly string[]
  : N extends { optional: true }
    ? string | undefined
    : string;

type OptionValue<O extends Option> = O extends { multiple: true }
  ? readonly string[]
  : O['type'] extends 'boolean'
    ? boolean
    : string | undefined;

/** Types what `run` gets by what the definition says. */
export function command<const A extends readonly Argument[], const O extends Options>(
  definition: Omit<Command, 'arguments' | 'options' | 'run'> & {
    arguments: A;
    options: O;
    run(context: Context, input: Input<A, O>): Promise<number | void>;
  },
): Command {
  return definition as unknown as Command;
}

/** What commands have in common: what is about no server, project or environment refuses its option. */
export const GLOBAL_OPTIONS = {
  url: { type: 'string', value: 'URL', summary: 'The server.' },
  project: { type: 'string', short: 'p', value: 'ID', summary: 'The project.' },
  env: { type: 'string', short: 'e', value: 'ID', summary: 'The environment; `default` unless given.' },
  json: { type: 'boolean', summary: 'JSON on standard output.' },
  help: { type: 'boolean', short: 'h', summary: 'What the command does.' },
  version: { type: 'boolean', summary: 'The version of the command line.' },
} as const satisfies Options;

/** Which of these it takes. */
export function globalOptionsOf({ scope }: Pick<Command, 'scope'>): Options {
  const { url, project, env, ...always } = GLOBAL_OPTIONS;
  const named = {
    nothing: {},
    server: { url },
    project: { url, project },
    environment: { url, project, env },
  };
  return { ...named[scope ?? 'environment'], ...always };
}

/** The variables that the command line reads. */
export const VARIABLES: readonly (readonly [name: string, meaning: string])[] = [
  ['COFFER_URL', 'The server, before coffer.json.'],
  [
    'COFFER_TOKEN',
    'A token for the server that --url or COFFER_URL names, and for no other. It is not sent to a server that only a coffer.json names.',
  ],
  ['COFFER_PROJECT', 'The project, before coffer.json.'],
  ['COFFER_ENVIRONMENT', 'The environment, before coffer.json.'],
  ['VISUAL, EDITOR', 'What `coffer edit` opens; `vi` otherwise.'],
  ['NO_COLOR', 'No colour, even on a terminal.'],
  ['XDG_CONFIG_HOME', 'Where tokens are kept, in `coffer/credentials.json`; `~/.config` otherwise.'],
  ['XDG_CACHE_HOME', 'Where offline copies are kept, in `coffer/offline`; `~/.cache` otherwise.'],
];
