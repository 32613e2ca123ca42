/** Builds the web interface into `packages/web/dist`, each file also compressed, when something it is made of is newer. */
import { globSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { isNewer } from './is-newer.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const INPUTS = [
  'packages/web/{index.html,package.json,vite.config.ts}',
  'packages/web/{src,public}/**/*',
  'packages/core/src/**/*.ts',
  'package-lock.json',
];
const BUILT = 'packages/web/dist';
const NEXT = 'packages/web/dist.next';
/** Written last: it says that all the rest is there. */
const DONE = '.built';

if (isNewer({ inputs: INPUTS, built: `${BUILT}/${DONE}` })) {
  // Whatever the environment of whoever builds says: people are served the production build.
  process.env['NODE_ENV'] = 'production';
  const { build } = await import('vite');
  await build({ root: 'packages/web', logLevel: 'warn', build: { outDir: 'dist.next', emptyOutDir: true } });
  for (const file of globSync(`${NEXT}/**/*.{js,css,html,svg}`)) {
    writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: 9 }));
  }
  writeFileSync(`${NEXT}/${DONE}`, '');
  // In one step, so that a server that starts meanwhile does not read half of it.
  rmSync(BUILT, { recursive: true, force: true });
  renameSync(NEXT, BUILT);
}
