import { readFileSync, symlinkSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { PASSWORD, startTestServer } from '../../packages/server/src/testing/server.ts';
import { HAS_PSEUDO_TERMINALS } from './pseudo-terminal.ts';
import { COFFER, Person } from './support.ts';

const run = promisify(execFile);
/** Pages with a session, and how many steps it has at least. */
const PAGES = [
  ['docs/guide/command-line.md', 15],
  ['README.md', 4],
] as const;

/** Commands and what they print, from the blocks of console. `…` stands for anything. */
function sessionOf(page: string): { command: string; expected: string }[] {
  const text = readFileSync(new URL(`../../${page}`, import.meta.url), 'utf8');
  const blocks = [...text.matchAll(/^```console\n(.*?)^```$/gms)];
  return blocks.flatMap(([, block = '']) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((step) => {
        const end = step.indexOf('\n');
        return { command: step.slice(0, end), expected: step.slice(end + 1) };
      }),
  );
}

test.each(PAGES)(
  'the session of %s does and prints what it says',
  async (page, stepsMin) => {
    await using server = await startTestServer();
    using person = new Person();
    const root = await server.setUp();
    await root.ok('project_create', { id: 'shop', name: 'Shop', api_path: '/shop' });
    await root.ok('environment_create', { project_id: 'shop', id: 'staging', name: 'Staging' });
    await person.ok(['login', server.app.url, '--token-stdin'], { input: root.token ?? '' });
    const bin = join(person.base, 'bin');
    mkdirSync(bin);
    symlinkSync(COFFER, join(bin, 'coffer'));
    const env = { ...person.env, PATH: `${bin}:${person.env['PATH']}` };

    const steps = sessionOf(page);
    expect(steps.length).toBeGreaterThanOrEqual(stepsMin);
    for (const { command, expected } of steps) {
      const { stdout: printed } = await run('bash', ['-c', `{ ${command}\n} 2>&1`], { cwd: person.cwd, env });
      const [before = '', behind = ''] = expected.trim().split('…');
      expect([command, trimLines(printed).slice(0, trimLines(before).length)]).toEqual([
        command,
        trimLines(before),
      ]);
      if (!expected.includes('…'))
        expect([command, trimLines(printed)]).toEqual([command, trimLines(before)]);
      else expect(printed.trim().endsWith(behind)).toBe(true);
    }
  },
  120_000,
);

test.skipIf(!HAS_PSEUDO_TERMINALS)('signing in on a terminal is as the guide shows it', async () => {
  await using server = await startTestServer();
  using person = new Person();
  const root = await server.setUp();
  const names = { email: 'ada@example.org', first_name: 'Ada', last_name: 'Lovelace' };
  await root.ok('user_create', { ...names, username: 'ada', password: PASSWORD, role: 'ADMIN' });
  const text = readFileSync(new URL('../../docs/guide/command-line.md', import.meta.url), 'utf8');
  const [, shown = ''] = /^```\n\$ coffer (login .*?)\n```$/ms.exec(text) ?? [];
  const [line = '', ...dialogue] = shown.replaceAll('https://vault.example.org', server.app.url).split('\n');
  expect(dialogue).toHaveLength(3);
  await using terminal = person.onTerminal(line.split(' '));
  for (const said of dialogue) {
    const [, question = said, answer] = /^(.*:)(?: (\S+))?$/.exec(said) ?? [];
    await terminal.see(question);
    // What the guide does not show, nor does the terminal.
    if (question !== said || said.endsWith(':')) terminal.type(`${answer ?? PASSWORD}\r`);
  }
  expect(await terminal.ended()).toBe(0);
  expect(terminal.shown).not.toContain(PASSWORD);
  expect(await person.here.ok(['whoami'])).toContain('ada\tADMIN');
});

/** Editors take blanks at the ends of lines away. */
function trimLines(text: string): string {
  return text.replace(/[ \t]+$/gm, '').trim();
}
