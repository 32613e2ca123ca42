import { SETTINGS } from './settings.ts';
import { VERSION } from '../version.ts';

/** What `--help` prints: words for people, with what there is to set. */
export function usage(): string {
  const width = Math.max(...SETTINGS.map(({ name }) => name.length));
  const lines = SETTINGS.map(
    ({ name, fallback }) => `  ${name.padEnd(width)}  ${fallback.replaceAll('`', '')}`,
  );
  return `Coffer ${VERSION}, the server. It takes no arguments; its settings are environment variables, here with their defaults:

${lines.map((line) => line.trimEnd()).join('\n')}

Each can also be given as NAME_FILE, the path of a file that holds its value.
What they mean: docs/reference/settings.md. How to run it: docs/operate/README.md.
`;
}
