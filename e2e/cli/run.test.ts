import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { Client } from '../../packages/server/src/testing/client.ts';
import { startTestServer } from '../../packages/server/src/testing/server.ts';
import { ScriptedServer } from '../../packages/server/src/testing/scripted-server.ts';
import { HAS_PSEUDO_TERMINALS } from './pseudo-terminal.ts';
import { Person, setScene, type Scene } from './support.ts';

const AWKWARD = 'line 1\nline 2\r\n"double" \'single\' `tick` $HOME ${X} $(id) \\n \\ # 🔑 \t end \n';
const NODE = process.execPath;
/** Says that it is there, and which signals it gets. */
const LISTENER = `
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2', 'SIGWINCH'])
    process.on(signal, () => { console.log(signal); if (signal === 'SIGTERM') process.exit(7); });
  setInterval(() => {}, 1000);
  console.log('ready');`;

async function sayUntil(stream: Readable, words: string): Promise<string> {
  let said = '';
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    said += String(chunk);
    if (said.includes(words)) return said;
  }
  throw new Error(`it ended before it said ${words}: ${said}`);
}

async function withValue(scene: Scene, value = AWKWARD): Promise<void> {
  await scene.person.here.ok(['set', 'AWKWARD'], { input: value });
}

test('a value arrives byte for byte, beside what the environment had', async () => {
  await using scene = await setScene();
  await withValue(scene);
  const script =
    'process.stdout.write(JSON.stringify([process.env.AWKWARD, process.env.HERE, process.argv.slice(1)]))';
  const out = await scene.person.ok(['run', '--', NODE, '-e', script, '--', 'a b', '--json', '-h'], {
    env: { HERE: 'yes' },
  });
  expect(JSON.parse(out)).toEqual([AWKWARD, 'yes', ['a b', '--json', '-h']]);
});

test('input, output and errors are those of the command', async () => {
  await using scene = await setScene();
  const script = 'process.stdin.pipe(process.stdout); process.stdin.on("end", () => console.error("done"))';
  const result = await scene.person.run(['run', '--', NODE, '-e', script], { input: 'through' });
  expect(result).toMatchObject({ code: 0, out: 'through', err: 'done\n' });
});

test('exit codes are passed on', async () => {
  await using scene = await setScene();
  const codes = [0, 1, 2, 77, 126, 127, 128, 130, 255];
  const ends = codes.map(async (code) => await scene.person.run(['run', '--', 'sh', '-c', `exit ${code}`]));
  expect((await Promise.all(ends)).map(({ code }) => code)).toEqual(codes);
});

test('death by a signal is passed on; one that leaves an image of the memory is told by a code', async () => {
  await using scene = await setScene();
  const dieBy = async (signal: string): Promise<unknown> => {
    const script = `ulimit -c 0; kill -${signal.slice(3)} $$`;
    const ending = await scene.person.run(['run', '--', 'sh', '-c', script]);
    return [signal, ending.code, ending.signal];
  };
  const expected = [
    ...['SIGTERM', 'SIGKILL', 'SIGINT', 'SIGHUP', 'SIGUSR2'].map((signal) => [signal, null, signal]),
    ['SIGSEGV', 139, null],
    ['SIGQUIT', 131, null],
    ['SIGABRT', 134, null],
  ];
  expect(await Promise.all(expected.map(async ([signal]) => await dieBy(String(signal))))).toEqual(expected);
});

test('signals reach the command, which decides what they mean', async () => {
  await using scene = await setScene();
  const child = scene.person.start(['run', '--', NODE, '-e', LISTENER]);
  const ended = once(child, 'close');
  const stdout = child.stdout as Readable;
  await sayUntil(stdout, 'ready');
  for (const signal of ['SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR2', 'SIGWINCH'] as const) {
    child.kill(signal);
    await sayUntil(stdout, signal);
  }
  child.kill('SIGTERM');
  expect(await ended).toEqual([7, null]);
});

