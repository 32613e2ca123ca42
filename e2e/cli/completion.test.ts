import { execFileSync, spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { Person } from './support.ts';

/** What bash offers for the last of these words. */
function offers(script: string, words: readonly string[]): string[] {
  const quoted = ['coffer', ...words].map((word) => `'${word}'`).join(' ');
  const lines = `${script}\nCOMP_WORDS=(${quoted}); COMP_CWORD=${words.length}; _coffer; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['-c', lines], { encoding: 'utf8' }).trim().split('\n');
}

test('bash completes commands, options and what they may be', async () => {
  using person = new Person();
  const script = await person.ok(['completion', 'bash']);
  expect(offers(script, ['ex'])).toEqual(['export']);
  expect(offers(script, ['-p', 'shop', 'ex'])).toEqual(['export']);
  expect(offers(script, ['run', '--off'])).toEqual(['--offline-ok', '--offline-ttl']);
  expect(offers(script, ['export', '--format', ''])).toEqual(['dotenv', 'json', 'yaml', 'shell', 'k8s']);
  expect(offers(script, ['completion', ''])).toContain('fish');
  expect(offers(script, ['ro'])).toEqual(['routes']);
  expect(offers(script, ['routes', 'ca'])).toEqual(['call', 'calls']);
  expect(offers(script, ['-p', 'shop', 'routes', 'apply', '--if'])).toEqual(['--if-version']);
  expect(offers(script, ['admin', ''])).toContain('audit');
  expect(offers(script, ['admin', 'audit', 'ver'])).toEqual(['verify']);
  expect(offers(script, ['admin', 'audit', 'verify', '--js'])).toEqual(['--json']);
  // What means nothing to it is not offered.
  expect(offers(script, ['admin', 'audit', 'verify', '--'])).toEqual(['--json', '--help', '--version']);
  expect(offers(script, ['run', '--', 'ca'])).toContain('cat');
  expect(offers(script, ['run', '--', 'cat', ''])).toEqual(['']);
});

const FISH = 'fish';
const HAS_FISH = spawnSync(FISH, ['--version']).error === undefined;

test.skipIf(!HAS_FISH)(
  'fish completes commands, options, what they may be, and the command to run',
  async () => {
    using person = new Person();
    const script = await person.ok(['completion', 'fish']);
    const offersOf = (line: string): string[] => {
      const lines = `${script}\ncomplete -C '${line}'`;
      const printed = execFileSync(FISH, ['-c', lines], { encoding: 'utf8', env: person.env });
      return printed
        .trim()
        .split('\n')
        .map((offer) => offer.split('\t')[0] ?? '');
    };
    expect(offersOf('coffer ex')).toEqual(['export']);
    expect(offersOf('coffer -p shop ex')).toEqual(['export']);
    expect(offersOf('coffer run --off')).toEqual(['--offline-ok', '--offline-ttl']);
    expect(offersOf('coffer export --format y')).toEqual(['yaml']);
    expect(offersOf('coffer routes ca')).toEqual(['call', 'calls']);
    expect(offersOf('coffer admin audit ver')).toEqual(['verify']);
    expect(offersOf('coffer admin audit verify --js')).toEqual(['--json']);
    expect(offersOf('coffer -p shop routes apply --if')).toEqual(['--if-version']);
    expect(offersOf('coffer run --only A -- coffer expo')).toEqual(['export']);
    expect(offersOf('coffer run -- coffer export --off')).toEqual(['']);
  },
);

test.each(['zsh', 'fish'])(
  'the script for %s is one that the shell reads, where there is one',
  async (shell) => {
    using person = new Person();
    const script = await person.ok(['completion', shell]);
    expect(script).toContain('offline-ok');
    const { error, status } = spawnSync(shell, ['-n', '-c', script]);
    if (error === undefined) expect(status).toBe(0);
  },
);
