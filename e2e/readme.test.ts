import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
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
  const { stdout, stderr } = await run('bash', ['-euo', 'pipefail', '-c', `TOKEN=\n${script}`]);
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
