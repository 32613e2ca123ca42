import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { ServerProcess } from '../packages/server/src/testing/process.ts';

const run = promisify(execFile);

/** The blocks of shell in the README, as they stand there. */
function shellBlocks(): string[] {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  return [...readme.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block);
}

test('the first session of the README does what it says, by curl against the real program', async () => {
  await using server = await ServerProcess.start();
  const [settings = '', session = ''] = shellBlocks();
  const script = settings
    .replace(/^COFFER=.*$/m, `COFFER=${server.url}`)
    .replace(/^SETUP_TOKEN=.*$/m, `SETUP_TOKEN=${server.setupToken}`)
    .concat(session);

  const { stdout, stderr } = await run('bash', ['-euo', 'pipefail', '-c', `TOKEN=\n${script}`]);

  expect(stderr).toBe('');
  const answers = stdout
    .trim()
    .split('\n')
    // Answers are looked into freely; each that matters is compared below.
    .map((line): any => JSON.parse(line));
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
