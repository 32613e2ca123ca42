import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sha256Hex } from '../sha256.ts';
import { temporaryDirectory } from '../testing/data-dir.ts';
import { writeWholeFile, type FileContent } from './whole-file.ts';

const TEXT = 'all of it';
const CONTENT = { bytes: TEXT.length, sha256: sha256Hex(Buffer.from(TEXT)) };

function write(draft: string): FileContent {
  writeFileSync(draft, TEXT);
  return CONTENT;
}

test('what was written has its name when it is whole', async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, 'file');
  expect(await writeWholeFile(path, async (draft) => write(draft))).toEqual(CONTENT);
  expect(readdirSync(directory.path)).toEqual(['file']);
  expect(readFileSync(path, 'utf8')).toBe(TEXT);
});

test.each([
  ['cut off', (draft: string) => writeFileSync(draft, TEXT.slice(0, -1))],
  ['longer', (draft: string) => appendFileSync(draft, '\n')],
  ['changed', (draft: string) => writeFileSync(draft, TEXT.replace('a', 'b'))],
])('what the disk gives back %s never has it', async (_, damage) => {
  using directory = temporaryDirectory();
  const written = writeWholeFile(join(directory.path, 'file'), async (draft) => {
    const content = write(draft);
    damage(draft);
    return content;
  });
  await expect(written).rejects.toThrow('the disk does not give back what was written to it');
  expect(readdirSync(directory.path)).toEqual([]);
});

test('what is there already stays, and so does what comes there meanwhile', async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, 'file');
  const written = writeWholeFile(path, async (draft) => {
    writeFileSync(path, 'another');
    return write(draft);
  });
  await expect(written).rejects.toThrow('cannot be written: it is there already');
  await expect(writeWholeFile(path, async (draft) => write(draft))).rejects.toThrow('nothing was written');
  expect(readdirSync(directory.path)).toEqual(['file']);
  expect(readFileSync(path, 'utf8')).toBe('another');
});
