import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { request as requestTls } from 'node:https';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { SETTINGS } from '../src/config/settings.ts';
import { temporaryDirectory } from '../src/testing/data-dir.ts';
import { ENGINE, ENGINES } from '../src/testing/engines.ts';
import { ServerProcess } from '../src/testing/process.ts';
import { PASSWORD, startTestServer } from '../src/testing/server.ts';
import { OTHER_TEST_KEY, TEST_CERT, TEST_KEY } from '../src/testing/tls.ts';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));

const FIRST_USER = {
  COFFER_ROOT_USERNAME: 'ada',
  COFFER_ROOT_EMAIL: 'ada@example.org',
  COFFER_ROOT_PASSWORD: PASSWORD,
};

describe.each(ENGINES)('a start on %s', () => {
  test('a first start prints address and one-time link, once, for the person alone', async () => {
    await using server = await ServerProcess.start();
    const { setupToken, url } = server;
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect((await server.client().call('health')).status).toBe(200);
    expect(server.stderr.match(/is ready at/g)).toHaveLength(1);
    expect(server.stderr.match(/http\S+#setup_token=\S+/g)).toEqual([
      `${url}/web/setup#setup_token=${setupToken}`,
    ]);
    expect(Buffer.from(setupToken, 'base64url')).toHaveLength(32);
    expect(server.stdout).not.toContain(setupToken);
    expect(await server.kill('SIGTERM')).toBe(0);
  });

  test.runIf(ENGINE === 'sqlite')('what it creates is for its owner alone', async () => {
    using parent = temporaryDirectory();
    const dataDir = join(parent.path, 'deep', 'data');
    await using server = await ServerProcess.start({ dataDir });
    const modes = ['.', 'root.key', 'coffer.db', 'coffer.db-wal', 'coffer.db-shm'].map(
      (name) => statSync(join(server.dataDir, name)).mode & 0o777,
    );
    expect(modes).toEqual([0o700, 0o600, 0o600, 0o600, 0o600]);
  });

  test('standard output is JSON lines and nothing else, from start to end', async () => {
    await using server = await ServerProcess.start({ env: { ...FIRST_USER, COFFER_LOG_LEVEL: 'trace' } });
    const client = server.client();
    await client.signIn('user_login', { auth_data: 'ada', password: PASSWORD });
    await client.refused('project_fetch_one', { project_id: 'nowhere' });
    await client.send('GET', '/nowhere?key=sesame');
    await client.send('GET', '/%');
    const closed = once(server.child, 'close');
    server.child.kill('SIGTERM');
    await closed;
    const lines = jsonLines(server.stdout);
    expect(lines.map(({ msg }) => msg)).toEqual(
      expect.arrayContaining(['ready', 'request', 'stopping', 'stopped']),
    );
    for (const line of lines)
      expect(line).toMatchObject({ level: expect.any(Number), time: expect.any(String) });
    expect(server.stdout).not.toContain('sesame');
    expect(server.stdout).not.toContain(PASSWORD);
  });

  test('silence can be had', async () => {
    await using server = await ServerProcess.start({ env: { COFFER_LOG_LEVEL: 'silent' } });
    await server.client().call('health');
    await server.kill('SIGTERM');
    expect(server.stdout).toBe('');
  });

  test('the link stays the same until it is used, and is not printed again after', async () => {
    using data = temporaryDirectory();
    const setUp = {
      username: 'ada',
      email: 'ada@example.org',
      first_name: 'Ada',
      last_name: 'L',
      password: PASSWORD,
    };
    await using first = await ServerProcess.start({ dataDir: data.path });
    await first.kill('SIGTERM');
    await using second = await ServerProcess.start({ dataDir: data.path });
    expect(second.setupToken).toBe(first.setupToken);
    await second.client().signIn('setup', { setup_token: second.setupToken, ...setUp });
    expect(await second.client().refused('setup', { setup_token: second.setupToken, ...setUp })).toBe(
      'setup_done',
    );
    await second.kill('SIGTERM');
    await using third = await ServerProcess.start({ dataDir: data.path });
    expect(third.setupToken).toBe('');
    expect(third.stderr).not.toContain(first.setupToken);
    await third.client().signIn('user_login', { auth_data: 'ada', password: PASSWORD });
  });

  test('the first user comes from variables, on an empty instance alone', async () => {
    using data = temporaryDirectory();
    await using first = await ServerProcess.start({ dataDir: data.path, env: FIRST_USER });
    expect(first.stderr).not.toContain('setup_token');
    const client = first.client();
    await client.signIn('user_login', { auth_data: 'ADA@example.org', password: PASSWORD });
    expect((await client.ok('user_me')).user).toMatchObject({ username: 'ada', role: 'ROOT', last_name: '' });
    await first.kill('SIGTERM');
    const others = {
      COFFER_ROOT_USERNAME: 'eve',
      COFFER_ROOT_EMAIL: 'eve@example.org',
      COFFER_ROOT_PASSWORD: 'weak',
    };
    await using second = await ServerProcess.start({ dataDir: data.path, env: others });
    await second.client().signIn('user_login', { auth_data: 'ada', password: PASSWORD });
    const users = await second.client().refused('user_login', { auth_data: 'eve', password: 'weak' });
    expect(users).toBe('credentials_invalid');
    expect(`${first.stdout}${first.stderr}`).not.toContain(PASSWORD);
  });

  test('the password of the first user can come from a file', async () => {
    using files = temporaryDirectory();
    const { COFFER_ROOT_PASSWORD: _, ...rest } = FIRST_USER;
    const env = { ...rest, COFFER_ROOT_PASSWORD_FILE: writeIn(files.path, 'password', `${PASSWORD}\n`) };
    await using server = await ServerProcess.start({ env });
    const answer = await server.client().call('user_login', { auth_data: 'ada', password: PASSWORD });
    expect(answer.status).toBe(200);
  });

  test('over HTTPS it says so, and its cookies are for HTTPS alone', async () => {
    await using server = await ServerProcess.start({
      env: { ...FIRST_USER, COFFER_TLS_CERT: TEST_CERT, COFFER_TLS_KEY: TEST_KEY },
    });
    expect(server.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    const login = requestTls(`${server.url}/user/login`, {
      method: 'POST',
      ca: TEST_CERT,
      agent: false,
      headers: { 'content-type': 'application/json' },
    });
    login.end(JSON.stringify({ auth_data: 'ada', password: PASSWORD }));
    const [answer] = await once(login, 'response');
    answer.resume();
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['strict-transport-security']).toBe('max-age=31536000');
    expect(answer.headers['set-cookie']).toEqual([
      expect.stringMatching(/^__Host-coffer_session=[\w-]{43}; .*; Secure$/),
    ]);
    await expect(fetch(server.url.replace('https:', 'http:'))).rejects.toThrow('fetch failed');
  });
});

