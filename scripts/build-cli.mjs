/**
 * Bundles the command line into one file without dependencies, `packages/cli/dist/coffer.mjs`, when something it is
 * made of is newer, and links it as `coffer` in `node_modules/.bin`.
 */
import { mkdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isNewer } from './is-newer.mjs';
import { replaceFile } from './replace-file.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const INPUTS = [
  'packages/{cli,client,core}/src/**/*.ts',
  'packages/cli/package.json',
  'package-lock.json',
  'scripts/build-cli.mjs',
];
const BUILT = 'packages/cli/dist/coffer.mjs';
const LINK = 'node_modules/.bin/coffer';

if (isNewer({ inputs: INPUTS, built: BUILT })) {
  const { rolldown } = await import('rolldown');
  const { version } = JSON.parse(readFileSync('packages/cli/package.json', 'utf8'));
  const bundle = await rolldown({
    input: 'packages/cli/src/main.ts',
    platform: 'node',
    resolve: { conditionNames: ['@coffer/source', 'import', 'node', 'default'] },
    transform: { target: 'node20', define: { COFFER_VERSION: JSON.stringify(version) } },
  });
  const { output } = await bundle.generate({
    format: 'esm',
    minify: true,
    codeSplitting: false,
    banner: '#!/usr/bin/env node',
  });
  await bundle.close();
  const [{ code }] = output;
  mkdirSync('packages/cli/dist', { recursive: true });
  replaceFile(BUILT, code, 0o755);
}
// npm links what is there when it installs, and this is made afterwards. Windows needs a script in the place of a link.
if (process.platform !== 'win32' && statSync(LINK, { throwIfNoEntry: false }) === undefined) {
  rmSync(LINK, { force: true });
  symlinkSync(`../../${BUILT}`, LINK);
}
