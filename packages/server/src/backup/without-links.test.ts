import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { createRootKeyFile } from '../keys/root-key-source.ts';
import { sha256Hex } from '../sha256.ts';
import { StartError } from '../start-error.ts';
import { temporaryDirectory } from '../testing/data-dir.ts';
import { writeWholeFile } from './whole-file.ts';

let code = '';
vi.mock('node:fs', async (original) => ({
  ...(await original<object>()),
  linkSync: () => {
    throw Object.assign(new Error(code), { code, syscall: 'link' });
  },
}));

test('a root key on a disk without hard links is one line, and leaves nothing', () => {
  code = 'EPERM';
  using directory = temporaryDirectory();
  const path = join(directory.path, 'root.key');
  expect(() => createRootKeyFile(path)).toThrow(
    new StartError(`the root key file ${path} cannot be written (its disk has no hard links)`),
  );
  expect(readdirSync(directory.path)).toEqual([]);
});

test.each([
  ['EPERM', 'its disk has no hard links'],
  ['ENOTSUP', 'its disk has no hard links'],
  ['ENOSYS', 'its disk has no hard links'],
  ['EACCES', 'its directory may not be written'],
  ['ENOSPC', 'the disk is full'],
])('a file that cannot have its name, because of %s, says why and leaves nothing', async (given, reason) => {
  code = given;
  using directory = temporaryDirectory();
  const path = join(directory.path, 'file');
  const written = writeWholeFile(path, async (draft) => {
    writeFileSync(draft, 'all');
    return { bytes: 3, sha256: sha256Hex(Buffer.from('all')) };
  });
  await expect(written).rejects.toThrow(`${path} cannot be written: ${reason}`);
  expect(readdirSync(directory.path)).toEqual([]);
});