describe.each(ENGINES)('a refused start on %s', () => {
  test.each([
    [
      'an unknown variable',
      { COFFER_PROT: 'sesame-sesame' },
      /^COFFER_PROT is not a setting; did you mean COFFER_PORT\?$/,
    ],
    ['a bad value', { COFFER_LOG_LEVEL: 'sesame-sesame' }, /^COFFER_LOG_LEVEL must be one of /],
    ['half a certificate', { COFFER_TLS_CERT: TEST_CERT }, /^COFFER_TLS_CERT is set without COFFER_TLS_KEY$/],
    [
      'a key of another certificate',
      { COFFER_TLS_CERT: TEST_CERT, COFFER_TLS_KEY: OTHER_TEST_KEY },
      /^COFFER_TLS_CERT and /,
    ],
    [
      'a common password',
      { ...FIRST_USER, COFFER_ROOT_PASSWORD: 'password1234' },
      /^COFFER_ROOT_PASSWORD is among the most /,
    ],
    [
      'a short password',
      { ...FIRST_USER, COFFER_ROOT_PASSWORD: 'xK9#pQ2!vLz' },
      /^COFFER_ROOT_PASSWORD must have at least 12 /,
    ],
    [
      'a password of own names',
      { ...FIRST_USER, COFFER_ROOT_PASSWORD: 'ada@example.org' },
      /^COFFER_ROOT_PASSWORD is /,
    ],
    [
      'a bad e-mail address',
      { ...FIRST_USER, COFFER_ROOT_EMAIL: 'sesame-sesame' },
      /^COFFER_ROOT_EMAIL must be an e-mail /,
    ],
    [
      'an address that is not ours',
      { COFFER_HOST: '192.0.2.1' },
      /^cannot listen on 192\.0\.2\.1 .*COFFER_HOST/,
    ],
  ])('%s is one line and exit code 1', async (_, env, expected) => {
    const line = await refusedStart({ env });
    expect(line).toMatch(expected);
    const values = ['sesame-sesame', 'password1234', 'xK9#pQ2!vLz', 'ada@example.org', PASSWORD];
    for (const secret of values) expect(line).not.toContain(secret);
  });

  test('arguments are refused in one line, but for those that ask what it is', () => {
    const run = (...args: string[]) => spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });
    expect(run('--port', '80')).toMatchObject({
      status: 1,
      stdout: '',
      stderr: 'coffer: the server takes no arguments; its settings are environment variables, see --help\n',
    });
    const help = run('--help');
    expect(help).toMatchObject({ status: 0, stderr: '' });
    for (const { name } of SETTINGS) expect(help.stdout).toMatch(new RegExp(`^  ${name}\\b`, 'm'));
    expect(run('--version')).toMatchObject({ status: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  });

  test('a port in use is one line and exit code 1', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    expect(await refusedStart({ env: { COFFER_PORT: String(port) } })).toBe(
      `cannot listen on 127.0.0.1 port ${port} (EADDRINUSE); choose others with COFFER_HOST and COFFER_PORT`,
    );
    other.close();
  });

  test.runIf(ENGINE === 'sqlite')('a database that is newer than the program is left as it is', async () => {
    using data = temporaryDirectory();
    await makeInstance(data.path);
    const database = new Database(join(data.path, 'coffer.db'));
    database
      .prepare('insert into schema_migration values (?, ?)')
      .run('9999-later', '2126-11-23T00:00:00.000Z');
    database.close();
    const before = readFileSync(join(data.path, 'coffer.db'));
    const line = await refusedStart({ dataDir: data.path });
    expect(line).toBe(
      'the database was last used by a newer version of Coffer (it has 9999-later); start that version or a later one',
    );
    expect(readFileSync(join(data.path, 'coffer.db')).equals(before)).toBe(true);
  });

  test('a file that is no database is left as it is', async () => {
    using data = temporaryDirectory();
    const letter = 'Dear reader, this is a letter. '.repeat(1000);
    const path = writeIn(data.path, 'coffer.db', letter);
    expect(await refusedStart({ dataDir: data.path })).toBe(
      `the database ${path} cannot be opened (SQLITE_NOTADB); check the directory and its permissions`,
    );
    expect(readFileSync(path, 'utf8')).toBe(letter);
  });

  test.runIf(ENGINE === 'sqlite').each([
    ['its schema', 100],
    ['what follows its schema', 4096],
  ])('a database that is damaged in %s is one line', async (_, from) => {
    using data = temporaryDirectory();
    await makeInstance(data.path);
    const bytes = readFileSync(join(data.path, 'coffer.db'));
    writeIn(data.path, 'coffer.db', bytes.fill(0xa5, from));
    expect(await refusedStart({ dataDir: data.path })).toMatch(/SQLITE_CORRUPT|the database file is damaged/);
  });

  test('a data directory that cannot be made is one line', async () => {
    using data = temporaryDirectory();
    const path = join(writeIn(data.path, 'file', ''), 'data');
    expect(await refusedStart({ dataDir: path })).toMatch(/^the database \S+ cannot be opened \(ENOTDIR\)/);
    // Below it nothing can be made, though it says that there is nothing.
    if (process.platform === 'linux')
      expect(await refusedStart({ dataDir: '/proc/coffer/data' })).toMatch(/cannot be opened \(ENOENT\)/);
  });

  // Nothing is closed to root.
  test.skipIf(process.getuid?.() === 0)('a data directory that cannot be written is one line', async () => {
    using data = temporaryDirectory();
    mkdirSync(join(data.path, 'closed'), { mode: 0o500 });
    expect(await refusedStart({ dataDir: join(data.path, 'closed') })).toContain('(EACCES)');
  });

  test.runIf(ENGINE === 'sqlite')(
    'a lost or another root key is one line, and never a fresh start',
    async () => {
      using data = temporaryDirectory();
      const setupToken = await makeInstance(data.path);
      const key = readFileSync(join(data.path, 'root.key'), 'utf8');
      const before = readFileSync(join(data.path, 'coffer.db'));

      const other = Buffer.alloc(32, 7).toString('base64');
      const line = await refusedStart({ dataDir: data.path, env: { COFFER_ROOT_KEY: other } });
      expect(line).toContain('the root key is not the one of this database');
      expect(line).not.toContain(other);

      writeIn(data.path, 'root.key', `${key.slice(0, 20)}\n`);
      const truncated = await refusedStart({ dataDir: data.path });
      expect(truncated).toMatch(/^root\.key in \S+ must be 32 bytes in base64/);
      expect(truncated).not.toContain(key.slice(0, 20));

      rmSync(join(data.path, 'root.key'));
      expect(await refusedStart({ dataDir: data.path })).toMatch(/^the root key of this database is missing/);
      expect(readFileSync(join(data.path, 'coffer.db')).equals(before)).toBe(true);

      writeIn(data.path, 'root.key', key);
      await using again = await ServerProcess.start({ dataDir: data.path });
      expect(again.setupToken).toBe(setupToken);
    },
  );
});

