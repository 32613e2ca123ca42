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
  short?: string;
  /** Stands for the value in the help, as in `--file FILE`. */
  value?: string;
  summary: string;
  /** Any number of times; all of them count. */
  multiple?: true;
};

export const ADMIN_COMMANDS = [
  {
    name: 'rotate root-key',
    summary: 'Replace the root key, while servers run.',
    description: [
      'A new key comes in, the data keys are wrapped under it, the old key goes out. Values are not touched. It can be stopped at any moment, also by force, and run again: it goes on from where it was.',
      'Where the root key is in a file that can be replaced, and the database is SQLite, one run does it all. Otherwise the first run makes the new key and ends with 9, as servers must be given it first: both keys, the new one before the old one, with white space between. Servers that have it in a file read it again by themselves, those that have it in a variable are restarted. Then run it with --distributed. Until then nothing uses the new key: --cancel takes it out of the file again, and keeps it beside.',
      'Backups of before, and any other database that was given the old key, open with that only. A file that can be replaced holds the new key alone at the end, and the old one is in `….retired-…` beside it: delete that when nothing needs it.',
      'What the old key wrapped is erased from the database first. Ends with 9 where another program reads that all the time: run it again.',
    ],
    arguments: [],
    options: {
      'new-key-file': {
        type: 'string',
        value: 'FILE',
        summary:
          'Holds the new key; made, mode 0600, when it is not there, in a directory that is. Needed where the root key is in a variable, or in a file that is mounted.',
      },
      distributed: { type: 'boolean', summary: 'Every server has been given the new key as well.' },
      cancel: { type: 'boolean', summary: 'Call it off, while the new key is not in use yet.' },
      status: { type: 'boolean', summary: 'Only say how far it is.' },
    },
    examples: [
      { line: 'coffer admin rotate root-key', what: 'With `root.key` in the data directory.' },
      {
        line: 'coffer admin rotate root-key --new-key-file /etc/coffer/new.key',
        what: 'Makes the new key, for servers that have theirs in a variable.',
      },
    ],
  },
  {
    name: 'rotate data-key',
    summary: 'Replace the data keys of a project, or of all, while servers run.',
    description: [
      'New data keys are in use at once. What the old ones sealed, all versions of values and comments, is sealed anew in small steps, and erased as what is deleted is; then the old keys are destroyed, and erased. Ends with 9 where another program reads the database all the time, and with 1 where a key could not be destroyed. It can be stopped at any moment, also by force, and run again: it goes on from where it was.',
      'Each version that is sealed anew is on record, with its new ciphertext.',
    ],
    arguments: [{ name: 'project', summary: 'The id of a project; default: all of them.', optional: true }],
    options: {
      project: { type: 'string', short: 'p', value: 'ID', summary: 'The project; the same as the argument.' },
      status: { type: 'boolean', summary: 'Only say how far it is.' },
    },
    examples: [
      { line: 'coffer admin rotate data-key', what: 'Of all projects.' },
      { line: 'coffer admin rotate data-key shop', what: 'Of one.' },
    ],
  },
  {
    name: 'audit verify',
    summary: 'Recompute the audit log and compare every ciphertext with it.',
    description: [
      'Recomputes the hash tree over all records and compares it with the head. Then goes through what the records say is stored, and compares the SHA-256 of every stored ciphertext with it. Names the first difference, with its project, environment, key, version and the index of the record: `missing`, `exchanged`, `unrecorded`, `resurrected` (destroyed on record, but there), `rolled back`, or that the log is not whole.',
      'Reads from one moment of the database, while servers run. Memory does not grow with the log; the directory for temporary files (TMPDIR) takes about 300 bytes for each version that there ever was.',
    ],
    arguments: [],
    options: {},
    examples: [{ line: 'coffer admin audit verify', what: 'Ends with 1 when something differs.' }],
  },
  {
    name: 'audit accept',
    summary: 'Let a server start on a database that is not what it last saw.',
    description: [
      'A server keeps the last head of the audit log that it saw in its data directory, and refuses to start on a database whose log does not go on from there: one that is older, or another one. Where that database is meant, this says so: a record with both heads is written (`audit_head_accept`), and a server can start on it.',
      'Each data directory has its own head: with several servers, run it for each of those that refuse to start.',
    ],
    arguments: [],
    options: {},
    examples: [
      { line: 'coffer admin audit accept', what: 'With the settings of the server that does not start.' },
    ],
  },
  {
    name: 'backup',
    summary: 'Write everything into one encrypted file, while servers run.',
    description: [
      'The file is as of one moment, in the format of age, for the recipients (`--recipient`, or COFFER_BACKUP_RECIPIENTS) or under a passphrase (`--passphrase`, or COFFER_BACKUP_PASSPHRASE). It is there whole or not at all, mode 0600, and never replaces another.',
      'Without the root key nothing in it opens, and the root key is not in it unless you ask: keep a copy of it elsewhere.',
    ],
    arguments: [{ name: 'file', summary: 'The file to make.' }],
    options: {
      recipient: {
        type: 'string',
        value: 'age1…',
        multiple: true,
        summary: 'Who can open it: recipients of age, with commas between, or one each time.',
      },
      passphrase: {
        type: 'boolean',
        summary: 'Ask for a passphrase, or read it from standard input, in place of recipients.',
      },
      'with-root-key': {
        type: 'boolean',
        summary: 'Put the root key into it: whoever can open the file then has every value.',
      },
    },
    examples: [
      { line: 'coffer admin backup --recipient age1… coffer.age', what: 'For the holder of a key of age.' },
      { line: 'coffer admin backup --passphrase coffer.age', what: 'Asks for a passphrase.' },
    ],
  },
  {
    name: 'restore',
    summary: 'Make an empty data directory or database what a backup holds.',
    description: [
      'All of it is checked and is there afterwards, or nothing. Needs the root key of the time of the backup, as a server does. Nobody is signed in afterwards.',
      'A root key that is in the backup (`backup --with-root-key`) is used with `--use-included-root-key` only, and where there is no other: anyone can make a file for your recipient, with a root key of their own. It is kept in root.key. Look at the id of the instance that is named.',
      'What was taken away after the backup is there again: members, users, access tokens. `--end-tokens` ends all tokens.',
    ],
    arguments: [{ name: 'file', summary: 'The backup.' }],
    options: {
      'identity-file': {
        type: 'string',
        value: 'FILE',
        multiple: true,
        summary: 'The private key of a recipient, as `age-keygen` writes it; again for another one.',
      },
      passphrase: {
        type: 'boolean',
        summary: 'Ask for the passphrase, or read it from standard input; default: COFFER_BACKUP_PASSPHRASE.',
      },
      verify: {
        type: 'boolean',
        summary:
          'Restore into a database that is thrown away, open every value, compare it with the audit log, recompute that; change nothing.',
      },
      'end-tokens': { type: 'boolean', summary: 'End all access tokens.' },
      'use-included-root-key': {
        type: 'boolean',
        summary: 'Where there is no root key, use and keep that in the file: whoever made the file chose it.',
      },
    },
    examples: [
      {
        line: 'coffer admin restore --verify --identity-file key.txt coffer.age',
        what: 'Is this backup good?',
      },
      {
        line: 'COFFER_DATA_DIR=/var/lib/new coffer admin restore --identity-file key.txt coffer.age',
        what: 'Put it there.',
      },
    ],
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
      : Definition<N>['options'][O] extends { multiple: true }
        ? readonly string[]
        : string | undefined;
  };
};

/** How the program ends; the command line ends likewise. */
export const ADMIN_EXIT = {
  success: 0,
  failure: 1,
  usage: 2,
  notFound: 5,
  storeAway: 7,
  unfinished: 9,
} as const;
export type AdminExit = (typeof ADMIN_EXIT)[keyof typeof ADMIN_EXIT];
