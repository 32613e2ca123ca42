import { EXIT, type ExitCode } from './exit-codes.ts';

type Definition = { exit: ExitCode; message: string; remedy: string };

/**
 * What goes wrong on this side, in one table; what the server refuses is in `server-errors.ts`. Texts name scalars of
 * `detail` in braces: names that we choose to show, never a value.
 */
export const CLI_ERRORS = {
  usage: { exit: EXIT.usage, message: '{why}', remedy: 'see `coffer {command}--help`' },
  command_unknown: {
    exit: EXIT.usage,
    message: 'there is no command {name}',
    remedy: 'see `coffer --help` for the commands',
  },
  value_in_arguments: {
    exit: EXIT.usage,
    message: 'a value is never an argument: other programs and the history of the shell can see those',
    remedy: 'leave it out and enter it when asked, send it to standard input, or name a file with --file',
  },
  url_missing: {
    exit: EXIT.usage,
    message: 'no server is named',
    remedy: 'sign in with `coffer login URL`, or name one with --url, COFFER_URL or a coffer.json',
  },
  url_invalid: {
    exit: EXIT.usage,
    message: 'the URL of the server ({from}) is not an http or https URL without user name and query',
    remedy: 'give one such as https://vault.example.org',
  },
  url_untrusted: {
    exit: EXIT.notSignedIn,
    message: '{file} names {url}, where you are not signed in',
    remedy: 'if that is your server, sign in with `coffer login {url}`',
  },
  token_without_url: {
    exit: EXIT.usage,
    message:
      'COFFER_TOKEN is set, but not which server it belongs to; what a coffer.json names does not count',
    remedy: 'set COFFER_URL to the server that the token belongs to, or name it with --url',
  },
  token_malformed: {
    exit: EXIT.usage,
    message: 'what {from} holds is no token',
    remedy: 'a token is one word, such as cofp_… or that of `POST /user/login`',
  },
  not_signed_in: {
    exit: EXIT.notSignedIn,
    message: 'you are not signed in to {url}',
    remedy: 'sign in with `coffer login {url}`, or set COFFER_URL and COFFER_TOKEN',
  },
  project_missing: {
    exit: EXIT.usage,
    message: 'no project is named',
    remedy: 'tie this directory to one with `coffer init`, or name one with --project or COFFER_PROJECT',
  },
  credentials_unsafe: {
    exit: EXIT.failure,
    message: '{path} {why}: tokens in it may be known to others',
    remedy:
      'look at who could read it, then `chmod 600` the file and `chmod 700` its directory, or sign in anew',
  },
  file_invalid: {
    exit: EXIT.failure,
    message: '{path} {why}',
    remedy: '{remedy}',
  },
  file_unreadable: {
    exit: EXIT.failure,
    message: '{path} cannot be read ({code})',
    remedy: 'check the name and who may read it',
  },
  file_unwritable: {
    exit: EXIT.failure,
    message: '{path} cannot be written ({code})',
    remedy: 'check the name and who may write there',
  },
  file_exists: {
    exit: EXIT.failure,
    message: '{path} exists already',
    remedy: 'edit it, or write it anew with --force',
  },
  terminal_missing: {
    exit: EXIT.usage,
    message: 'there is no terminal to ask on',
    remedy: '{remedy}',
  },
  cancelled: { exit: EXIT.failure, message: 'called off; nothing was changed', remedy: 'try again' },
  not_text: {
    exit: EXIT.failure,
    message: '{what} is not text in UTF-8',
    remedy: 'encode it, for example with base64, and store that',
  },
  value_too_large: {
    exit: EXIT.failure,
    message: 'the value has more than {max} bytes',
    remedy: 'store the file elsewhere and the key that opens it in the vault',
  },
  key_invalid: {
    exit: EXIT.usage,
    message: 'this is not the name of an entry: it {why}',
    remedy: 'names look like DATABASE_URL',
  },
  keys_missing: {
    exit: EXIT.notFound,
    message: 'the vault has no {keys}',
    remedy: '`coffer list` shows what there is',
  },
  keys_unsafe: {
    exit: EXIT.failure,
    message: '{keys} would change how programs are found and loaded',
    remedy: 'leave them out with --except, or name each with --only if that is what you want',
  },
  keys_inexpressible: {
    exit: EXIT.failure,
    message: 'the format {format} cannot hold the value of {keys}',
    remedy: 'choose another one: `--format json` holds every value',
  },
  keys_with_nul: {
    exit: EXIT.failure,
    message: 'the environment of a process cannot hold the value of {keys}: it has a NUL character',
    remedy: 'leave it out with --except, and read it with `coffer get`',
  },
  placeholder_invalid: {
    exit: EXIT.failure,
    message: 'line {line} of the template: {why}',
    remedy: 'placeholders look like ${{ vault.DATABASE_URL }} or ${{ base64(vault.DATABASE_URL) }}',
  },
  entries_refused: {
    exit: EXIT.failure,
    message: '{count} of the entries cannot be imported; nothing was changed',
    remedy: 'correct them, or leave them out with --skip-refused',
  },
  entries_too_many: {
    exit: EXIT.failure,
    message: 'an import holds at most {max} changes; this one has {count}; nothing was changed',
    remedy: 'split the file',
  },
  secret_name_invalid: {
    exit: EXIT.usage,
    message:
      'this is not the name of a Secret: Kubernetes wants lower case letters, digits, - and . between them',
    remedy: 'name it with --name, as in --name shop-secrets',
  },
  input_multiline: {
    exit: EXIT.failure,
    message: 'what was entered goes on behind a line break; none of it was used',
    remedy: '{remedy}',
  },
  input_too_large: {
    exit: EXIT.failure,
    message: '{what} has more than {max} bytes',
    remedy: 'check that it is the file that you mean, or split it',
  },
  value_empty: {
    exit: EXIT.failure,
    message: 'the value is empty; nothing was changed',
    remedy: 'say `coffer set {key} --empty` if it is to be empty',
  },
  file_busy: {
    exit: EXIT.failure,
    message: '{path} is in use by another program',
    remedy: 'try again',
  },
  project_unnamed: {
    exit: EXIT.usage,
    message: 'no project is named',
    remedy: 'name it with `coffer init --project ID`; `coffer projects` lists those that you may see',
  },
  environment_missing: {
    exit: EXIT.notFound,
    message: 'the project {project} has no environment {environment}',
    remedy: '`coffer environments` lists those that there are',
  },
  editor_failed: {
    exit: EXIT.failure,
    message: 'the editor {how}; nothing was changed',
    remedy: 'set VISUAL or EDITOR to one that works',
  },
  route_missing: {
    exit: EXIT.notFound,
    message: 'the project {project} has no route {id}, or it is not yours to see',
    remedy: '`coffer routes list` shows those that you may call',
  },
  route_version_missing: {
    exit: EXIT.notFound,
    message: 'the route {id} has no version {version}',
    remedy: '`coffer routes versions {id}` shows the versions',
  },
  answer_broken: {
    exit: EXIT.failure,
    message: 'the answer broke off: what came of it is not the whole',
    remedy: '`coffer routes calls {id}` says why, where it is known',
  },
  port_unusable: {
    exit: EXIT.failure,
    message: 'the port cannot be used ({code})',
    remedy: 'name another one with --port',
  },
  server_not_installed: {
    exit: EXIT.failure,
    message: 'the server is not installed beside this command line',
    remedy: 'run `npm start` in a checkout of Coffer',
  },
  offline_copy_missing: {
    exit: EXIT.serverAway,
    message: 'the server is away and there is no offline copy to use ({why})',
    remedy: 'try again when the server is back; --offline-ok keeps a copy at each run that reaches it',
  },
} as const satisfies Record<string, Definition>;

export type CliErrorCode = keyof typeof CLI_ERRORS;

export type Detail = Readonly<Record<string, string | number>>;

/** Fails the command with a line that says what happened and one that says what to do. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly code: CliErrorCode;
  readonly remedy: string;
  readonly exit: ExitCode;

  constructor(code: CliErrorCode, detail: Detail = {}) {
    const { message, remedy, exit } = CLI_ERRORS[code];
    super(fill(message, detail));
    this.code = code;
    this.remedy = fill(remedy, detail);
    this.exit = exit;
  }
}

/** The reason of a failed call to the system, such as ENOENT. */
export function systemCode(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'unknown';
}

function fill(text: string, detail: Detail): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(detail[name] ?? whole));
}
