import type * as FileSystem from 'node:fs';
import { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { removeDrafts, replaceFile, writeDraft } from './replace-file.ts';
import { temporaryDirectory } from './testing/data-dir.ts';

/** How many bytes the disk takes of each write; it says so, as `write(2)` may. */
const disk = vi.hoisted(() => ({ takes: Infinity, isLying: false }));

vi.mock('node:fs', async (original) => {
  const fs = await original<typeof FileSystem>();
  return {
    ...fs,
    writeSync: (file: number, text: string) => fs.writeSync(file, Buffer.from(text).subarray(0, disk.takes)),
    writeFileSync: (file: number | string, text: string) =>
      fs.writeFileSync(file, disk.isLying ? text.slice(0, disk.takes) : text),
  };
});

const [OLD, NEW] = ['what it was\n', 'what it is, in two\nlines\n'];

function makeOld(path: string): void {
  const age = new Date(Date.now() - 61_000);
  utimesSync(path, age, age);
}

test.each([
  ['all', Infinity, false],
  ['half', NEW.length / 2, false],
  ['half, and says that it took all', NEW.length / 2, true],
])('where the disk takes %s of a write, the file is what it was or what it is', (_, takes, isLying) => {
  using directory = temporaryDirectory();
  const path = join(directory.path, 'file');
  writeFileSync(path, OLD);
  Object.assign(disk, { takes, isLying });
  try {
    const replace = (): void => replaceFile(path, NEW);
    if (isLying) expect(replace).toThrow('the disk does not give back what was written to it');
    else replace();
  } finally {
    Object.assign(disk, { takes: Infinity, isLying: false });
  }
  expect(readFileSync(path, 'utf8')).toBe(isLying ? OLD : NEW);
  expect(readdirSync(directory.path)).toEqual(['file']);
});

test('drafts that a kill has left go, what is being written and what others keep there stays', () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, 'root.key');
  replaceFile(path, OLD);
  const abandoned = writeDraft(path, NEW);
  makeOld(abandoned);
  const now = writeDraft(path, NEW);
  expect(existsSync(abandoned)).toBe(false);
  const foreign = [
    'root.key.202611261200',
    'root.key.bak',
    'root.key.draft',
    'root.key.298a78cc55b0.draft.txt',
    'other.key.298a78cc55b0.draft',
    'root.key2.298a78cc55b0.draft',
  ];
  for (const name of foreign) {
    writeFileSync(join(directory.path, name), OLD);
    makeOld(join(directory.path, name));
  }
  removeDrafts(path);
  expect(readdirSync(directory.path).toSorted()).toEqual(['root.key', basename(now), ...foreign].toSorted());
  makeOld(now);
  removeDrafts(path);
  expect(existsSync(now)).toBe(false);
  removeDrafts(join(directory.path, 'nowhere', 'root.key'));
});