describe.each(ENGINES)('a stop on %s', () => {
  test('an idle connection does not hold it up', async () => {
    await using server = await ServerProcess.start();
    using agent = keepAliveAgent();
    const idle = request(`${server.url}/health`, { agent }).end();
    const [answer] = await once(idle, 'response');
    answer.resume();
    await once(answer, 'end');
    const begin = performance.now();
    expect(await server.kill('SIGTERM')).toBe(0);
    expect(performance.now() - begin).toBeLessThan(3000);
  });

  test('a connection on which nothing was ever said does not hold it up', async () => {
    await using server = await ServerProcess.start();
    const silent = connect(Number(new URL(server.url).port), '127.0.0.1');
    silent.on('error', () => undefined);
    await once(silent, 'connect');
    // The server has accepted it before it answers on one that came later.
    await server.client().ok('health');
    const begin = performance.now();
    expect(await server.kill('SIGTERM')).toBe(0);
    expect(performance.now() - begin).toBeLessThan(3000);
  });

  test('a request that is under way is answered before it ends', async () => {
    await using server = await ServerProcess.start();
    const slow = await slowRequest(server);
    server.child.kill('SIGTERM');
    await slow.stopping;
    const begin = performance.now();
    const answered = once(slow.socket, 'close');
    slow.socket.write(slow.rest);
    await answered;
    // Answered, that is, and not cut off after ten seconds.
    expect(performance.now() - begin).toBeLessThan(8000);
    expect(slow.received()).toMatch(/^HTTP\/1\.1 401 /);
    expect(slow.received()).toContain('"code":"credentials_invalid"');
    expect(await server.ended()).toBe(0);
    expect(jsonLines(server.stdout).at(-1)).toMatchObject({ msg: 'stopped' });
  });

  test('a request that never ends is cut off after ten seconds', async () => {
    await using server = await ServerProcess.start();
    await slowRequest(server);
    const begin = performance.now();
    expect(await server.kill('SIGTERM')).toBe(0);
    expect(performance.now() - begin).toBeLessThan(15_000);
  });

  test('a signal that comes again at once is the same one; one that comes later means now', async () => {
    await using server = await ServerProcess.start();
    await slowRequest(server);
    const begin = performance.now();
    const impatience = setInterval(() => server.child.kill('SIGINT'), 50);
    expect(await server.ended()).toBe(1);
    clearInterval(impatience);
    expect(performance.now() - begin).toBeGreaterThan(2000);
    expect(performance.now() - begin).toBeLessThan(6000);
  });
});

