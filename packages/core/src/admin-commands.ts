/**
 * What an administrator does to an instance beside its database: `coffer admin …`. The command line makes help,
 * completion and reference of this table and passes the words on; the program of the server parses them by it.
 */
export type AdminCommand = {
  /** Words with a space between, as behind `coffer admin`. */
  name: string;
  summary: string;
  /** Paragraphs. */
  description: readonly string[];
  arguments: readonly AdminArgument[];
  options: Readonly<Record<string, AdminOption>>;
  examples: readonly { line: string; what: string }[];
};

export type AdminArgument = { name: string; summary: string; optional?: true };

export type AdminOption = {
  type: 'string' | 'boolean';
  /** Stands for the value in the help, as in `--file FILE`. */
  value?: string;
  summary: string;
};

export const ADMIN_COMMANDS = [
  {
    name: 'audit verify',
    summary: 'Recompute the audit log and compare it with what is stored.',
    description: [
      'Recomputes the hash tree over all records and compares it with the head. Names the first difference. Servers may run meanwhile.',
    ],
    arguments: [],
    options: {},
    examples: [{ line: 'coffer admin audit verify', what: 'Ends with 1 when something differs.' }],
  },
] as const satisfies readonly AdminCommand[];

export type AdminCommandName = (typeof ADMIN_COMMANDS)[number]['name'];

type Definition<N extends AdminCommandName> = Extract<(typeof ADMIN_COMMANDS)[number], { name: N }>;

/** What was given for a command: arguments and options by their names. */
export type AdminInput<N extends AdminCommandName> = {
  args: {
    [A in Definition<N>['arguments'][number] as A['name']]: A extends { optional: true }
      ? string | undefined
      : string;
  };
  options: {
    [O in keyof Definition<N>['options']]: Definition<N>['options'][O] extends { type: 'boolean' }
      ? boolean
      : string | undefined;
  };
};

/** How the program ends; the command line ends likewise. */
export const ADMIN_EXIT = { success: 0, failure: 1, usage: 2, storeAway: 7, unfinished: 9 } as const;
export type AdminExit = (typeof ADMIN_EXIT)[keyof typeof ADMIN_EXIT];
