import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { Person, setScene } from './support.ts';

/** A server of someone else, which writes down what it is sent; it refuses unless it is told what to answer. */
async function startForeignServer(
  answer?: () => object,
): Promise<AsyncDisposable & { url: string; received: string[] }> {
  const received: string[] = [];
  const server = createServer((request, response) => {
    received.push(`${request.method} ${request.url}`, JSON.stringify(request.headers));
    request.on('data', (chunk: Buffer) => received.push(chunk.toString()));
    request.on('end', () =>
      response.writeHead(answer === undefined ? 401 : 200).end(JSON.stringify(answer?.())),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test('tokens are kept for us alone, and not read when others could have', async () => {
  await using scene = await setScene();
  const { person, root } = scene;
  const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);
  expect(mode(person.credentials)).toBe('600');
  expect(mode(join(person.credentials, '..'))).toBe('700');
  expect(readFileSync(person.credentials, 'utf8')).toContain(root.token);
  chmodSync(person.credentials, 0o640);
  const refused = await person.run(['whoami']);
  expect(refused.code).toBe(1);
  expect(refused.err).toContain('chmod 600');
  chmodSync(person.credentials, 0o600);
  chmodSync(join(person.credentials, '..'), 0o777);
  expect((await person.run(['whoami'])).code).toBe(1);
});

test('a coffer.json sends neither a kept token nor COFFER_TOKEN anywhere', async () => {
  await using scene = await setScene();
  await using foreign = await startForeignServer();
  const { person, root, project, url } = scene;
  const repository = join(person.base, 'repository');
  mkdirSync(repository);
  writeFileSync(join(repository, 'coffer.json'), JSON.stringify({ url: foreign.url, project }));
  const at = { cwd: repository };

  const kept = await person.run(['list'], at);
  expect(kept.code).toBe(3);
  expect(kept.err).toContain('where you are not signed in');
  const variable = await person.run(['list'], { ...at, env: { COFFER_TOKEN: root.token } });
  expect(variable.code).toBe(2);
  expect(variable.err).toContain('set COFFER_URL');
  const elsewhere = await person.run(['list'], { env: { COFFER_TOKEN: root.token } });
  expect(elsewhere.code).toBe(2);
  // The variable belongs to its URL, whatever the command line says.
  const env = { COFFER_TOKEN: root.token, COFFER_URL: url };
  expect((await person.run(['list', '--url', foreign.url], { ...at, env })).code).toBe(3);
  expect((await person.run(['login'], at)).code).toBe(2);
  expect(foreign.received).toEqual([]);
  // And with its URL it goes there.
  expect((await person.run(['list'], { ...at, env })).code).toBe(0);
  expect(foreign.received).toEqual([]);
});

test.each([
  ['a token', { url: 'https://vault.example.org', token: 'x' }],
  ['a name that is no id', { project: '../../x' }],
  ['a URL with a password', { url: 'https://a:b@vault.example.org' }],
  ['a list', []],
])('a coffer.json with %s is refused', async (_, content) => {
  using person = new Person();
  writeFileSync(join(person.cwd, 'coffer.json'), JSON.stringify(content));
  const { code, err } = await person.run(['list']);
  expect([1, 2]).toContain(code);
  expect(err).toContain('coffer.json');
});

test('logout ends the session at the server, and forgets the token', async () => {
  await using scene = await setScene();
  const { person, root } = scene;
  await person.ok(['logout']);
  expect(readFileSync(person.credentials, 'utf8')).not.toContain(root.token);
  expect(await root.refused('user_me')).toBe('session_ended');
  expect((await person.run(['list'])).code).toBe(3);
});

test('each failure has its exit code and says what to do', async () => {
  await using scene = await setScene();
  const { person, server, url, root, project } = scene;
  const viewer = await server.user(root, 'VIEWER');
  const asViewer = { COFFER_URL: url, COFFER_TOKEN: viewer.token };
  const cases: [number, string[], Parameters<typeof person.run>[1]?][] = [
    [2, ['nonsense']],
    [2, ['list', '--nonsense']],
    [2, ['get']],
    [2, ['set', 'A', 'secret-in-argv']],
    [2, ['get', 'lower']],
    [2, ['run', 'ls']],
    [2, ['login', 'ftp://x']],
    [3, ['list'], { env: { COFFER_URL: url, COFFER_TOKEN: 'wrong' } }],
    [3, ['list'], { env: { COFFER_URL: 'http://127.0.0.1:1' } }],
    [5, ['list', '--project', 'no_such_project']],
    [5, ['list', '--env', 'nowhere']],
    [5, ['get', 'NO_SUCH_KEY']],
    [5, ['list'], { env: asViewer }],
    [7, ['list'], { env: { COFFER_URL: 'http://127.0.0.1:1', COFFER_TOKEN: 'x' } }],
  ];
  for (const [code, args, options] of cases) {
    const result = await person.run(args, options);
    expect([args, result.code]).toEqual([args, code]);
    expect(result.out).toBe('');
    expect(result.err).toMatch(/^coffer: .+\n {2}.+\n$/);
    expect(result.err).not.toContain('secret-in-argv');
  }
  await root.ok('project_member_add', { project_id: project, uid: viewer.uid });
  expect((await person.run(['list'], { env: asViewer })).code).toBe(4);
  await person.ok(['set', 'A', '--if-version', '0'], { input: '1' });
  expect((await person.run(['set', 'A', '--if-version', '0'], { input: '2' })).code).toBe(6);
}, 120_000);

test('of several that sign in at the same time none loses its token', async () => {
  await using foreign = await startForeignServer(() => ({ user: { username: 'ada', role: 'VIEWER' } }));
  using person = new Person();
  const urls = Array.from({ length: 6 }, (_, index) => `${foreign.url}/${index}`);
  await Promise.all(
    urls.map(async (url) => await person.ok(['login', url, '--token-stdin'], { input: 'a.b.c' })),
  );
  const { servers } = JSON.parse(readFileSync(person.credentials, 'utf8'));
  expect(Object.keys(servers).toSorted()).toEqual(urls);
  // Of one that was killed a lock may stay.
  const lock = `${person.credentials}.lock`;
  writeFileSync(lock, '');
  utimesSync(lock, 0, 0);
  await person.ok(['login', `${foreign.url}/again`, '--token-stdin'], { input: 'a.b.c' });
  expect(readdirSync(dirname(lock))).toEqual(['credentials.json']);
});

test.each([
  { token: 12_345, access_token: { id: 'tok_x', name: 'x' } },
  { token: 'a\nb', access_token: { id: 'tok_x', name: 'x' } },
  { token: 'x', access_token: { id: 1, name: 'x' } },
  { token: 'x', access_token: { id: 'tok_x' } },
  { token: 'x' },
])('a sign-in that is answered with %j is not kept', async (answer) => {
  await using scene = await setScene();
  await using foreign = await startForeignServer(() => answer);
  const { person } = scene;
  const before = readFileSync(person.credentials, 'utf8');
  const refused = await person.run(['login', foreign.url, '--trust', 'trs_x'], { input: 'a.b.c' });
  expect(refused.code).toBe(1);
  expect(refused.err).toContain('[answer_invalid]');
  expect(readFileSync(person.credentials, 'utf8')).toBe(before);
});

test.each([{}, { user: {} }, { user: { username: 1 } }])('a holder that is %j is none', async (answer) => {
  await using foreign = await startForeignServer(() => answer);
  using person = new Person();
  const refused = await person.run(['login', foreign.url, '--token-stdin'], { input: 'a.b.c' });
  expect(refused.code).toBe(1);
  expect(refused.err).toContain('[answer_invalid]');
});

test('a credential that is broken does not stand in the way of the others', async () => {
  await using scene = await setScene();
  const { person } = scene;
  const file = JSON.parse(readFileSync(person.credentials, 'utf8'));
  file.servers['https://vault.example.org'] = { token: 12_345 };
  writeFileSync(person.credentials, JSON.stringify(file));
  expect(await person.ok(['whoami'])).toContain('root');
});

test('a token that is made and cannot be kept is revoked', async () => {
  const answer = { token: 'cofs_made', access_token: { id: 'tok_made', name: 'x' } };
  await using foreign = await startForeignServer(() => answer);
  using person = new Person();
  const blocked = join(person.base, 'blocked');
  writeFileSync(blocked, '');
  const env = { XDG_CONFIG_HOME: blocked };
  const refused = await person.run(['login', foreign.url, '--trust', 'trs_x'], { input: 'a.b.c', env });
  expect(refused.code).toBe(1);
  expect(refused.err).toContain('cannot be written');
  expect(foreign.received.join('\n')).toMatch(/DELETE \/token\/revoke[^]*tok_made/);
});

test('a coffer.json is read when it is a small regular file', async () => {
  await using scene = await setScene();
  const { person } = scene;
  const path = join(person.cwd, 'coffer.json');
  writeFileSync(path, `{"project": "${'x'.repeat(70_000)}"}`);
  expect((await person.run(['list'])).err).toContain('has more than 65536 bytes');
  rmSync(path);
  execFileSync('sh', ['-c', 'mkfifo "$1"', 'sh', path]);
  expect((await person.run(['list'])).err).toContain('is not a regular file');
});

test.skipIf(process.getuid?.() !== 0)(
  'a coffer.json of others is refused, links to ours too, and skipped where it decides nothing (as root)',
  async () => {
    await using scene = await setScene();
    const { person, url, project } = scene;
    const path = join(person.cwd, 'coffer.json');
    chownSync(path, 12_345, 12_345);
    const named = ['list', '--url', url, '--project', project];
    expect((await person.run(['list'])).err).toContain('belongs to someone else');
    expect((await person.run(named)).code).toBe(0);
    expect((await person.run(['whoami', '--url', url])).code).toBe(0);
    const ours = join(person.base, 'ours.json');
    writeFileSync(ours, JSON.stringify({ url, project }));
    rmSync(path);
    symlinkSync(ours, path);
    expect((await person.run(['list'])).code).toBe(0);
    lchownSync(path, 12_345, 12_345);
    expect((await person.run(['list'])).err).toContain('belongs to someone else');
  },
);
