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
  await person.ok(['set', 'A'], { input: '1' });
  await person.ok(['set', 'A'], { input: '2' });
  expect((await person.ok(['list'])).split('\t').slice(0, 2)).toEqual(['A', '2']);
  expect(JSON.parse(await person.ok(['history', 'A', '--json']))).toHaveLength(2);
  await person.ok(['restore', 'A', '1']);
  expect(await person.ok(['get', 'A'])).toBe('1');
  expect((await person.run(['rm', 'A'])).code).toBe(2);
  await person.ok(['rm', 'A', '--yes']);
  expect((await person.run(['get', 'A'])).code).toBe(5);
  expect(await person.ok(['events', '-n', '2'])).toContain('vault_delete');
  expect(await person.ok(['projects'])).toMatch(new RegExp(`^${project}\t`));
  expect(await person.ok(['whoami'])).toMatch(/^root\tROOT\t/);
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
  for (const [key, value] of Object.entries(values)) await person.ok(['set', key], { input: value });
  for (const format of ['dotenv', 'json', 'yaml']) {
    const text = await person.ok(['export', '--format', format]);
    const result = await person.ok(['import', '-', '-e', 'copy', '--format', format, '--yes', '--json'], {
      input: text,
    });
    expect(JSON.parse(result).updated).toEqual([]);
    expect(JSON.parse(await person.ok(['export', '-e', 'copy', '--json']))).toEqual(values);
    expect((await person.ok(['diff', 'default', 'copy'])).trim()).toBe('');
    for (const key of Object.keys(values)) await person.ok(['rm', key, '-e', 'copy', '--yes']);
  }
  const shell = join(person.cwd, 'values.sh');
  writeFileSync(shell, await person.ok(['export', '--format', 'shell']));
  expect(
    await person.ok(['run', '--except', '*', '--', 'bash', '-c', `. ${shell}; printf %s "$TRICKY$LINES"x`]),
  ).toBe(`${values['TRICKY']}${values['LINES']}x`);
  expect(await person.ok(['export', '--format', 'k8s'])).toContain(`LINES: "${btoa('one\ntwo\n')}"`);
});

test('an import changes all or nothing, and says why', async () => {
  await using scene = await setScene();
  const { person } = scene;
  await person.ok(['set', 'A'], { input: '1' });
  const refused = await person.run(['import', '-', '--yes'], { input: 'A=2\nB=3\nlower=4\nnonsense\n' });
  expect(refused).toMatchObject({ code: 1, out: '' });
  expect(refused.err).toContain('refused    lower');
  expect(refused.err).toContain('refused    line 4');
  expect(JSON.parse(await person.ok(['export', '--json']))).toEqual({ A: '1' });
  expect((await person.run(['import', '-'], { input: 'B=3' })).code).toBe(2);
  await person.ok(['import', '-', '--yes', '--skip-refused'], { input: 'A=2\nB=3\nlower=4\n' });
  expect(JSON.parse(await person.ok(['export', '--json']))).toEqual({ A: '2', B: '3' });
});

test('a template is filled once, and not at all when a key is missing', async () => {
  await using scene = await setScene();
  const { person } = scene;
  await person.ok(['set', 'A'], { input: '${{ vault.B }} $& $1' });
  await person.ok(['set', 'B'], { input: 'b' });
  const path = join(person.cwd, 'app.conf');
  writeFileSync(path, 'a=${{ vault.A }}\nb=${{vault.B}}\nc=${{ secrets.C }}\n');
  await person.ok(['template', path, '--out', 'filled']);
  expect(readFileSync(join(person.cwd, 'filled'), 'utf8')).toBe(
    'a=${{ vault.B }} $& $1\nb=b\nc=${{ secrets.C }}\n',
  );
  const missing = await person.run(['template', '-'], {
    input: '${{ vault.NO }} ${{ vault.NEITHER }} ${{ vault.A }}',
  });
  expect(missing).toMatchObject({ code: 5, out: '' });
  expect(missing.err).toContain('NO, NEITHER');
  expect((await person.run(['template', '-'], { input: 'x\n${{ vault.a-b }}' })).err).toContain('line 2');
});
