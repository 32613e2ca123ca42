import { readFileSync } from 'node:fs';

/** From the manifest, which lies one folder above the sources and above the compiled program alike. */
export const VERSION = (
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
).version;