test.skipIf(!HAS_PSEUDO_TERMINALS)(
  'Ctrl-C reaches the command once, in our process group and in one of its own',
  async () => {
    await using scene = await setScene();
    const script = `let times = 0;
      process.on('SIGINT', () => { console.log('times ' + (times += 1)); setTimeout(() => process.exit(9), 300); });
      setInterval(() => {}, 1000); console.log('ready');`;
    for (const command of [[], ['setsid']]) {
      await using terminal = scene.person.onTerminal(['run', '--', ...command, NODE, '-e', script]);
      await terminal.see('ready');
      terminal.type('\u0003');
      await terminal.see('times 1');
      expect(await terminal.ended()).toBe(9);
      expect(terminal.shown).not.toContain('times 2');
    }
  },
);

test('what cannot be started ends with the codes of shells', async () => {
  await using scene = await setScene();
  const { person } = scene;
  const file = join(person.cwd, 'not-executable');
  writeFileSync(file, 'x', { mode: 0o644 });
  expect((await person.run(['run', '--', 'no-such-command'])).code).toBe(127);
  expect((await person.run(['run', '--', file])).code).toBe(126);
});

test('no process has the value in its arguments, and no file is left that holds it', async () => {
  await using scene = await setScene();
  const canary = 'canary-b7c1f0d2';
  const { person } = scene;
  await withValue(scene, canary);
  const child = person.start(['run', '--', NODE, '-e', LISTENER]);
  await sayUntil(child.stdout as Readable, 'ready');
  const lines = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => readIfThere(`/proc/${pid}/cmdline`));
  expect(lines.filter((line) => line.includes('run\0--'))).not.toEqual([]);
  expect(lines.filter((line) => line.includes(canary))).toEqual([]);
  const ended = once(child, 'close');
  child.kill('SIGTERM');
  await ended;
  const files = readdirSync(person.base, { recursive: true, withFileTypes: true }).filter((file) =>
    file.isFile(),
  );
  expect(
    files
      .filter((file) => readFileSync(join(file.parentPath, file.name)).includes(canary))
      .map(({ name }) => name),
  ).toEqual([]);
});

test('COFFER_TOKEN is not passed on unless asked', async () => {
  await using scene = await setScene();
  const { person, url, root, project } = scene;
  const env = { COFFER_URL: url, COFFER_TOKEN: root.token, COFFER_PROJECT: project, HOME: '/nonexistent' };
  const print = [NODE, '-e', 'process.stdout.write(String(process.env.COFFER_TOKEN))'];
  expect(await person.ok(['run', '--', ...print], { env })).toBe('undefined');
  expect(await person.ok(['run', '--pass-token', '--', ...print], { env })).toBe(root.token);
});

test('names that change how programs load are refused unless named', async () => {
  await using scene = await setScene();
  const { person } = scene;
  await person.here.ok(['set', 'NODE_OPTIONS'], { input: '--no-warnings' });
  await person.here.ok(['set', 'FINE'], { input: '1' });
  const refused = await person.run(['run', '--', 'true']);
  expect(refused).toMatchObject({ code: 1, out: '' });
  expect(refused.err).toContain('NODE_OPTIONS would change');
  expect((await person.run(['run', '--only', 'NODE_*', '--', 'true'])).code).toBe(1);
  expect((await person.run(['run', '--only', 'NODE_OPTIONS', '--', 'true'])).code).toBe(0);
  expect((await person.run(['run', '--except', 'NODE_OPTIONS', '--', 'true'])).code).toBe(0);
  expect((await person.run(['run', '--only', 'NOT_THERE', '--', 'true'])).code).toBe(5);
});

test('--watch starts the command anew when a value changes, and ends as it ends', async () => {
  await using scene = await setScene();
  const { person, root, project } = scene;
  await withValue(scene, 'first');
  await person.here.ok(['set', 'OTHER'], { input: '1' });
  const script = `process.on('SIGTERM', () => process.exit(0)); process.on('SIGUSR2', () => process.exit(5));
    setInterval(() => {}, 1000); console.log('with ' + process.env.AWKWARD);`;
  const child = person.start(['run', '--watch', '--only', 'AWKWARD', '--', NODE, '-e', script]);
  const ended = once(child, 'close');
  const stdout = child.stdout as Readable;
  await sayUntil(stdout, 'with first');
  await root.ok('vault_update', { project_id: project, key: 'OTHER', value: '2' });
  await root.ok('vault_update', { project_id: project, key: 'AWKWARD', value: 'second' });
  expect(await sayUntil(stdout, 'with second')).toBe('with second\n');
  child.kill('SIGUSR2');
  expect(await ended).toEqual([5, null]);
});

