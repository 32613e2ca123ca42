import { describe, expect, test } from 'vitest';
import { globalOptionsOf } from './command.ts';
import { COMMANDS } from './commands.ts';
import { parseCommandLine } from './parse-command-line.ts';

function codeOf(argv: readonly string[]): unknown {
  try {
    parseCommandLine(argv, COMMANDS);
    return undefined;
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
}

describe('parseCommandLine', () => {
  test('takes options of every command before and after the command', () => {
    for (const argv of [
      ['-p', 'shop', 'get', 'KEY', '--json'],
      ['get', '--project=shop', '--json', 'KEY'],
    ]) {
      expect(parseCommandLine(argv, COMMANDS)).toMatchObject({
        kind: 'run',
        command: { name: 'get' },
        global: { project: 'shop', json: true, url: undefined },
        input: { args: { KEY: 'KEY' } },
      });
    }
  });

  test('leaves what stands behind -- to the command that is run', () => {
    const line = parseCommandLine(['run', '-e', 'staging', '--', 'npm', 'run', '--', '-p', 'x'], COMMANDS);
    expect(line).toMatchObject({
      global: { env: 'staging', project: undefined },
      input: { command: ['npm', 'run', '--', '-p', 'x'] },
    });
  });

  test('shows help for the words that people use', () => {
    for (const argv of [[], ['--help'], ['help'], ['-h']])
      expect(parseCommandLine(argv, COMMANDS)).toEqual({ kind: 'help', command: undefined });
    for (const argv of [
      ['get', '-h'],
      ['help', 'get'],
      ['get', '--help', 'KEY'],
    ])
      expect(parseCommandLine(argv, COMMANDS)).toMatchObject({ kind: 'help', command: { name: 'get' } });
  });

  test.each([
    ['usage', ['list', 'too-many']],
    ['usage', ['get']],
    ['usage', ['get', 'KEY', '--nonsense']],
    ['usage', ['run', 'npm', 'start']],
    ['usage', ['export', '--format', 'xml']],
    ['usage', ['--nonsense']],
    ['command_unknown', ['nonsense']],
    ['value_in_arguments', ['set', 'KEY', 'value']],
  ])('fails with %s: %j', (code, argv) => {
    expect(codeOf(argv)).toBe(code);
  });

  test('takes commands of two words, which are those of a group', () => {
    const argv = ['-p', 'shop', 'routes', '--json', 'call', 'charge', 'a=1', 'b=2'];
    expect(parseCommandLine(argv, COMMANDS)).toMatchObject({
      kind: 'run',
      command: { name: 'routes call' },
      global: { project: 'shop', json: true },
      input: { args: { ID: 'charge', 'NAME=VALUE': ['a=1', 'b=2'] } },
    });
    for (const alone of [['routes'], ['routes', '--help'], ['help', 'routes']])
      expect(parseCommandLine(alone, COMMANDS)).toEqual({ kind: 'help-of-group', group: 'routes' });
    for (const help of [
      ['help', 'routes', 'call'],
      ['routes', 'call', '-h'],
    ])
      expect(parseCommandLine(help, COMMANDS)).toMatchObject({ command: { name: 'routes call' } });
    expect(codeOf(['routes', 'nonsense'])).toBe('command_unknown');
    expect(codeOf(['routes', 'call'])).toBe('usage');
  });

  test('collects what may be repeated, and names any other option that is given twice', () => {
    expect(parseCommandLine(['run', '--only', 'A', '--only', 'B', '--', 'x'], COMMANDS)).toMatchObject({
      input: { options: { only: ['A', 'B'] } },
    });
    expect(
      parseCommandLine(['admin', 'backup', '--recipient', 'a', '--recipient=b', 'f'], COMMANDS),
    ).toMatchObject({ input: { options: { recipient: ['a', 'b'] } } });
    for (const [option, argv] of [
      ['--project', ['get', 'KEY', '-p', 'shop', '--project=blog']],
      ['--project', ['-p', 'shop', 'get', 'KEY', '-p', 'shop']],
      ['--format', ['export', '--format', 'json', '--format', 'yaml']],
      ['--json', ['list', '--json', '--json']],
      ['--verify', ['admin', 'restore', '--verify', '--verify', 'f']],
      ['--url', ['--url', 'a', '--url', 'b']],
    ] as const)
      expect(() => parseCommandLine(argv, COMMANDS)).toThrow(`${option} is given more than once`);
  });

  test('refuses options that mean nothing to a command', () => {
    const taken = ['url', 'project', 'env'].map((option) =>
      COMMANDS.filter((command) => option in globalOptionsOf(command)).map(({ name }) => name),
    );
    expect(taken[0]).toEqual(expect.arrayContaining(['login', 'environments', 'get']));
    expect(taken[1]).toEqual(expect.arrayContaining(['environments', 'get']));
    expect(taken[1]).not.toContain('login');
    expect(taken[2]).toEqual(expect.arrayContaining(['get', 'run', 'export']));
    for (const argv of [
      ['serve', '--url', 'x'],
      ['admin', 'rotate', 'root-key', '--project', 'shop'],
      ['--env', 'x', 'admin', 'audit', 'verify'],
      ['admin', 'rotate', 'data-key', '--url', 'x'],
      ['login', '-p', 'shop'],
      ['environments', '-e', 'staging'],
      ['diff', 'a', 'b', '-e', 'c'],
    ])
      expect(codeOf(argv), argv.join(' ')).toBe('usage');
    expect(parseCommandLine(['admin', 'rotate', 'data-key', '-p', 'shop'], COMMANDS)).toMatchObject({
      input: { options: { project: 'shop' } },
    });
  });

  test('repeats no value that was given by mistake', () => {
    for (const argv of [
      ['set', 'KEY', 's3cret-canary'],
      ['set', 'KEY', '--value=s3cret-canary'],
      ['s3cret-canary'],
      ['routes', 's3cret-canary'],
      ['get', 'KEY', '--json=s3cret-canary'],
      ['export', '--format', 's3cret-canary'],
    ]) {
      expect(() => parseCommandLine(argv, COMMANDS)).toThrow(/^(?!.*s3cret-canary)/s);
    }
  });
});

test('every command has an example that parses, and its options do not hide those of every command', () => {
  for (const { name, examples, options, ...rest } of COMMANDS) {
    expect(examples.length, name).toBeGreaterThan(0);
    const common = globalOptionsOf(rest);
    expect(Object.keys(options).filter((option) => option in common)).toEqual([]);
  }
});
