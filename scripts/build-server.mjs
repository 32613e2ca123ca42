/**
 * Bundles the programs of the server, `packages/server/dist/{main,admin}.js`, when something they are made of is newer:
 * a few files are read in a third of the time that nine hundred take, and leave out what is never called.
 */
import { globSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isNewer } from './is-newer.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const FOLDER = 'packages/server/dist';
const INPUTS = [
  'packages/{core,contract,server}/src/**/*.ts',
  'packages/{core,contract,server}/package.json',
  'package-lock.json',
  'scripts/build-server.mjs',
];
const ENTRIES = ['admin', 'main'];
/** Machine code, and what is loaded later, if at all: a build while a server runs takes nothing away from it. */
const EXTERNAL = [
  '@node-rs/argon2',
  '@zxcvbn-ts/core',
  '@zxcvbn-ts/language-common',
  'better-sqlite3',
  'pg-native',
  'pino-pretty',
];

if (isNewer({ inputs: INPUTS, built: `${FOLDER}/${ENTRIES.at(-1)}.js` })) {
  const { rolldown } = await import('rolldown');
  const bundle = await rolldown({
    input: Object.fromEntries(ENTRIES.map((name) => [name, `packages/server/src/${name}.ts`])),
    platform: 'node',
    external: EXTERNAL,
    transform: { target: 'node24' },
  });
  // Names are kept: they stand in the stack traces of the log.
  const { output } = await bundle.generate({ format: 'esm', minify: { compress: true, mangle: false } });
  await bundle.close();
  mkdirSync(FOLDER, { recursive: true });
  const chunks = output.flatMap((part) => (part.type === 'chunk' ? [part] : []));
  // What others import first, in one step each, so that who starts it meanwhile reads the old or the new one.
  for (const { fileName, code } of chunks.toSorted((a, b) => Number(a.isEntry) - Number(b.isEntry))) {
    writeFileSync(`${FOLDER}/${fileName}.next`, code);
    renameSync(`${FOLDER}/${fileName}.next`, `${FOLDER}/${fileName}`);
  }
  const current = new Set(chunks.map(({ fileName }) => fileName));
  for (const file of globSync(`${FOLDER}/*`)) {
    if (file.endsWith('.js') && !current.has(basename(file))) rmSync(file);
  }
}
