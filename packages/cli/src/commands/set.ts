import { CliError } from '../cli-error.ts';
import { command } from '../command.ts';
import type { Context } from '../context.ts';
import { decodeValue, INPUT_BYTES_MAX, parseKey, readInputFile } from '../input-value.ts';
import { openPlace } from '../target.ts';

export const set = command({
  name: 'set',
  summary: 'Create an entry, or give it a new value.',
  description: [
    'The value is asked for without an echo, or comes from standard input or a file; never from the command line, which other programs and the history of the shell can see. Every byte counts, also a line break at the end. An empty value is refused unless --empty says that it is meant: it is mostly that of a command that failed.',
  ],
  arguments: [{ name: 'KEY', summary: 'The entry.' }],
  options: {
    file: { type: 'string', short: 'f', value: 'FILE', summary: 'Read the value from a file.' },
    comment: {
      type: 'string',
      short: 'c',
      value: 'TEXT',
      summary: 'What it is; without it the comment stays.',
    },
    empty: {
      type: 'boolean',
      summary: 'An empty value is meant: it is not asked for, and what comes may be empty.',
    },
    'trim-newline': { type: 'boolean', summary: 'Leave out one line break at the end.' },
    'if-version': {
      type: 'string',
      value: 'NUMBER',
      summary: 'Only when the entry is at that version; 0: only when it is new.',
    },
  },
  examples: [
    { line: 'coffer set DATABASE_URL', what: 'Asks for the value.' },
    { line: 'openssl rand -hex 32 | coffer set SESSION_KEY --trim-newline', what: 'From a pipe.' },
    {
      line: "coffer set TLS_KEY --file tls.key --comment 'for the proxy'",
      what: 'From a file, with a comment.',
    },
  ],
  run: async (context, { args, options }) => {
    const key = parseSetKey(args.KEY);
    const ifVersion = parseVersion(options['if-version']);
    const { client, project, environment } = openPlace(context);
    const { terminal, global } = context;
    const given = await readInput(context, key, options);
    const value = decodeValue(options['trim-newline'] ? withoutNewline(given) : given);
    if (value === '' && !options.empty) throw new CliError('value_empty', { key });
    if (!options['trim-newline'] && value.endsWith('\n') && options.file === undefined)
      terminal.warn('the value ends with a line break, which belongs to it; --trim-newline leaves it out');
    const { comment } = options;
    const entry = await client.vault(project, environment).set(key, value, { comment, ifVersion });
    if (global.json) return terminal.json(entry);
    terminal.say(`${key} is at version ${entry.version} in ${project}, environment ${environment}.`, 'good');
  },
});

async function readInput(
  { terminal }: Context,
  key: string,
  { file, empty }: { file: string | undefined; empty: boolean },
): Promise<Buffer> {
  if (file !== undefined) return readInputFile(file, INPUT_BYTES_MAX.value);
  if (!terminal.inputIsTerminal) return await terminal.readAll(INPUT_BYTES_MAX.value);
  if (empty) return Buffer.alloc(0);
  return Buffer.from(
    await terminal.askSecret(`Value of ${key}`, 'send it to standard input, or name a file with --file'),
  );
}

/** Fails with `value_in_arguments` for KEY=value, and repeats none of it. */
function parseSetKey(text: string): string {
  if (text.includes('=')) throw new CliError('value_in_arguments');
  return parseKey(text);
}

function withoutNewline(bytes: Buffer): Buffer {
  if (bytes.at(-1) !== 10) return bytes;
  return bytes.subarray(0, bytes.at(-2) === 13 ? -2 : -1);
}

function parseVersion(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text))
    throw new CliError('usage', { why: '--if-version must be a whole number from 0 on', command: 'set ' });
  return Number(text);
}
