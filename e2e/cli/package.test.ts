import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
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

test('--version takes under 100 ms of CPU', () => {
  const cpuMs = (): number => {
    // The second line of `times` is what the children of the shell used.
    const { stdout } = spawnSync(
      'bash',
      ['-c', `"$0" "$1" --version > /dev/null; times`, process.execPath, COFFER],
      {
        encoding: 'utf8',
      },
    );
    const [user = 0, system = 0] = (stdout.trim().split('\n')[1] ?? '')
      .split(' ')
      .map((time) => Number(time.replace(/^0m|s$/g, '')) * 1000);
    return user + system;
  };
  // The best of several: others use the machine, too.
  expect(Math.min(cpuMs(), cpuMs(), cpuMs(), cpuMs(), cpuMs())).toBeLessThan(100);
});
