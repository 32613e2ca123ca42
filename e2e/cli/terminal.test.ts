import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { PASSWORD } from '../../packages/server/src/testing/server.ts';
import { HAS_PSEUDO_TERMINALS, PseudoTerminal } from './pseudo-terminal.ts';
import { COFFER, Person, setScene } from './support.ts';

const CTRL_C = '\u0003';

/** An editor that does what a script says; `$1` is the file. */
function editor(person: Person, script: string): { EDITOR: string } {
  const path = join(person.base, 'editor.sh');
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o700 });
  return { EDITOR: path };
}

function leftovers(person: Person): string[] {
  return ['tmp', 'runtime'].flatMap((name) => readdirSync(join(person.base, name)));
}

describe.skipIf(!HAS_PSEUDO_TERMINALS)('on a terminal (where python3 can open one)', () => {
  test('login asks for the password and does not show it', async () => {
    await using scene = await setScene();
    using newcomer = new Person();
    await using terminal = newcomer.onTerminal(['login', scene.url]);
    await terminal.see('User name or e-mail: ');
    terminal.type('root\n');
    await terminal.see('Password for root');
    terminal.type(`x\u007f${PASSWORD}\r`);
    await terminal.see('Signed in');
    expect(await terminal.ended()).toBe(0);
    expect(terminal.shown).not.toContain(PASSWORD);
    expect(statSync(newcomer.credentials).mode & 0o777).toBe(0o600);
    expect(await newcomer.ok(['whoami'])).toContain('root');
  });

  test.each(['ROOT', 'ADMIN', 'AUTHOR', 'VIEWER'] as const)(
    'login as %s makes a token that ends with logout, and leaves no session',
    async (role) => {
      await using scene = await setScene();
      using newcomer = new Person();
      const user = await scene.server.user(scene.root, role);
      await using terminal = newcomer.onTerminal(['login', scene.url, '--user', user.username]);
      await terminal.see('Password for');
      terminal.type(`${PASSWORD}\r`);
      expect(await terminal.ended()).toBe(0);
      const [made] = (await user.ok('token_fetch')).access_tokens;
      expect(made).toMatchObject({ kind: 'personal', name: expect.stringMatching(/^coffer on /) });
      expect((await user.ok('user_session_fetch')).sessions).toHaveLength(1);
      const { servers } = JSON.parse(readFileSync(newcomer.credentials, 'utf8'));
      const { token } = servers[scene.url];
      expect(token).toMatch(/^cofp_/);
      await newcomer.ok(['logout']);
      const after = await newcomer.run(['whoami'], { env: { COFFER_URL: scene.url, COFFER_TOKEN: token } });
      expect(after.code).toBe(3);
    },
  );

  test('login asks before a password goes to a server that only a coffer.json names', async () => {
    using person = new Person();
    writeFileSync(join(person.cwd, 'coffer.json'), JSON.stringify({ url: 'http://127.0.0.1:1' }));
    await using terminal = person.onTerminal(['login']);
    await terminal.see('names the server http://127.0.0.1:1. Send your password there? [y/N]');
    terminal.type('n\n');
    expect(await terminal.ended()).toBe(1);
    expect(terminal.shown).not.toContain('Password');
  });

  test('set asks for the value and does not show it; Ctrl-C calls it off', async () => {
    await using scene = await setScene();
    const { person } = scene;
    {
      await using terminal = person.onTerminal(['set', 'KEY']);
      await terminal.see('Value of KEY: ');
      terminal.type('hidden 🔑\r');
      expect(await terminal.ended()).toBe(0);
      expect(terminal.shown).not.toContain('hidden');
    }
    expect(await person.here.ok(['get', 'KEY'])).toBe('hidden 🔑');
    await using again = person.onTerminal(['set', 'KEY']);
    await again.see('Value of KEY: ');
    again.type(`other${CTRL_C}`);
    expect(await again.ended()).toBe(1);
    expect(await person.here.ok(['get', 'KEY'])).toBe('hidden 🔑');
  });

  test.each([
    ['as it comes', 'hidden\rtouch executed\r'],
    ['in two parts', 'hidden\r', 'touch executed\r'],
    ['between marks', '\u001b[200~hidden\rtouch executed\r\u001b[201~'],
  ])('a paste of several lines %s is refused, and none of it is left for the shell', async (_, ...keys) => {
    await using scene = await setScene();
    const { person } = scene;
    const shell = [process.execPath, COFFER, 'set', 'KEY'].map((word) => `'${word}'`).join(' ');
    await using terminal = new PseudoTerminal(
      ['sh', '-c', `${shell}; echo "ended with $?"; read line; echo "left: <$line>"`],
      { cwd: person.cwd, env: { ...person.env, TERM: 'xterm' } },
    );
    await terminal.see('Value of KEY: ');
    for (const part of keys) terminal.type(part);
    await terminal.see('ended with 1');
    terminal.type('next\n');
    await terminal.see('left: <next>');
    expect(terminal.shown).toContain('goes on behind a line break');
    expect(terminal.shown).not.toContain('hidden');
    expect((await person.here.run(['get', 'KEY'])).code).toBe(5);
  });

  test('a paste of one line is taken as it is; Enter alone sets nothing; --empty asks nothing', async () => {
    await using scene = await setScene();
    const { person } = scene;
    {
      await using terminal = person.onTerminal(['set', 'KEY']);
      await terminal.see('Value of KEY: ');
      terminal.type('\u001b[200~hid\u0003den\u001b[201~\u001b[A\r');
      expect(await terminal.ended()).toBe(0);
    }
    expect(await person.here.ok(['get', 'KEY'])).toBe('hid\u0003den');
    {
      await using terminal = person.onTerminal(['set', 'KEY']);
      await terminal.see('Value of KEY: ');
      terminal.type('\r');
      expect(await terminal.ended()).toBe(1);
    }
    expect(await person.here.ok(['get', 'KEY'])).toBe('hid\u0003den');
    await using terminal = person.onTerminal(['set', 'KEY', '--empty']);
    expect(await terminal.ended()).toBe(0);
    expect(await person.here.ok(['get', 'KEY'])).toBe('');
  });

  test('what a coffer.json or an option names does not steer the terminal', async () => {
    using person = new Person();
    const name = 'a\u001b]0;title\u0007\u009b2Jb';
    await using terminal = person.onTerminal(['login', 'http://127.0.0.1:1', '--user', name]);
    await terminal.see('Password for');
    terminal.type(CTRL_C);
    await terminal.ended();
    expect(terminal.shown).toContain(String.raw`a\u001b]0;title\u0007\u009b2Jb`);
    expect(terminal.shown).not.toContain('\u001b]0');
  });

  test('after login every command works: events are shown, an empty name is asked for again', async () => {
    await using scene = await setScene();
    using newcomer = new Person();
    await using terminal = newcomer.onTerminal(['login', scene.url]);
    await terminal.see('User name or e-mail: ');
    terminal.type('\n');
    await terminal.see('User name or e-mail: ');
    terminal.type('root\n');
    await terminal.see('Password for root');
    terminal.type(`${PASSWORD}\r`);
    expect(await terminal.ended()).toBe(0);
    await newcomer.here.ok(['init', '--project', scene.project]);
    expect(await newcomer.here.ok(['events', '-n', '100'])).toContain('project_create');
    const { access_token } = JSON.parse(await newcomer.here.ok(['whoami', '--json']));
    expect(access_token.permissions).toEqual(
      expect.arrayContaining(['event.list_project', 'environment.list']),
    );
    await newcomer.here.ok(['set', 'KEY'], { input: '1' });
    for (const args of [
      ['list'],
      ['get', 'KEY'],
      ['history', 'KEY'],
      ['restore', 'KEY', '1'],
      ['projects'],
      ['allow', 'KEY', 'https://api.example.org'],
      ['routes', 'list', '--key', 'KEY'],
    ])
      await newcomer.here.ok(args);
    await newcomer.here.ok(['rm', 'KEY', '--yes']);
  });

  test('login --trust on a terminal says what it waits for', async () => {
    using person = new Person();
    await using terminal = person.onTerminal(['login', 'http://127.0.0.1:1', '--trust', 'trs_x']);
    await terminal.see('Identity token for trs_x: ');
    terminal.type(CTRL_C);
    expect(await terminal.ended()).toBe(1);
  });

  test('projects says so when there is none', async () => {
    await using scene = await setScene();
    const user = await scene.server.user(scene.root, 'VIEWER');
    const env = { COFFER_URL: scene.url, COFFER_TOKEN: user.token };
    await using terminal = scene.person.onTerminal(['projects'], { env });
    await terminal.see('There is no project that you may see');
    expect(await terminal.ended()).toBe(0);
  });

  test('get ends the line, list has a head and colour unless NO_COLOR is set', async () => {
    await using scene = await setScene();
    const { person } = scene;
    await person.here.ok(['set', 'KEY', '--comment', 'what it is'], { input: 'value' });
    await using value = person.onTerminal(['get', 'KEY']);
    await value.ended();
    expect(value.shown).toBe('value\r\n');
    await using coloured = person.onTerminal(['list']);
    await coloured.ended();
    expect(coloured.shown.startsWith('\u001b[2mKEY  VERSION  UPDATED')).toBe(true);
    await using plain = person.onTerminal(['list'], { env: { NO_COLOR: '1' } });
    await plain.ended();
    expect(plain.shown).not.toContain('\u001b');
  });

  test('rm and import ask once, and do nothing unless the answer is yes', async () => {
    await using scene = await setScene();
    const { person } = scene;
    await person.here.ok(['set', 'KEY'], { input: '1' });
    {
      await using terminal = person.onTerminal(['rm', 'KEY']);
      await terminal.see('[y/N]');
      terminal.type('\n');
      expect(await terminal.ended()).toBe(1);
    }
    writeFileSync(join(person.cwd, '.env'), 'KEY=2\nNEW=3\n');
    await using terminal = person.onTerminal(['import', '.env']);
    await terminal.see('changed    KEY');
    await terminal.see('new        NEW');
    await terminal.see('[y/N]');
    terminal.type('y\n');
    expect(await terminal.ended()).toBe(0);
    expect(JSON.parse(await person.here.ok(['export', '--json']))).toEqual({ KEY: '2', NEW: '3' });
  });

  test('Ctrl-C reaches the command of run once, and the command decides', async () => {
    await using scene = await setScene();
    const script = `
      let count = 0;
      process.on('SIGINT', () => { count += 1; setTimeout(() => { console.log('interrupted ' + count); process.exit(9); }, 300); });
      setInterval(() => {}, 1000); console.log('ready');`;
    await using terminal = scene.person.onTerminal(['run', '--', process.execPath, '-e', script]);
    await terminal.see('ready');
    terminal.type(CTRL_C);
    await terminal.see('interrupted 1');
    expect(await terminal.ended()).toBe(9);
  });

  test('edit keeps the text when someone else was faster, and saves it when asked again', async () => {
    await using scene = await setScene();
    const { person, root, project } = scene;
    await person.here.ok(['set', 'KEY'], { input: 'old' });
    const env = editor(
      person,
      `cat "$1" >> ${person.base}/seen; printf mine > "$1"; echo opened; read answer`,
    );
    await using terminal = person.onTerminal(['edit', 'KEY'], { env });
    await terminal.see('opened');
    await root.ok('vault_update', { project_id: project, key: 'KEY', value: 'theirs' });
    terminal.type('\n');
    await terminal.see('changed by someone else');
    terminal.type('y\n');
    await terminal.see('opened');
    terminal.type('\n');
    expect(await terminal.ended()).toBe(0);
    expect(readFileSync(join(person.base, 'seen'), 'utf8')).toBe('oldmine');
    expect(await person.here.ok(['get', 'KEY'])).toBe('mine');
    expect(leftovers(person)).toEqual([]);
  });

  test.each([
    ['the editor failed', 'exit 1', 'the editor ended with 1'],
    ['it is no text', String.raw`printf '\377' >> "$1"`, 'is not text'],
    ['it is too large', 'head -c 70000 /dev/zero | tr "\\\\0" x >> "$1"', 'more than 65536 bytes'],
  ])('edit keeps the text when %s, and offers it again', async (_, fault, said) => {
    await using scene = await setScene();
    const { person } = scene;
    await person.here.ok(['set', 'KEY'], { input: 'old' });
    const again = join(person.base, 'again');
    const env = editor(
      person,
      `if [ -e ${again} ]; then head -c 4 "$1" > ${person.base}/seen; printf better > "$1"; else touch ${again}; printf mine > "$1"; ${fault}; fi`,
    );
    await using terminal = person.onTerminal(['edit', 'KEY'], { env });
    await terminal.see(said);
    await terminal.see('Edit it again');
    terminal.type('y\n');
    expect(await terminal.ended()).toBe(0);
    expect(readFileSync(join(person.base, 'seen'), 'utf8')).toBe('mine');
    expect(await person.here.ok(['get', 'KEY'])).toBe('better');
    expect(leftovers(person)).toEqual([]);
  });

  test('Ctrl-C at the question of edit ends it, and leaves no file', async () => {
    await using scene = await setScene();
    const { person } = scene;
    await person.here.ok(['set', 'KEY'], { input: 'old' });
    const env = editor(person, 'printf mine > "$1"; exit 1');
    await using terminal = person.onTerminal(['edit', 'KEY'], { env });
    await terminal.see('Edit it again');
    terminal.type(CTRL_C);
    expect(await terminal.ended()).not.toBe(0);
    expect(await person.here.ok(['get', 'KEY'])).toBe('old');
    expect(leftovers(person)).toEqual([]);
  });
});

