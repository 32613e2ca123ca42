import { createHmac } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { setScene } from './support.ts';

const AWKWARD = 'line 1\nline 2\r\n"double" \'single\' `tick` $HOME ${X} \\n \\ # 🔑 \t end ';

test('set and get give back every byte', async () => {
  await using scene = await setScene();
  const { person } = scene;
  await person.ok(['set', 'AWKWARD', '--comment', 'odd'], { input: AWKWARD });
  expect(await person.ok(['get', 'AWKWARD'])).toBe(AWKWARD);
  await person.ok(['set', 'AWKWARD'], { input: 'next' });
  expect(await person.ok(['get', 'AWKWARD', '--at-version', '1'])).toBe(AWKWARD);
  expect(JSON.parse(await person.ok(['get', 'AWKWARD', '--json']))).toMatchObject({
    value: 'next',
    comment: 'odd',
    version: 2,
  });
});

test('list, history, restore, rm and events say what there is and was', async () => {
  await using scene = await setScene();
  const { person, project } = scene;
  await person.here.ok(['set', 'A'], { input: '1' });
  await person.here.ok(['set', 'A'], { input: '2' });
  expect((await person.here.ok(['list'])).split('\t').slice(0, 2)).toEqual(['A', '2']);
  expect(JSON.parse(await person.here.ok(['history', 'A', '--json']))).toHaveLength(2);
  await person.here.ok(['restore', 'A', '1']);
  expect(await person.here.ok(['get', 'A'])).toBe('1');
  expect((await person.here.run(['rm', 'A'])).code).toBe(2);
  await person.here.ok(['rm', 'A', '--yes']);
  expect((await person.here.run(['get', 'A'])).code).toBe(5);
  expect(await person.here.ok(['events', '-n', '2'])).toContain('vault_delete');
  expect(await person.here.ok(['projects'])).toMatch(new RegExp(`^${project}\t`));
  expect(await person.here.ok(['whoami'])).toMatch(/^root\tROOT\t/);
});

test('what is exported in any format is imported as the same', async () => {
  await using scene = await setScene();
  const { person, root, project } = scene;
  await root.ok('environment_create', { project_id: project, id: 'copy', name: 'Copy' });
  const values: Record<string, string> = {
    PLAIN: 'x',
    EMPTY: '',
    LINES: 'one\ntwo\n',
    QUOTES: `"a" 'b' \`c\``,
    TRICKY: ' # $X \\n 🔑 ',
    YES: 'yes',
    NUMBER: '0123',
    ODD: 'a\u0085b\u2028c\ufeff',
  };
  for (const [key, value] of Object.entries(values))
    await person.here.ok(['set', key, '--empty'], { input: value });
  for (const format of ['dotenv', 'json', 'yaml']) {
    const text = await person.here.ok(['export', '--format', format]);
    const result = await person.here.ok(
      ['import', '-', '-e', 'copy', '--format', format, '--yes', '--json'],
      {
        input: text,
      },
    );
    expect(JSON.parse(result).updated).toEqual([]);
    expect(JSON.parse(await person.here.ok(['export', '-e', 'copy', '--json']))).toEqual(values);
    expect((await person.here.ok(['diff', 'default', 'copy'])).trim()).toBe('');
    for (const key of Object.keys(values)) await person.here.ok(['rm', key, '-e', 'copy', '--yes']);
  }
  const shell = join(person.cwd, 'values.sh');
  writeFileSync(shell, await person.here.ok(['export', '--format', 'shell']));
  expect(
    await person.ok(['run', '--except', '*', '--', 'bash', '-c', `. ${shell}; printf %s "$TRICKY$LINES"x`]),
  ).toBe(`${values['TRICKY']}${values['LINES']}x`);
  expect(await person.here.ok(['export', '--format', 'k8s'])).toContain(`LINES: "${btoa('one\ntwo\n')}"`);
});

