import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { Person, COFFER, startEcho } from './cli/support.ts';
import { ServerProcess } from '../packages/server/src/testing/process.ts';

const run = promisify(execFile);

/** The blocks of shell of a page, as they stand there. */
function shellBlocks(page: string): string[] {
  const text = readFileSync(new URL(`../${page}`, import.meta.url), 'utf8');
  return [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block);
}

/** What a session prints against a server: one answer a line. Answers are looked into freely. */
async function answersOf(server: ServerProcess, ...sessions: string[]): Promise<any[]> {
  const [settings = ''] = shellBlocks('README.md');
  const script = settings
    .replace(/^COFFER=.*$/m, `COFFER=${server.url}`)
    .replace(/^SETUP_TOKEN=.*$/m, `SETUP_TOKEN=${server.setupToken}`)
    .concat(...sessions);
  const { stdout, stderr } = await run('bash', ['--norc', '-euo', 'pipefail', '-c', `TOKEN=\n${script}`]);
  expect(stderr).toBe('');
  return stdout
    .trim()
    .split('\n')
    .map((line): any => JSON.parse(line));
}

test('the first session of the README does what it says, by curl against the real program', async () => {
  await using server = await ServerProcess.start();
  const [, session = ''] = shellBlocks('README.md');
  const answers = await answersOf(server, session);
  const [project, created, fetched, updated, history, old, events] = answers;
  expect(answers.map(({ status }) => status)).toEqual([201, 201, 200, 200, 200, 200, 200]);
  expect(project.project).toMatchObject({ id: 'shop', members: 1 });
  expect(created.vault).not.toHaveProperty('value');
  expect(fetched.vault).toMatchObject({
    value: 'postgres://shop:s3cret@db/shop',
    comment: 'primary',
    version: 1,
  });
  expect(updated.vault.version).toBe(2);
  expect(history.versions.map(({ version }: { version: number }) => version)).toEqual([2, 1]);
  expect(old.vault.value).toBe('postgres://shop:s3cret@db/shop');
  expect(events.events.map(({ type }: { type: string }) => type)).toEqual([
    'vault_view',
    'vault_version_list',
    'vault_update',
    'vault_view',
    'vault_create',
    'project_create',
  ]);
});

test('the session of the guide to programs does what it says: a token that is limited, used and taken back', async () => {
  await using server = await ServerProcess.start();
  const [, first = ''] = shellBlocks('README.md');
  const [session = ''] = shellBlocks('docs/guide/programs.md');
  const before = await answersOf(server, first, session);
  const [me, value, refused, revoked, gone] = before.slice(-5);
  expect(me.access_token).toMatchObject({ kind: 'service', name: 'Shop backend', keys: ['DATABASE_*'] });
  expect(value.vault.value).toBe('postgres://shop:n3wer@db/shop');
  expect(refused.code).toBe('token_not_permitted');
  expect(revoked.status).toBe(200);
  expect(gone.code).toBe('token_invalid');
});

test('the route of the README sends the secret, and no byte that its caller receives is of it', async () => {
  using api = new Person();
  using person = new Person();
  await using echo = await startEcho(api);
  const page = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const [, said = ''] = /^COFFER_EGRESS_ALLOW=(\S+) npm start/m.exec(page) ?? [];
  expect(page).toContain(`coffer echo --port ${new URL(said).port}`);
  const [, , session = ''] = shellBlocks('README.md');
  const [, secret = ''] = /printf %s '([^']+)'/.exec(session) ?? [];
  expect(secret.length).toBeGreaterThan(10);

  await using server = await ServerProcess.start({ env: { COFFER_EGRESS_ALLOW: echo.url } });
  const root = server.client();
  await root.signIn('setup', {
    setup_token: server.setupToken,
    username: 'ada',
    email: 'ada@example.org',
    first_name: 'Ada',
    last_name: '',
    password: 'violet-anchor-pebble-41',
  });
  await root.ok('project_create', { id: 'shop', name: 'Shop', api_path: '/shop' });
  await person.ok(['login', server.url, '--token-stdin'], { input: root.token ?? '' });
  await person.ok(['init', '--project', 'shop']);
  const bin = join(person.base, 'bin');
  mkdirSync(bin);
  symlinkSync(COFFER, join(bin, 'coffer'));
  const env = { ...person.env, PATH: `${bin}:${person.env['PATH']}` };
  const script = session.replaceAll(said, echo.url);
  const { stdout, stderr } = await run('bash', ['--norc', '-euo', 'pipefail', '-c', script], {
    cwd: person.cwd,
    env,
  });

  await echo.see(`Authorization: Bearer ${secret}\n`);
  expect(stdout).toContain('POST /v1/charges HTTP/1.1\n');
  expect(stdout).toContain('Authorization: Bearer [redacted]\n');
  expect(stdout).toContain('\n\n{"amount":4200}\n');
  expect(stderr).toContain(`200 from ${echo.url}\n`);
  expect(stdout + stderr).not.toContain(secret);

  // The same call as a program makes it: head and body, byte for byte.
  const answer = await fetch(`${server.url}/x/shop/charges`, {
    method: 'POST',
    headers: { authorization: `Bearer ${root.token}`, 'content-type': 'application/json' },
    body: '{"amount":1}',
  });
  const received = Buffer.concat([
    Buffer.from(JSON.stringify([...answer.headers])),
    Buffer.from(await answer.arrayBuffer()),
  ]);
  expect(received.includes('[redacted]')).toBe(true);
  const forms = (['latin1', 'hex', 'base64', 'base64url'] as const).map((form) =>
    form === 'latin1' ? secret : Buffer.from(secret).toString(form).replace(/=+$/, ''),
  );
  for (const form of forms) expect(received.includes(form)).toBe(false);
});