describe('edit', () => {
  test('an entry that is not there is not made by looking, and none is emptied by accident', async () => {
    await using scene = await setScene();
    const { person } = scene;
    const looked = await person.run(['edit', 'NEW'], { env: editor(person, 'true') });
    expect(looked).toMatchObject({ code: 0 });
    expect(looked.err).toContain('Nothing was changed');
    expect((await person.here.run(['get', 'NEW'])).code).toBe(5);
    await person.here.ok(['set', 'KEY'], { input: 'old' });
    const emptied = await person.run(['edit', 'KEY'], { env: editor(person, ': > "$1"') });
    expect(emptied.code).toBe(1);
    expect(emptied.err).toContain('coffer set KEY --empty');
    expect(await person.here.ok(['get', 'KEY'])).toBe('old');
    expect((await person.run(['edit', 'KEY'], { env: editor(person, 'rm "$1"') })).err).toContain(
      'left no file',
    );
  });

  test('opens all of the value or nothing where there is no room for it', async () => {
    await using scene = await setScene();
    const { person } = scene;
    const long = 'x'.repeat(20_000);
    await person.here.ok(['set', 'KEY'], { input: long });
    const { EDITOR } = editor(person, 'true');
    const limited = `ulimit -f 4; EDITOR='${EDITOR}' '${process.execPath}' '${COFFER}' edit KEY`;
    const outcome = promisify(execFile)('bash', ['-c', limited], {
      cwd: person.cwd,
      env: person.env,
    });
    await expect(outcome).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('cannot be written (EFBIG)'),
    });
    expect(await person.here.ok(['get', 'KEY'])).toBe(long);
    expect(leftovers(person)).toEqual([]);
  });

  test('saves what was changed, nothing when nothing was, and leaves no file', async () => {
    await using scene = await setScene();
    const { person } = scene;
    await person.here.ok(['set', 'KEY'], { input: 'old' });
    const modes = `stat -c '%a' "$1" "$(dirname "$1")" > ${person.base}/modes`;
    await person.ok(['edit', 'KEY'], { env: editor(person, `${modes}; cp "$1" "$1~"; echo new > "$1"`) });
    expect(readFileSync(join(person.base, 'modes'), 'utf8')).toBe('600\n700\n');
    expect(await person.here.ok(['get', 'KEY'])).toBe('new');
    await person.ok(['edit', 'KEY'], { env: editor(person, 'true') });
    expect(JSON.parse(await person.here.ok(['history', 'KEY', '--json']))).toHaveLength(2);
    expect((await person.run(['edit', 'KEY'], { env: editor(person, 'echo x > "$1"; exit 1') })).code).toBe(
      1,
    );
    expect(await person.here.ok(['get', 'KEY'])).toBe('new');
    expect(leftovers(person)).toEqual([]);
  });

  test('refuses to overwrite what someone else changed, where nobody can be asked', async () => {
    await using scene = await setScene();
    const { person } = scene;
    await person.here.ok(['set', 'KEY'], { input: 'old' });
    const change = `printf theirs | '${process.execPath}' '${COFFER}' set KEY`;
    const env = editor(person, `${change}; printf mine > "$1"`);
    expect((await person.run(['edit', 'KEY'], { env })).code).toBe(6);
    expect(await person.here.ok(['get', 'KEY'])).toBe('theirs');
    expect(leftovers(person)).toEqual([]);
  });

  test.each(['SIGTERM', 'SIGHUP'] as const)('leaves no file when %s ends it', async (signal) => {
    await using scene = await setScene();
    const { person } = scene;
    await person.here.ok(['set', 'KEY'], { input: 'old' });
    const child = person.start(['edit', 'KEY'], { env: editor(person, 'echo opened; exec sleep 30') });
    const ended = new Promise((resolve) => child.once('close', (_, died) => resolve(died)));
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    expect(leftovers(person)).not.toEqual([]);
    child.kill(signal);
    expect(await ended).toBe(signal);
    expect(leftovers(person)).toEqual([]);
  });
});