test('an import changes all or nothing, and says why', async () => {
  await using scene = await setScene();
  const { person } = scene;
  await person.here.ok(['set', 'A'], { input: '1' });
  const refused = await person.here.run(['import', '-', '--yes'], { input: 'A=2\nB=3\nlower=4\nnonsense\n' });
  expect(refused).toMatchObject({ code: 1, out: '' });
  expect(refused.err).toContain('refused    lower');
  expect(refused.err).toContain('refused    line 4');
  expect(JSON.parse(await person.here.ok(['export', '--json']))).toEqual({ A: '1' });
  expect((await person.here.run(['import', '-'], { input: 'B=3' })).code).toBe(2);
  await person.here.ok(['import', '-', '--yes', '--skip-refused'], { input: 'A=2\nB=3\nlower=4\n' });
  expect(JSON.parse(await person.here.ok(['export', '--json']))).toEqual({ A: '2', B: '3' });
});

test('a template is filled once, and not at all when a key is missing', async () => {
  await using scene = await setScene();
  const { person } = scene;
  await person.here.ok(['set', 'A'], { input: '${{ vault.B }} $& $1' });
  await person.here.ok(['set', 'B'], { input: 'b' });
  const path = join(person.cwd, 'app.conf');
  writeFileSync(path, 'a=${{ vault.A }}\nb=${{vault.B}}\nc=${{ secrets.C }}\n');
  await person.here.ok(['template', path, '--out', 'filled']);
  expect(readFileSync(join(person.cwd, 'filled'), 'utf8')).toBe(
    'a=${{ vault.B }} $& $1\nb=b\nc=${{ secrets.C }}\n',
  );
  const filled = await person.here.ok(['template', '-'], {
    input:
      "${{ base64(vault.B) }} ${{ json(vault.A) }} ${{ basic('ci', vault.B) }} ${{ urlencode(vault.A) }} ${{ steps.vault.b }}",
  });
  expect(filled).toBe(
    'Yg== "${{ vault.B }} $& $1" Y2k6Yg== %24%7B%7B%20vault.B%20%7D%7D%20%24%26%20%241 ${{ steps.vault.b }}',
  );
  const key = await person.here.ok(['template', '-'], {
    input: "${{ hmac_sha256(vault.B, 'what do ya want') }}",
  });
  expect(key).toBe(createHmac('sha256', 'b').update('what do ya want').digest('hex'));
  const missing = await person.here.run(['template', '-'], {
    input: '${{ vault.NO }} ${{ vault.NEITHER }} ${{ vault.A }}',
  });
  expect(missing).toMatchObject({ code: 5, out: '' });
  expect(missing.err).toContain('NO, NEITHER');
  const wrong = [
    'x\n${{ vault.a-b }}',
    'x\n${{ rot13(vault.A) }}',
    'x\n${{ basic(vault.A) }}',
    'x\n${{ vault.A',
  ];
  for (const input of wrong)
    expect((await person.here.run(['template', '-'], { input })).err).toContain('line 2');
});

test('export for a shell is refused what changes how programs load, as run is', async () => {
  await using scene = await setScene();
  const { person } = scene;
  await person.here.ok(['set', 'LD_PRELOAD'], { input: '/tmp/x.so' });
  await person.here.ok(['set', 'SAFE'], { input: '1' });
  const refused = await person.here.run(['export', '--format', 'shell']);
  expect(refused).toMatchObject({ code: 1, out: '' });
  expect(refused.err).toContain('LD_PRELOAD would change how programs are found and loaded');
  expect(await person.here.ok(['export', '--format', 'shell', '--except', 'LD_*'])).toBe("export SAFE='1'\n");
  expect(await person.here.ok(['export', '--format', 'shell', '--only', 'LD_PRELOAD'])).toContain(
    'LD_PRELOAD=',
  );
  expect(await person.here.ok(['export'])).toContain('LD_PRELOAD=');
});

test('an empty value is set when it is meant, and not when a command before the pipe failed', async () => {
  await using scene = await setScene();
  const { person } = scene;
  await person.here.ok(['set', 'KEY'], { input: 'old' });
  const file = join(person.cwd, 'empty');
  writeFileSync(file, '');
  for (const [args, input] of [
    [[], ''],
    [['--trim-newline'], '\n'],
    [['--file', file], 'x'],
  ] as const) {
    const refused = await person.here.run(['set', 'KEY', ...args], { input });
    expect(refused.code).toBe(1);
    expect(refused.err).toContain('coffer set KEY --empty');
  }
  expect(await person.here.ok(['get', 'KEY'])).toBe('old');
  await person.here.ok(['set', 'KEY', '--empty'], { input: '' });
  expect(await person.here.ok(['get', 'KEY'])).toBe('');
});