describe.runIf(ENGINE === 'sqlite')('the database of sqlite', () => {
  test('it is as durable and as forgetful as promised', async () => {
    await using server = await startTestServer();
    const { db } = server.app.context.store;
    const pragma = async (name: string): Promise<unknown> => {
      const { rows } = await sql<Record<string, unknown>>`pragma ${sql.raw(name)}`.execute(db);
      return Object.values(rows[0] ?? {})[0];
    };
    expect(await pragma('journal_mode')).toBe('wal');
    // That a commit is on disk before it is told is what flush.test.ts shows; this keeps the database whole in between.
    expect(await pragma('synchronous')).toBe(1);
    expect(await pragma('secure_delete')).toBe(1);
    expect(await pragma('foreign_keys')).toBe(1);
    expect(await pragma('trusted_schema')).toBe(0);
    expect(await pragma('temp_store')).toBe(2);
    expect(await pragma('integrity_check')).toBe('ok');
  });

  test('every table of ours is STRICT', async () => {
    await using server = await startTestServer();
    const { rows } = await sql<{ name: string; strict: number }>`
      select name, strict from pragma_table_list where schema = 'main' and type = 'table'
      and name not like 'sqlite_%' and name not like 'schema_migration%'`.execute(
      server.app.context.store.db,
    );
    expect(rows.length).toBeGreaterThanOrEqual(13);
    expect(rows.filter(({ strict }) => strict !== 1)).toEqual([]);
  });
});

