import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { sha256Hex } from '../sha256.ts';
import { temporaryDirectory } from '../testing/data-dir.ts';
import { writeWholeFile } from './whole-file.ts';

let code = '';
vi.mock('node:fs', async (original) => ({
  ...(await original<object>()),
  linkSync: () => {
    throw Object.assign(new Error(code), { code, syscall: 'link' });
  },
}));

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
