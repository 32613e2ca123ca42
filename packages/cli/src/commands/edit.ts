import { CofferError } from '@coffer/client';
import type { ChildProcess } from 'node:child_process';
import { endingOf, startProgram } from '../child.ts';
import { CliError } from '../cli-error.ts';
import { command } from '../command.ts';
import type { Context } from '../context.ts';
import { readVariable } from '../variables.ts';
import { decodeValue, INPUT_BYTES_MAX, parseKey, readInputFile } from '../input-value.ts';
import { PrivateDirectory } from '../private-text.ts';
import { isCode, remedyOf } from '../server-errors.ts';
import { openPlace, type Place } from '../target.ts';

type Current = { value: string; version: number };
/** What is being edited: the file, what it held at first, and the entry as it was last seen, if it is still that. */
type Draft = { key: string; path: string; value: string; current: Current | undefined };

const NEWLINE = 10;

export const edit = command({
  name: 'edit',
  summary: 'Change the value of an entry in your editor.',
  description: [
    'VISUAL or EDITOR opens a temporary file that only you can read, in memory where the system has such a place; it is overwritten and removed afterwards, also when you interrupt. Nothing is saved when nothing was changed.',
    'When your text cannot be saved, as when someone else changed the entry meanwhile or the editor failed, it is kept while you are asked whether to edit it again. A line break that the editor adds at the end of a value that had none is left out.',
  ],
  arguments: [{ name: 'KEY', summary: 'The entry; a new one when there is none.' }],
  options: {},
  examples: [{ line: 'EDITOR=nano coffer edit TLS_KEY', what: 'In nano.' }],
  run: async (context, { args }) => {
    const key = parseKey(args.KEY);
    const current = await findCurrent(openPlace(context), key);
    if (current.version === 0) context.terminal.say(`${key} is new.`);
    let editor: ChildProcess | undefined;
    const directory = new PrivateDirectory(context.env, () => editor);
    try {
      const path = directory.write(key, current.value);
      const draft: Draft = { key, path, value: current.value, current };
      for (;;) {
        try {
          // In here: when this fails, the text is not lost either.
          draft.current ??= await findCurrent(openPlace(context), key);
          editor = await startProgram(editorOf(context, path));
          const { code, signal } = await endingOf(editor);
          editor = undefined;
          return await carryOut(context, { ...draft, current: draft.current }, signal ?? code);
        } catch (error) {
          editor = undefined;
          await offerAgain(context, draft, error);
        }
      }
    } finally {
      directory.dispose();
    }
  },
});

/** Fails with `editor_failed`, `not_text`, `value_too_large`, `value_empty`, or as the server does. */
async function carryOut(
  context: Context,
  draft: Draft & { current: Current },
  ending: string | number | null,
): Promise<void> {
  const { terminal } = context;
  const { key, current } = draft;
  if (ending !== 0)
    throw new CliError('editor_failed', {
      how: typeof ending === 'string' ? `was ended by ${ending}` : `ended with ${ending ?? 'a fault'}`,
    });
  const text = editedText(draft);
  if (text === current.value) {
    terminal.say('Nothing was changed.');
    return;
  }
  if (text === '') throw new CliError('value_empty', { key });
  const { client, project, environment } = openPlace(context);
  const { version } = await client.vault(project, environment).set(key, text, { ifVersion: current.version });
  terminal.say(`${key} is at version ${version}.`, 'good');
}

/** Fails as before where there is nothing to lose or nobody to ask, and with `cancelled`. */
async function offerAgain(context: Context, draft: Draft, error: unknown): Promise<void> {
  const { terminal } = context;
  const { key } = draft;
  if (!(error instanceof CliError || error instanceof CofferError)) throw error;
  if (!terminal.canAsk || !isChanged(draft)) throw error;
  const isConflict = isCode(error, 'version_conflict');
  if (isConflict) terminal.warn(`${key} was changed by someone else while you edited it`);
  else terminal.complain(error.message, error instanceof CliError ? error.remedy : remedyOf(error));
  await terminal.confirm(
    `Your text is still here. Edit it again, and save it${isConflict ? ' over theirs' : ''}? It is gone otherwise.`,
    '',
  );
  if (isConflict) draft.current = undefined;
}

async function findCurrent({ client, project, environment }: Place, key: string): Promise<Current> {
  try {
    return await client.vault(project, environment).entry(key);
  } catch (error) {
    if (isCode(error, 'entry_not_found')) return { value: '', version: 0 };
    throw error;
  }
}

/** The setting may hold arguments, as in `code --wait`; the shell takes them apart. The name of the file is not in its hands. */
function editorOf({ env }: Context, path: string): Parameters<typeof startProgram>[0] {
  const { COFFER_TOKEN: _token, ...rest } = env;
  const setting = readVariable(env, 'VISUAL') ?? readVariable(env, 'EDITOR') ?? 'vi';
  return { file: '/bin/sh', args: ['-c', `exec ${setting} "$1"`, 'sh', path], env: rest };
}

/** Fails with `editor_failed` where no file is left, `not_text` or `value_too_large`. */
function editedText({ path, value }: Draft): string {
  const bytes = readEdited(path);
  return decodeValue(!value.endsWith('\n') && bytes.at(-1) === NEWLINE ? bytes.subarray(0, -1) : bytes);
}

function readEdited(path: string): Buffer {
  try {
    return readInputFile(path, INPUT_BYTES_MAX.value);
  } catch (error) {
    if (error instanceof CliError && error.code === 'file_unreadable')
      throw new CliError('editor_failed', { how: 'left no file' });
    throw error;
  }
}

function isChanged(draft: Draft): boolean {
  try {
    return editedText(draft) !== draft.value;
  } catch (error) {
    // What cannot be saved as it is, is a text all the same; where there is no file, there is none.
    return error instanceof CliError && error.code !== 'editor_failed';
  }
}
