import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { startTestServer } from '../../packages/server/src/testing/server.ts';
import { COFFER, Person } from './support.ts';

const PACKAGE = fileURLToPath(new URL('../../packages/cli', import.meta.url));

test('the package installs and runs in an empty directory, without a network', () => {
  using person = new Person();
  const options = { cwd: person.cwd, env: { ...person.env, npm_config_cache: join(person.base, 'npm') } };
  const [packed = ''] = execFileSync('npm', ['pack', PACKAGE, '--silent'], {
    ...options,
    encoding: 'utf8',
  }).split('\n');
  mkdirSync(join(person.cwd, 'node_modules'));
  execFileSync('npm', ['install', '--offline', '--no-audit', '--omit=dev', `./${packed}`], {
    ...options,
    stdio: 'ignore',
  });
  const installed = join(person.cwd, 'node_modules/.bin/coffer');
  expect(execFileSync(installed, ['--version'], { ...options, encoding: 'utf8' })).toMatch(
    /^\d+\.\d+\.\d+\n$/,
  );
  const manifest = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8'));
  expect(manifest).not.toHaveProperty('dependencies');
});

test('the bundle is one file that imports nothing but what Node has', () => {
  const code = readFileSync(COFFER, 'utf8');
  const imported = [...code.matchAll(/\b(?:from|import)\s*\(?["']([\w@.][\w@:/.-]*)["']/g)].map(
    ([, name]) => name,
  );
  expect(imported.length).toBeGreaterThan(5);
  expect(imported.filter((name) => !name?.startsWith('node:'))).toEqual([]);
});

test('no command waits for what another needs: an HTTP server', () => {
  const code = readFileSync(COFFER, 'utf8');
  const loadedAtOnce = [...code.matchAll(/\bfrom\s*["'](node:[\w/]+)["']/g)].map(([, name]) => name);
  expect(loadedAtOnce).toContain('node:fs');
  expect(loadedAtOnce).not.toEqual(
    expect.arrayContaining([expect.stringMatching(/^node:(http|https|net|tls)$/)]),
  );
  expect(code).toMatch(/import\(["'`]node:http["'`]\)/);
});

/** The Node that the machine has, and not the one that the tests run on. */
function machinesNode(): { path: string; version: string } | undefined {
  const own = process.env['PATH']
    ?.split(delimiter)
    .filter((directory) => !directory.includes('node_modules'));
  const { stdout, status } = spawnSync('sh', ['-c', 'command -v node && node --version'], {
    env: { PATH: own?.join(delimiter) },
    encoding: 'utf8',
  });
  const [path = '', version = ''] = stdout.trim().split('\n');
  return status === 0 && Number(version.slice(1).split('.')[0]) >= 20 ? { path, version } : undefined;
}

const node = machinesNode();
test.skipIf(node === undefined)(`the bundle runs on the Node of the machine (${node?.version})`, async () => {
  await using server = await startTestServer();
  using person = new Person();
  const root = await server.setUp();
  const project = await server.project(root);
  await root.ok('vault_create', { project_id: project, key: 'KEY', value: 'one' });
  const coffer = async (args: string[], input = ''): Promise<string> => {
    const child = spawn(node?.path ?? '', [COFFER, ...args], { cwd: person.cwd, env: person.env });
    child.stdin.end(input);
    const parts = await Promise.all([text(child.stdout), text(child.stderr)]);
    return parts.join('');
  };
  expect(await coffer(['--version'])).toMatch(/^\d+\.\d+\.\d+\n$/);
  await coffer(['login', server.app.url, '--token-stdin'], root.token);
  expect(await coffer(['get', 'KEY', '--project', project])).toBe('one');
  expect(await coffer(['run', '--project', project, '--', 'sh', '-c', 'echo $KEY'])).toBe('one\n');
});
