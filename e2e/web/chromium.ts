import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import chromiumPack from '@sparticuz/chromium';
import { chromium, type Browser } from 'playwright-core';

const CACHE = fileURLToPath(new URL('../../node_modules/.cache/chromium', import.meta.url));

/** The Chromium of an npm package, or the one that `CHROMIUM_PATH` names. */
export async function launchChromium(): Promise<Browser> {
  return await chromium.launch({
    executablePath: process.env['CHROMIUM_PATH'] ?? (await unpackChromium()),
    args: ['--no-sandbox', '--disable-background-networking'],
  });
}

/** Unpacks into a folder of its own and moves that when it is whole: test files that start at once do not meet. */
async function unpackChromium(): Promise<string> {
  const executable = join(CACHE, 'chromium');
  if (existsSync(executable)) return executable;
  mkdirSync(join(CACHE, '..'), { recursive: true });
  const folder = mkdtempSync(`${CACHE}-`);
  const { TMPDIR } = process.env;
  process.env['TMPDIR'] = folder; // where the package unpacks to
  try {
    await chromiumPack.executablePath();
    renameSync(folder, CACHE);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    if (!existsSync(executable)) throw error;
  } finally {
    if (TMPDIR === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = TMPDIR;
  }
  return executable;
}