test('an offline copy starts a command while the server is away, until it expires, with the same token alone', async () => {
  await using scene = await setScene();
  const { person, server, url, project } = scene;
  await withValue(scene, 'kept-canary');
  const command = ['--', NODE, '-e', 'process.stdout.write(process.env.AWKWARD)'];
  await person.ok(['run', '--offline-ok', ...command]);
  const directory = join(person.base, 'home/.cache/coffer/offline');
  const [copy = ''] = readdirSync(directory);
  expect(readFileSync(join(directory, copy), 'utf8')).not.toContain('kept-canary');
  await server.stop();

  expect((await person.run(['run', ...command])).code).toBe(7);
  const offline = await person.run(['run', '--offline-ok', ...command]);
  expect(offline).toMatchObject({ code: 0, out: 'kept-canary' });
  expect(offline.err).toContain('is away');
  const other = { COFFER_URL: url, COFFER_TOKEN: 'another', COFFER_PROJECT: project };
  expect((await person.run(['run', '--offline-ok', ...command], { env: other })).code).toBe(7);
  const text = readFileSync(join(directory, copy), 'utf8');
  writeFileSync(join(directory, copy), text.replace(/"expires_at":"20/, '"expires_at":"21'), { mode: 0o600 });
  expect((await person.run(['run', '--offline-ok', ...command])).code).toBe(7);
}, 60_000);

test.each([[['run', '--offline-ok', '--', 'true']], [['run', '--', 'true']], [['list']], [['whoami']]])(
  'the use of an offline copy is on record after the next contact, as with %j',
  async (contact) => {
    await using scene = await setScene();
    const { person, server, root, project } = scene;
    await withValue(scene, 'kept');
    const command = ['run', '--offline-ok', '--', 'true'];
    await person.ok(command);
    const { port } = new URL(server.app.url);
    await server.stop();
    await person.ok(command);
    await person.ok(command);
    await using again = await startTestServer({ dataDir: server.dataDir, config: { port: Number(port) } });
    await person.ok(contact);
    const { events } = await new Client(again.app.url, root.token).ok('event_fetch', {
      project_id: project,
      type: 'vault_offline',
    });
    expect(events).toHaveLength(2);
  },
  60_000,
);

test('--watch with an offline copy says that it cannot follow changes yet, and follows them later', async () => {
  await using scene = await setScene();
  const { person, server, project, root } = scene;
  await withValue(scene, 'kept');
  const options = ['run', '--offline-ok', '--watch', '--only', 'AWKWARD', '--'];
  await person.ok(['run', '--offline-ok', '--', 'true']);
  const { port } = new URL(server.app.url);
  await server.stop();
  const script = "setInterval(() => {}, 1000); console.log('with ' + process.env.AWKWARD)";
  const child = person.start([...options, NODE, '-e', script]);
  const ended = once(child, 'close');
  const stdout = child.stdout as Readable;
  await Promise.all([
    sayUntil(stdout, 'with kept'),
    sayUntil(child.stderr as Readable, 'changes cannot be followed yet'),
  ]);
  await using again = await startTestServer({ dataDir: server.dataDir, config: { port: Number(port) } });
  const { token } = root;
  await new Client(again.app.url, token).ok('vault_update', {
    project_id: project,
    key: 'AWKWARD',
    value: 'new',
  });
  await sayUntil(stdout, 'with new');
  child.kill('SIGTERM');
  await ended;
}, 60_000);

test.each(['A;touch X;B', 'A\nB', 'A=B', ''])(
  'a server that sends %j as a key is not believed anything',
  async (key) => {
    using person = new Person();
    await using server = await ScriptedServer.start((response) => {
      const vaults = ['FINE', key].map((name) => ({ key: name, value: 'x' }));
      response.end(JSON.stringify({ vaults, amount: 2 }));
    });
    const env = { COFFER_URL: server.url, COFFER_TOKEN: 'token', COFFER_PROJECT: 'shop' };
    for (const line of [
      ['export', '--format', 'shell'],
      ['run', '--', 'env'],
      ['run', '--offline-ok', '--', 'env'],
    ]) {
      const result = await person.run(line, { env });
      expect(result).toMatchObject({ code: 1, out: '' });
      expect(result.err).toContain('answer_invalid');
    }
  },
);

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
