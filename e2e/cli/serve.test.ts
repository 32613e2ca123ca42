import { once } from 'node:events';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import type { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { COFFER, Person } from './support.ts';

test('serve runs the same server, and ends it with the signal', async () => {
  using person = new Person();
  const child = person.start(['serve'], {
    env: { COFFER_PORT: '0', COFFER_DATA_DIR: join(person.base, 'data'), COFFER_TOKEN: 'not-for-the-server' },
  });
  const ended = once(child, 'close');
  let said = '';
  for await (const chunk of (child.stderr as Readable).iterator({ destroyOnReturn: false })) {
    said += String(chunk);
    if (said.includes('is ready at')) break;
  }
  expect(said).toMatch(/is ready at http/);
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});

test('serve stops the server cleanly when it is killed itself', async () => {
  using person = new Person();
  const child = person.start(['serve'], {
    env: { COFFER_PORT: '0', COFFER_DATA_DIR: join(person.base, 'data') },
  });
  // When nobody holds its outputs any more, the server included.
  const ended = once(child, 'close');
  let printed = '';
  child.stdout?.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  let said = '';
  for await (const chunk of (child.stderr as Readable).iterator({ destroyOnReturn: false })) {
    said += String(chunk);
    if (said.includes('is ready at')) break;
  }
  child.stderr?.resume();
  child.kill('SIGKILL');
  expect(await ended).toEqual([null, 'SIGKILL']);
  expect(printed).toContain('the program that started it is gone');
  expect(printed).toMatch(/"msg":"stopped"/);
});

test('serve says so where there is no server', () => {
  using person = new Person();
  const alone = join(person.base, 'coffer.mjs');
  cpSync(COFFER, alone);
  const { status, stderr } = spawnSync(process.execPath, [alone, 'serve'], {
    cwd: person.cwd,
    encoding: 'utf8',
  });
  expect(status).toBe(1);
  expect(stderr).toContain('not installed');
});
