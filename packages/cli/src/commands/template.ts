import { FUNCTIONS, vaultKeysIn } from '@coffer/core';
import { resolve } from 'node:path';
import { command } from '../command.ts';
import { readKeys } from '../fetch-values.ts';
import { decodeText, INPUT_BYTES_MAX, readInputFile } from '../input-value.ts';
import { writePrivateFile } from '../private-file.ts';
import { openPlace } from '../target.ts';
import { fillTemplate, readTemplate } from '../template.ts';

export const template = command({
  name: 'template',
  summary: 'Fill the placeholders of a file with values.',
  description: [
    '`${{ vault.KEY }}` becomes the value of KEY, as it is: what a value holds is not filled again. A key that is not there fails, and nothing is written. Other placeholders stay.',
    `Functions change how it is written: ${describeFunctions()}. Texts stand in single quotes, as in \`\${{ basic('ci', vault.PASSWORD) }}\`.`,
  ],
  arguments: [{ name: 'FILE', summary: 'The template; `-` for standard input.' }],
  options: {
    out: {
      type: 'string',
      short: 'o',
      value: 'FILE',
      summary: 'Write to a file that only you can read, in one step.',
    },
  },
  examples: [
    {
      line: 'coffer template nginx.conf.template --out nginx.conf',
      what: 'A configuration with its secrets.',
    },
  ],
  run: async (context, { args, options }) => {
    const { terminal, cwd } = context;
    const bytes =
      args.FILE === '-'
        ? await terminal.readAll(INPUT_BYTES_MAX.file)
        : readInputFile(args.FILE, INPUT_BYTES_MAX.file);
    const text = decodeText(bytes, 'the template');
    const read = readTemplate(text);
    const filled = fillTemplate(read, await readKeys(openPlace(context), vaultKeysIn(read)));
    if (options.out === undefined) terminal.write(filled);
    else writePrivateFile(resolve(cwd, options.out), filled);
  },
});

function describeFunctions(): string {
  return Object.entries(FUNCTIONS)
    .map(([name, { meaning }]) => `${name} (${meaning})`)
    .join(', ');
}
