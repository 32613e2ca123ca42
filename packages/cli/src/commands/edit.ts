import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { endingOf, startProgram } from '../child.ts';
import { CliError } from '../cli-error.ts';
import { command } from '../command.ts';
import type { Context } from '../context.ts';
import { readVariable } from '../variables.ts';
import { decodeValue, parseKey } from '../input-value.ts';
import { PrivateDirectory } from '../private-text.ts';
import { isCode } from '../server-errors.ts';
import { openPlace, type Place } from '../target.ts';

type Current = { value: string; version: number };

export const edit = command({
  name: 'edit',
  summary: 'Change the value of an entry in your editor.',
  description: [
    'VISUAL or EDITOR opens a temporary file that only you can read, in memory where the system has such a place; it is overwritten and removed afterwards, also when you interrupt. Nothing is saved when nothing was changed.',
    'When someone else changed the entry meanwhile, your text is kept and you are asked whether to edit it again. A line break that the editor adds at the end of a value that had none is left out.',
  ],
  arguments: [{ name: 'KEY', summary: 'The entry; a new one when there is none.' }],
  options: {},
  examples: [{ line: 'EDITOR=nano coffer edit TLS_KEY', what: 'In nano.' }],
  run: async (context, { args }) => {
    const key = parseKey(args.KEY);
    const place = openPlace(context);
    const { terminal } = context;
    let editor: ChildProcess | undefined;
    using directory = new PrivateDirectory(context.env, () => editor?.kill('SIGTERM'));
    let current = await findCurrent(place, key);
    if (current.version === 0) terminal.say(`${key} is new.`);
    let text = current.value;
    for (;;) {
      const path = directory.write(key, text);
      editor = await startProgram(editorOf(context, path));
      text = await editedText(editor, path, current);
      if (text === current.value && current.version > 0) {
        terminal.say('Nothing was changed.');
        return;
      }
      try {
        const { version } = await save(place, key, text, current.version);
        terminal.say(`${key} is at version ${version}.`, 'good');
        return;
      } catch (error) {
        if (!isCode(error, 'version_conflict') || !terminal.canAsk) throw error;
        terminal.warn(`${key} was changed by someone else while you edited it; your text is still here`);
        await terminal.confirm('Edit your text again, and save it over theirs?', '');
        current = await findCurrent(place, key);
      }
    }
  },
});

async function findCurrent({ client, project, environment }: Place, key: string): Promise<Current> {
  try {
    return await client.vault(project, environment).entry(key);
  } catch (error) {
    if (isCode(error, 'entry_not_found')) return { value: '', version: 0 };
    throw error;
  }
}

async function save(
  { client, project, environment }: Place,
  key: string,
  value: string,
  ifVersion: number,
): Promise<{ version: number }> {
  return await client.vault(project, environment).set(key, value, { ifVersion });
}

/** The setting may hold arguments, as in `code --wait`; the shell takes them apart. The name of the file is not in its hands. */
function editorOf({ env }: Context, path: string): Parameters<typeof startProgram>[0] {
  const { COFFER_TOKEN: _token, ...rest } = env;
  const setting = readVariable(env, 'VISUAL') ?? readVariable(env, 'EDITOR') ?? 'vi';
  return { file: '/bin/sh', args: ['-c', `exec ${setting} "$1"`, 'sh', path], env: rest };
}

/** Fails with `editor_failed`, `not_text` or `value_too_large`. */
async function editedText(editor: ChildProcess, path: string, { value }: Current): Promise<string> {
  const { code, signal } = await endingOf(editor);
  if (code !== 0)
    throw new CliError('editor_failed', {
      how: signal === null ? `ended with ${code}` : `was ended by ${signal}`,
    });
  const text = decodeValue(readFileSync(path));
  return text.endsWith('\n') && !value.endsWith('\n') ? text.slice(0, -1) : text;
}
