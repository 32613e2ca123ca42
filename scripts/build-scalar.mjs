/**
 * Writes the script of the API reference page to where the server looks for it: the page loads nothing from other hosts.
 * The package carries the script inside a Fastify plugin and offers no other way to it than a request.
 */
import { closeSync, mkdirSync, openSync, readFileSync, readSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { replaceFile } from './replace-file.mjs';

const PACKAGE = '@scalar/fastify-api-reference';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const assets = 'packages/server/dist/assets';
const { version, license } = JSON.parse(readFileSync(`node_modules/${PACKAGE}/package.json`, 'utf8'));
const banner = `/* ${PACKAGE} ${version}, ${license} licence */\n`;

if (firstBytes(`${assets}/scalar.js`, banner.length) !== banner) {
  const script = Buffer.from(banner + (await fetchScript()));
  mkdirSync(assets, { recursive: true });
  // The plain file last: it is the one whose banner says that both are there.
  replaceFile(`${assets}/scalar.js.gz`, gzipSync(script, { level: 9 }));
  replaceFile(`${assets}/scalar.js`, script);
}

async function fetchScript() {
  const [{ default: fastify }, { default: plugin }] = await Promise.all([
    import('fastify'),
    import('@scalar/fastify-api-reference'),
  ]);
  const app = fastify();
  await app.register(plugin, { routePrefix: '/docs', configuration: { url: '/openapi.json' } });
  const { statusCode, body } = await app.inject('/docs/js/scalar.js');
  await app.close();
  if (statusCode !== 200 || body.length < 100_000)
    throw new Error(`${PACKAGE} ${version} did not answer with its script`);
  return body;
}

/**
 * @param {string} path
 * @param {number} count
 */
function firstBytes(path, count) {
  try {
    const file = openSync(path, 'r');
    const bytes = Buffer.alloc(count);
    readSync(file, bytes);
    closeSync(file);
    return bytes.toString();
  } catch {
    return undefined;
  }
}
