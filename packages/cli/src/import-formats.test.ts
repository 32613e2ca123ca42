import { expect, test } from 'vitest';
import { readImport } from './import-formats.ts';

const NO_VALUE = 'has no value; an empty one is written ""';
const NO_TEXT = 'must be a text, a number or a truth value';

test.each([
  ['A: 0123\nB: 1.10\nC: yes\nD: ""\nE: "~"\n', { A: '0123', B: '1.10', C: 'yes', D: '', E: '~' }],
  ['A: &x one\nB: *x\nC: !!str null\n', { A: 'one', B: 'one', C: 'null' }],
  ['{A: |-\n  1\n  2\n}', undefined],
])('YAML %j', async (text, values) => {
  const file = readImport('yaml', text, 'x.yaml');
  if (values === undefined) await expect(file).rejects.toMatchObject({ code: 'file_invalid' });
  else expect(Object.fromEntries((await file).values)).toEqual(values);
});

test.each([
  ['yaml', 'A:', 'A', NO_VALUE],
  ['yaml', 'A: ~', 'A', NO_VALUE],
  ['yaml', 'A: null', 'A', NO_VALUE],
  ['yaml', '? A', 'A', NO_VALUE],
  ['yaml', 'A: !!null x', 'A', NO_VALUE],
  ['yaml', 'A: !!binary eA==', 'A', NO_TEXT],
  ['yaml', 'A: *nowhere', 'A', NO_TEXT],
  ['yaml', 'A: [1]', 'A', NO_TEXT],
  ['json', '{"A": null}', 'A', NO_VALUE],
  ['json', '{"A": [1]}', 'A', NO_TEXT],
] as const)('%s %s is refused by its key', async (format, text, what, why) => {
  const { values, refused } = await readImport(format, text, 'x');
  expect(values.size).toBe(0);
  expect(refused).toEqual([{ what, why }]);
});

test('YAML that would grow without end is refused, and no value is told', async () => {
  const lines = Array.from({ length: 30 }, (_, at) =>
    at === 0 ? 'A0: &a0 [canary, canary]' : `A${at}: &a${at} [${`*a${at - 1}, `.repeat(9)}*a${at - 1}]`,
  );
  const { values, refused } = await readImport('yaml', lines.join('\n'), 'x');
  expect(values.size).toBe(0);
  expect(refused).toHaveLength(30);
});

test.each(['yaml', 'json'] as const)('%s that is nested too deeply is no fault of ours', async (format) => {
  const deep = '['.repeat(100_000);
  const text = format === 'json' ? `{"A": ${deep}${']'.repeat(100_000)}}` : deep;
  await expect(readImport(format, text, 'x')).rejects.toMatchObject({ code: 'file_invalid' });
});

test('a key that is a map is refused without a word of it', async () => {
  const warnings: unknown[] = [];
  const note = (warning: Error): void => void warnings.push(warning.message);
  process.on('warning', note);
  const { refused } = await readImport('yaml', '? {canary: canary}\n: x\n', 'x');
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', note);
  expect(refused).toEqual([expect.objectContaining({ what: 'a key' })]);
  expect(warnings).toEqual([]);
});
