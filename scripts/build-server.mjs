/**
 * Bundles the programs of the server, `packages/server/dist/{main,admin}.js`, when something they are made of is newer:
 * a few files are read in a third of the time that nine hundred take, and leave out what is never called.
 */
import { globSync, mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { changed, isNewer } from './is-newer.mjs';
import { replaceFile } from './replace-file.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const FOLDER = 'packages/server/dist';
const INPUTS = [
  'packages/{core,contract,server}/src/**/*.ts',
  'packages/{core,contract,server}/package.json',
  'package-lock.json',
  'scripts/build-server.mjs',
];
const ENTRIES = ['admin', 'main'];
/** Machine code, and what few load. */
const EXTERNAL = [
  '@node-rs/argon2',
  '@zxcvbn-ts/core',
  '@zxcvbn-ts/language-common',
  'better-sqlite3',
  'pg-native',
  'pino-pretty',
];

const BUILT = `${FOLDER}/${ENTRIES.at(-1)}.js`;
/** The files of one build are written within. */
const BUILD_MS = 60_000;

if (isNewer({ inputs: INPUTS, built: BUILT })) {
  const builtBefore = changed(BUILT);
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
  // What others import first, so that who starts it meanwhile reads the old or the new one.
  for (const { fileName, code } of chunks.toSorted((a, b) => Number(a.isEntry) - Number(b.isEntry))) {
    replaceFile(`${FOLDER}/${fileName}`, code);
  }
  // Whoever was started from the build before may still load a part of it; nobody is left of those before that.
  for (const file of globSync(`${FOLDER}/*.{js,next}`)) {
    if (changed(file) < builtBefore - BUILD_MS) rmSync(file, { force: true });
  }
}