/** Leaves an instance without users behind. Answers with the token of its link. */
async function makeInstance(dataDir: string): Promise<string | undefined> {
  await using server = await startTestServer({ dataDir });
  return server.app.setupToken?.expose();
}

/** The one line that it prints, without the name of the program. */
async function refusedStart(options: { dataDir?: string; env?: Record<string, string> }): Promise<string> {
  await using server = ServerProcess.spawn(options);
  await once(server.child, 'close');
  expect(await server.ended()).toBe(1);
  expect(server.stderr).toMatch(/^coffer: [^\n]+\n$/);
  jsonLines(server.stdout);
  return server.stderr.slice('coffer: '.length, -1);
}

/** Fails unless each line is a JSON object. */
function jsonLines(text: string): Record<string, unknown>[] {
  expect(text === '' || text.endsWith('\n')).toBe(true);
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line) => {
    const parsed: unknown = JSON.parse(line);
    expect(parsed).toBeTypeOf('object');
    return parsed as Record<string, unknown>;
  });
}

type SlowRequest = {
  socket: Socket;
  rest: string;
  received(): string;
  /** Resolves when it says that it stops. */ stopping: Promise<void>;
};

/** A sign-in, of which the first half has arrived when this resolves. */
async function slowRequest(server: ServerProcess): Promise<SlowRequest> {
  const body = JSON.stringify({ auth_data: 'nobody', password: 'wrong' });
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  let received = '';
  socket.on('data', (chunk: Buffer) => (received += chunk.toString()));
  socket.on('error', () => undefined);
  const head = [
    'POST /user/login HTTP/1.1',
    'Host: localhost',
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
    // The server says that it has read the head.
    'Expect: 100-continue',
    '',
    '',
  ];
  socket.write(head.join('\r\n'));
  while (!received.includes('100 Continue')) await once(socket, 'data');
  received = '';
  socket.write(body.slice(0, 10));
  const stopping = (async () => {
    while (!server.stdout.includes('"stopping"')) await once(server.child.stdout ?? socket, 'data');
  })();
  return { socket, rest: body.slice(10), received: () => received, stopping };
}

function keepAliveAgent(): Agent & Disposable {
  const agent = new Agent({ keepAlive: true });
  return Object.assign(agent, { [Symbol.dispose]: () => agent.destroy() });
}

/** The path of the file. */
function writeIn(directory: string, name: string, content: string | Buffer): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}
