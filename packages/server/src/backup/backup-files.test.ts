import { existsSync, mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { InstanceId } from '@coffer/core';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../testing/data-dir.ts';
import { BackupFiles } from './backup-files.ts';

const INSTANCE = 'ins_aaaaaaaaaaaaaaaaaaaaaaaaaa' as InstanceId;
const HOUR = 60 * 60 * 1000;
const NOW = Date.parse('2026-11-26T03:15:07.999Z');
const OWN = ['20261101', '20261110', '20261120', '20261126'].map(
  (day) => `coffer-${INSTANCE}-${day}T030000Z.age`,
);
const [OLDEST = '', , , NEWEST = ''] = OWN;
const FOREIGN = [
  'notes.txt',
  'coffer-2020-01-01.age',
  `coffer-${INSTANCE}.age`,
  `coffer-${INSTANCE}-20200101T030000Z.age.gpg`,
  `coffer-${INSTANCE}-20200101T030000Z-keep.age`,
  `mine-coffer-${INSTANCE}-20200101T030000Z.age`,
  'coffer-ins_bbbbbbbbbbbbbbbbbbbbbbbbbb-20200101T030000Z.age',
];

function place(...names: readonly string[]) {
  const directory = temporaryDirectory();
  for (const name of names) writeFileSync(join(directory.path, name), name);
  return {
    files: new BackupFiles(directory.path, INSTANCE),
    directory: directory.path,
    list: () => readdirSync(directory.path).toSorted(),
    [Symbol.dispose]: () => directory[Symbol.dispose](),
  };
}

/** As the log has them. */
async function* madeOf(names: readonly string[]): AsyncGenerator<string> {
  yield* names;
}

test('names say of which instance and when, in UTC', () => {
  using scene = place();
  expect(scene.files.nameAt(NOW)).toBe(`coffer-${INSTANCE}-20261126T031507Z.age`);
});

test.each([
  [1, OWN.slice(3)],
  [2, OWN.slice(2)],
  [4, OWN],
  [100, OWN],
])('of %i to keep, the newest stay, and all that is not of our naming', async (keep, kept) => {
  using scene = place(...OWN, ...FOREIGN);
  const link = `coffer-${INSTANCE}-20200101T030000Z.age`;
  const directory = `coffer-${INSTANCE}-20200102T030000Z.age`;
  symlinkSync('notes.txt', join(scene.directory, link));
  mkdirSync(join(scene.directory, directory));
  const onRecord = [...OWN.toReversed(), ...FOREIGN, link, directory, '..', `../${NEWEST}`];
  const removed = await scene.files.removeOld(madeOf(onRecord), keep);
  expect(scene.list()).toEqual([...kept, ...FOREIGN, link, directory].toSorted());
  expect(removed.toSorted()).toEqual(OWN.filter((name) => !kept.includes(name)));
});

test('what was just made stays, though a clock that was ahead has left names of later times', async () => {
  using scene = place(...OWN);
  await scene.files.removeOld(madeOf([OLDEST, ...OWN.slice(1).toReversed()]), 2);
  expect(scene.list()).toEqual([OLDEST, NEWEST]);
});

test('what is on no record stays, and takes the place of nothing', async () => {
  using scene = place(...OWN);
  const [, second = '', third = ''] = OWN;
  expect(await scene.files.removeOld(madeOf(['gone', third, second]), 1)).toEqual([second]);
  expect(scene.list()).toEqual([OLDEST, third, NEWEST]);
});

test('a note goes with its file’s record, and what a killed process left of one when it is old', () => {
  const note = `${NEWEST}.finished`;
  const draft = `${note}.${'a'.repeat(12)}.draft`;
  const others = ['notes.finished', `${NEWEST}.finished.x`, `${NEWEST}.zip.finished`];
  using scene = place(note, draft, ...others, NEWEST);
  for (const name of ['notes', `../${scene.directory}/${NEWEST}`]) scene.files.removeNote(name);
  expect(scene.list()).toHaveLength(6);
  scene.files.removeNote(NEWEST);
  expect(scene.list()).toEqual([draft, ...others, NEWEST].toSorted());
  writeFileSync(join(scene.directory, note), '');
  for (const name of scene.list()) utimesSync(join(scene.directory, name), 1, 1);
  scene.files.removeLeftOvers(NOW);
  expect(scene.list()).toEqual([...others, NEWEST].toSorted());
});

test('what a killed process left goes when nobody can be writing it any more, and nothing else does', () => {
  const names = ['a', 'b'].map((digit) => `${NEWEST}.${digit.repeat(12)}.partial`);
  const [old = '', young = ''] = names;
  const others = [`notes.txt.${'a'.repeat(12)}.partial`, `${NEWEST}.partial`, `${NEWEST}.zip.partial`];
  using scene = place(...names, ...others, NEWEST);
  const setTime = (name: string, time: number): void =>
    utimesSync(join(scene.directory, name), time / 1000, time / 1000);
  for (const name of [old, ...others, NEWEST]) setTime(name, NOW - 2 * HOUR - 1000);
  setTime(young, NOW - HOUR);
  scene.files.removeLeftOvers(NOW);
  expect(scene.list()).toEqual([young, ...others, NEWEST].toSorted());
});

test('a name out of the log leads nowhere else', () => {
  using scene = place(OLDEST, 'notes.txt');
  expect(scene.files.has(OLDEST)).toBe(true);
  for (const name of ['', '.', 'notes.txt', `../${scene.directory}/${OLDEST}`, NEWEST])
    expect(scene.files.has(name)).toBe(false);
  expect(existsSync(scene.files.pathOf(OLDEST))).toBe(true);
});