test('a value of the largest size passes with the line break that is left out; more of anything is refused', async () => {
  await using scene = await setScene();
  const { person } = scene;
  const largest = 'x'.repeat(65_536);
  await person.ok(['set', 'KEY', '--trim-newline'], { input: `${largest}\n` });
  expect(await person.ok(['get', 'KEY'])).toBe(largest);
  const cases = [
    [['set', 'KEY'], 65_537, '65536 bytes'],
    [['set', 'KEY'], 2 * 1024 * 1024, 'standard input has more than'],
    [['import', '-', '--yes'], 17 * 1024 * 1024, 'standard input has more than'],
    [['template', '-'], 17 * 1024 * 1024, 'standard input has more than'],
  ] as const;
  for (const [args, bytes, said] of cases) {
    const refused = await person.run(args, { input: Buffer.alloc(bytes, 'x') });
    expect(refused).toMatchObject({ code: 1, out: '' });
    expect(refused.err).toContain(said);
  }
  expect((await person.run(['import', '/dev/zero', '--format', 'dotenv'])).err).toContain(
    '/dev/zero has more',
  );
});

test('what others wrote steers no terminal, in JSON neither', async () => {
  await using scene = await setScene();
  const { person } = scene;
  await person.here.ok(['set', 'KEY', '--comment', 'a\u009b2Jb'], { input: 'c\u009b2Jd' });
  for (const args of [['list'], ['list', '--json'], ['get', 'KEY', '--json'], ['export', '--json']])
    expect(await person.here.ok(args)).not.toContain('\u009b');
  expect(JSON.parse(await person.here.ok(['get', 'KEY', '--json'])).value).toBe('c\u009b2Jd');
});

test('refusals name what is wrong and what to do', async () => {
  await using scene = await setScene();
  const { person, root, project } = scene;
  const outside = join(person.base, 'home');
  const cases: [number, string, string[], Parameters<typeof person.run>[1]?][] = [
    [5, `has no environment nope`, ['diff', 'default', 'nope']],
    [5, `has no environment nope`, ['diff', 'nope', 'default']],
    [2, 'coffer init --project ID', ['init'], { cwd: outside }],
    [5, `has no environment nope`, ['init', '--project', project, '--env', 'nope'], { cwd: outside }],
    [2, 'is not the id', ['init', '--project', project, '--env', 'Not One'], { cwd: outside }],
    [2, 'leave it out', ['set', 'KEY=canary']],
    [2, '--name', ['export', '--format', 'k8s', '--name', 'BAD NAME']],
    [2, 'comment ', ['set', 'KEY', '--comment', 'x'.repeat(20_000)], { input: '1' }],
    [
      3,
      'it is COFFER_TOKEN that is refused',
      ['list'],
      { env: { COFFER_URL: scene.url, COFFER_TOKEN: 'no' } },
    ],
    [3, 'where you are not signed in', ['list'], { env: { HOME: outside, XDG_CONFIG_HOME: person.cwd } }],
    [2, 'give one of them', ['login', scene.url, '--token-stdin', '--trust', 'trs_x'], { input: 'x' }],
  ];
  for (const [code, said, args, options] of cases) {
    const result = await person.here.run(args, options);
    expect([args, result.code, result.out]).toEqual([args, code, '']);
    expect(result.err).toContain(said);
    expect(result.err).not.toContain('canary');
  }
  const { token } = await root.ok('token_create', {
    kind: 'service',
    name: 'reader',
    project_id: project,
    permissions: ['vault.list'],
  });
  const env = { COFFER_URL: scene.url, COFFER_TOKEN: token };
  const { access_token } = JSON.parse(await person.here.ok(['whoami', '--json'], { env }));
  expect(access_token.permissions).toEqual(['vault.list']);
});
