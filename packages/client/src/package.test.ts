import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../../server/src/testing/data-dir.ts';
import { startTestServer } from '../../server/src/testing/server.ts';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
const COMPILER = fileURLToPath(new URL('../../../node_modules/@typescript/native/bin/tsc', import.meta.url));

function run(
  command: string,
  args: readonly string[],
  cwd: string,
  env: Record<string, string> = {},
): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: cwd, ...env },
  });
  if (status === 0) return stdout;
  throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? ''}${stdout}${stderr}`);
}

/** What a program prints that ends by itself: the server answers it from this process. */
async function output(
  command: string,
  args: readonly string[],
  cwd: string,
  env: Record<string, string>,
): Promise<string> {
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] });
  const [printed, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  expect(code).toBe(0);
  return printed;
}

beforeAll(() => {
  run(process.execPath, [COMPILER, '-b', PACKAGE], PACKAGE);
});

describe('the package', () => {
  test('depends on nothing', () => {
    const manifest = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8')) as object;
    expect(Object.keys(manifest).filter((field) => /dependencies/i.test(field))).toEqual([]);
    expect(Object.keys(manifest)).not.toContain('private');
  });

  test('imports nothing but its own files, and uses nothing that only Node has', () => {
    const dist = join(PACKAGE, 'dist');
    const files = readdirSync(dist).filter((name) => /[.](?:js|d[.]ts)$/.test(name));
    expect(files).toContain('index.js');
    for (const name of files) {
      const source = readFileSync(join(dist, name), 'utf8');
      const imports = /^(?:import|export)\s[^;'"]*from\s*['"]([^'"]+)['"]|\bimport\s*\(\s*['"]([^'"]+)['"]/gm;
      const specifiers = [...source.matchAll(imports)].map(([, from, dynamic]) => from ?? dynamic ?? '');
      expect([name, specifiers.filter((from) => !/^[.][/][a-z.-]+$/.test(from))]).toEqual([name, []]);
      if (name.endsWith('.js')) {
        const code = source.replaceAll(/\/\*[^]*?\*\/|\/\/.*/g, '');
        expect([name, code.match(/\b(?:process|Buffer|require|setImmediate|__dirname)\b/g)]).toEqual([
          name,
          null,
        ]);
      }
    }
  });

  test('is packed, and installs and runs in an empty directory, without a network', async () => {
    await using server = await startTestServer();
    const root = await server.setUp();
    const project = await server.project(root);
    using directory = temporaryDirectory();
    run('npm', ['pack', '--ignore-scripts', '--pack-destination', directory.path], PACKAGE, {
      HOME: directory.path,
    });
    const tarball = readdirSync(directory.path).find((name) => name.endsWith('.tgz')) ?? '';
    const target = join(directory.path, 'empty');
    mkdirSync(target);
    run('npm', ['install', '--offline', '--no-audit', '--no-fund', join(directory.path, tarball)], target);

    const installed = join(target, 'node_modules/@coffer/client');
    expect(readdirSync(join(target, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual([
      '@coffer',
    ]);
    expect(readdirSync(installed).toSorted()).toEqual(['LICENSE', 'README.md', 'dist', 'package.json']);
    expect(
      readdirSync(join(installed, 'dist')).filter((name) => /test|tsbuildinfo|[.]map$/.test(name)),
    ).toEqual([]);

    const program = `
      import { createClient } from '@coffer/client';
      const { URL: url, TOKEN: token, PROJECT: project } = process.env;
      const vault = createClient({ url, token }).vault(project);
      const changes = vault.watch({ onReady: () => void vault.set('KEY', 'välue 💚') });
      for await (const { key } of changes) {
        console.log(JSON.stringify({ [key]: await vault.get(key) }));
        break;
      }`;
    writeFileSync(join(target, 'program.mjs'), program);
    const env = { URL: server.app.url, TOKEN: root.token ?? '', PROJECT: project };
    expect(await output(process.execPath, ['program.mjs'], target, env)).toBe('{"KEY":"välue 💚"}\n');
    compile(target);
  });
});

/** Its types stand alone: nothing of them is skipped, and no types of Node are there. */
function compile(directory: string): void {
  const program = `
    import { createClient, CofferError, type VaultEntry } from '@coffer/client';
    const client = createClient({ url: 'http://127.0.0.1', token: async () => 'x' });
    const entry: VaultEntry = await client.vault('shop').set('KEY', 'x', { ifVersion: 0 });
    // @ts-expect-error -- a value is text
    await client.vault('shop').set('KEY', 1);
    // @ts-expect-error -- there is no such field
    await client.api.vault.fetch({ project_id: 'shop', nonsense: 1 });
    for await (const { key } of client.vault('shop').watch()) key satisfies string;
    export const code = (error: unknown): string => (error instanceof CofferError ? error.code : entry.key);`;
  writeFileSync(join(directory, 'program.ts'), program);
  writeFileSync(join(directory, 'package.json'), '{"type":"module"}');
  const options = [
    '--strict',
    '--noEmit',
    '--module',
    'nodenext',
    '--target',
    'es2022',
    '--lib',
    'es2022,dom',
  ];
  run(process.execPath, [COMPILER, ...options, '--types', '', 'program.ts'], directory);
}
